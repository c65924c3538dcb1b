import { instant, plus, seconds } from '@curfew/session-policy';
import fc from 'fast-check';
import { activeKey, dueChanges, isPublished, type KeyDates, maySign, retirements } from './key-schedule.js';

const day = 24 * 60 * 60;
const settings = { rotationAge: seconds(30 * day), publishAhead: seconds(day), keptFor: seconds(2 * day) };
const start = instant(Date.UTC(2030, 0, 1));
const after = (days: number) => plus(start, seconds(days * day));

const aKey = (dates: Partial<KeyDates> = {}): KeyDates => ({
  kid: 'k1',
  alg: 'ES256',
  activatesAt: start,
  retiresAt: undefined,
  removedAt: undefined,
  usable: true,
  ...dates,
});
const due = (keys: readonly KeyDates[], days: number, rotate: readonly 'ES256'[] = []) =>
  dueChanges(keys, ['ES256'], settings, after(days), rotate);

describe('the schedule of signing keys', () => {
  it('makes the very first key of an algorithm active at once', () => {
    expect(due([], 0)).toEqual({ create: [{ alg: 'ES256', activatesAt: start }], remove: [] });
  });

  it('leaves a young key alone', () => {
    expect(due([aKey()], 28.9)).toEqual({ create: [], remove: [] });
  });

  it('publishes the successor ahead, so that it signs exactly when the key reaches its age', () => {
    expect(due([aKey()], 29).create).toEqual([{ alg: 'ES256', activatesAt: after(30) }]);
  });

  it('publishes it ahead for the full time also when it is late', () => {
    expect(due([aKey()], 40).create).toEqual([{ alg: 'ES256', activatesAt: after(41) }]);
  });

  it('makes one successor only, on command too', () => {
    const keys = [aKey(), aKey({ kid: 'k2', activatesAt: after(30) })];
    expect(due(keys, 29.5).create).toEqual([]);
    expect(due(keys, 29.5, ['ES256']).create).toEqual([]);
  });

  it('rotates on command at any age, after the publish-ahead time', () => {
    expect(due([aKey()], 3, ['ES256']).create).toEqual([{ alg: 'ES256', activatesAt: after(4) }]);
  });

  it('signs with the old key until the very instant the new one is active', () => {
    const keys = [aKey({ retiresAt: after(30) }), aKey({ kid: 'k2', activatesAt: after(30) })];
    expect(activeKey(keys, 'ES256', instant(after(30) - 1))?.kid).toBe('k1');
    expect(activeKey(keys, 'ES256', after(30))?.kid).toBe('k2');
  });

  it('chooses the same key whatever order the rows come in', () => {
    const keys = ['a', 'b', 'c'].map((kid) => aKey({ kid }));
    expect(activeKey(keys, 'ES256', start)?.kid).toBe(activeKey([...keys].reverse(), 'ES256', start)?.kid);
  });

  it('retires a key when its successor activates and keeps it published for what it signed', () => {
    const keys = [aKey(), aKey({ kid: 'other', alg: 'RS256' }), aKey({ kid: 'k2', activatesAt: after(30) })];
    expect(retirements(keys, settings)).toEqual([{ kid: 'k1', retiresAt: after(30), removedAt: after(32) }]);
  });

  it('removes a key exactly when nothing it signed can be alive', () => {
    const retired = aKey({ retiresAt: after(30), removedAt: after(32) });
    const keys = [retired, aKey({ kid: 'k2', activatesAt: after(30) })];
    expect(isPublished(retired, instant(after(32) - 1))).toBe(true);
    expect(isPublished(retired, after(32))).toBe(false);
    expect(dueChanges(keys, ['ES256'], settings, instant(after(32) - 1)).remove).toEqual([]);
    expect(due(keys, 32).remove).toEqual(['k1']);
  });

  it('neither publishes nor signs with a key it cannot open, and makes one of its own', () => {
    const foreign = aKey({ usable: false });
    expect([isPublished(foreign, start), maySign(foreign, start)]).toEqual([false, false]);
    expect(due([foreign], 1).create).toEqual([{ alg: 'ES256', activatesAt: after(1) }]);
  });

  it('gives no end to a key it cannot open, because its owner may be signing with it', () => {
    const keys = [aKey({ usable: false }), aKey({ kid: 'k2', activatesAt: after(1) })];
    expect(retirements(keys, settings)).toEqual([]);
  });

  it('removes a key nobody can open once its owner would have retired it', () => {
    const keys = [aKey({ usable: false }), aKey({ kid: 'k2', activatesAt: after(20) })];
    expect(due(keys, 32.9).remove).toEqual([]);
    expect(due(keys, 33).remove).toEqual(['k1']);
  });

  it('never is without an active key, never signs with one that was not published ahead, and never grows, whenever it is looked at', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.boolean()), { minLength: 1, maxLength: 60 }), (steps) => {
        let keys: KeyDates[] = [];
        const createdAt = new Map<string, number>();
        let now = start;
        for (const [days, rotate] of steps) {
          now = plus(now, seconds(days * day));
          const { create, remove } = dueChanges(keys, ['ES256'], settings, now, rotate ? ['ES256'] : []);
          for (const { activatesAt } of create) {
            const kid = `k${createdAt.size}`;
            createdAt.set(kid, now);
            keys.push(aKey({ kid, activatesAt }));
          }
          const ends = retirements(keys, settings);
          keys = keys
            .map((key) => ({ ...key, ...ends.find(({ kid }) => kid === key.kid) }))
            .filter(({ kid }) => !remove.includes(kid));
          const active = activeKey(keys, 'ES256', now);
          expect(active).toBeDefined();
          if (active!.kid !== 'k0')
            expect(active!.activatesAt - createdAt.get(active!.kid)!).toBeGreaterThanOrEqual(day * 1000);
          expect(keys.filter((key) => isPublished(key, now)).length).toBeLessThanOrEqual(4);
        }
      }),
      { numRuns: 50 },
    );
  });
});
