import { type Instant, instant, seconds } from '@curfew/session-policy';
import { House, t, t0 } from './sessions-house.js';

let house: House;
beforeAll(async () => {
  house = await House.open();
});
afterEach(() => house.check());
afterAll(() => house?.close());

const idle = 1800;
const absolute = 43_200;
const ms = (at: Instant, milliseconds: number) => instant(at + milliseconds);
/** A session refreshed often enough to reach `until`. */
const active = async (until: number, clientId = house.client()) => {
  const who = await house.signIn({ clientId });
  let token = who.token;
  for (let at = idle - 1; at < until; at += idle - 1) token = await house.rotated(who, token, t(at));
  return { ...who, token };
};
const stayAlive: [string, number, boolean][] = [
  ['a second before', -1000, true],
  ['a millisecond before', -1, true],
  ['exactly at', 0, false],
  ['a millisecond after', 1, false],
  ['a second after', 1000, false],
];

describe('the inactivity timeout', () => {
  it.each(stayAlive)('at the token endpoint, %s the deadline', async (_, offset, lives) => {
    const who = await house.signIn();
    const outcome = await house.refresh(who, who.token, ms(t(idle), offset));
    expect(outcome.kind).toBe(lives ? 'token' : 'refused');
    expect(await house.endOf(who)).toBe(lives ? null : 'inactivity_timeout');
  });

  it.each(stayAlive)('for access tokens, %s the deadline', async (_, offset, lives) => {
    const who = await house.signIn();
    expect(await house.stands(who, ms(t(idle), offset))).toBe(lives);
    expect(await house.endOf(who)).toBe(lives ? null : 'inactivity_timeout');
    expect(await house.events(who, 'session.ended')).toHaveLength(lives ? 0 : 1);
  });

  it('counts from the last refresh, whatever node it was on', async () => {
    const who = await house.signIn();
    const token = await house.rotated(who, who.token, t(1000), { node: 1 });
    expect((await house.refresh(who, token, ms(t(1000 + idle), -1))).kind).toBe('token');
  });

  it('is one answer for all of fifty refreshes that come exactly at the deadline, on two nodes', async () => {
    const who = await house.signIn();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) => house.refresh(who, who.token, t(idle), { node: index % 2 })),
    );
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['refused']));
    expect(await house.events(who, 'session.ended')).toHaveLength(1);
  });

  it('is one decision when refreshes race it from both sides: one successor, or an end, never both', async () => {
    for (let round = 0; round < 5; round++) {
      const who = await house.signIn();
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          house.refresh(who, who.token, ms(t(idle), index % 2 ? 0 : -1), { node: (index >> 1) % 2 }),
        ),
      );
      const successors = new Set(
        outcomes.flatMap((outcome) => (outcome.kind === 'token' ? outcome.token : [])),
      );
      const ended = await house.endOf(who);
      expect(successors.size).toBeLessThanOrEqual(1);
      if (successors.size === 1 && ended === null)
        expect((await house.refresh(who, [...successors][0]!, t(idle + 5))).kind).toBe('token');
      else expect(ended).toBe('inactivity_timeout');
    }
  });

  it('does not end a session that another node saw being used since', async () => {
    const who = await house.signIn();
    expect(await house.stands(who, t(1700), { use: true })).toBe(true);
    await house.nodes[0].service.activity.flush();
    expect(await house.stands(who, t(idle), { node: 1 })).toBe(true);
    expect(await house.endOf(who)).toBeNull();
  });
});

describe('the absolute lifetime', () => {
  it.each(stayAlive)('at the token endpoint, %s the deadline', async (_, offset, lives) => {
    const who = await active(absolute);
    const outcome = await house.refresh(who, who.token, ms(t(absolute), offset));
    expect(outcome.kind).toBe(lives ? 'token' : 'refused');
    expect(await house.endOf(who)).toBe(lives ? null : 'absolute_lifetime');
  });

  it.each(stayAlive)('for access tokens, %s the deadline', async (_, offset, lives) => {
    const who = await active(absolute);
    expect(await house.stands(who, ms(t(absolute), offset))).toBe(lives);
    expect(await house.endOf(who)).toBe(lives ? null : 'absolute_lifetime');
  });

  it('is not moved by refresh, use, or a longer policy later', async () => {
    const clientId = house.client();
    const who = await active(absolute, clientId);
    house.policies.ofClients.set(clientId, {
      ...house.policies.everyone,
      absoluteLifetime: seconds(10 * absolute),
    });
    const token = await house.rotated(who, who.token, ms(t(absolute), -1));
    expect((await house.refresh(who, token, t(absolute))).kind).toBe('refused');
    expect((await house.row(who)).absolute_deadline.getTime()).toBe(t(absolute));
  });

  it('is found again by a superseded token that comes after it, which ends nothing twice', async () => {
    const who = await house.signIn();
    await house.rotated(who, who.token, t(10));
    const late = await house.refresh(who, who.token, t(absolute));
    expect(late).toMatchObject({
      decision: { kind: 'end', reason: 'absolute_lifetime', evidence: { class: 'after_end' } },
    });
    expect(await house.refresh(who, who.token, t(absolute + 1))).toMatchObject({
      decision: { kind: 'refuse', reason: 'absolute_lifetime', evidence: { class: 'after_end' } },
    });
    expect(await house.events(who, 'session.ended')).toHaveLength(1);
    expect(await house.events(who, 'session.reuse_found')).toHaveLength(0);
  });
});

describe('a clock that steps back', () => {
  it('revives nothing that has ended, and moves no activity back', async () => {
    const who = await house.signIn();
    const token = await house.rotated(who, who.token, t(100));
    await house.rotated(who, token, t(50));
    expect((await house.row(who)).last_active_at.getTime()).toBe(t(100));
    const idleOut = await house.signIn();
    expect(await house.stands(idleOut, t(idle))).toBe(false);
    expect(await house.stands(idleOut, t(10))).toBe(false);
    expect((await house.refresh(idleOut, idleOut.token, t(10))).kind).toBe('refused');
  });
});

describe('activity by use', () => {
  const used = (who: Awaited<ReturnType<House['signIn']>>, at: Instant, node = 0) =>
    house.stands(who, at, { use: true, node });

  it('keeps a session alive, at once on the node that saw it', async () => {
    const who = await house.signIn();
    await used(who, t(1700));
    expect(await house.stands(who, t(1700 + idle - 1))).toBe(true);
    expect(await house.stands(who, t(1700 + idle))).toBe(false);
  });

  it('seen by one node is seen by the others as soon as it is written', async () => {
    const who = await house.signIn();
    await used(who, t(1700));
    await house.nodes[0].service.activity.flush();
    expect((await house.row(who)).expires_at.getTime()).toBe(t(1700 + idle));
    expect(await house.stands(who, t(1700 + idle - 1), { node: 1 })).toBe(true);
  });

  it('errs to early, never to late, by at most min(60 s, idle/20), written behind or lost in a crash', async () => {
    for (const [timeout, most] of [
      [360, 18],
      [idle, 60],
    ] as const) {
      const clientId = house.client({
        inactivityTimeout: seconds(timeout),
        accessTokenLifetime: seconds(300),
      });
      const who = await house.signIn({ clientId });
      let lastUse = 0;
      for (let at = 0.5; at < 300; at += 0.75) {
        await used(who, t(at));
        lastUse = at;
        // Written every second, as the servers do; activity that was not written before a crash is lost.
        if (Math.floor(at) !== Math.floor(at - 0.75)) await house.nodes[0].service.activity.flush();
      }
      const written = ((await house.row(who)).last_active_at.getTime() - t0) / 1000;
      expect(lastUse - written).toBeGreaterThanOrEqual(0);
      expect(lastUse - written).toBeLessThanOrEqual(most);
      expect(await house.stands(who, t(lastUse + timeout - most - 0.001), { node: 1 })).toBe(true);
      expect(await house.stands(who, t(lastUse + timeout), { node: 1 })).toBe(false);
    }
  });

  it('that is not written yet counts for a refresh after the written deadline', async () => {
    const who = await house.signIn();
    await used(who, t(1790));
    expect((await house.refresh(who, who.token, t(idle + 5))).kind).toBe('token');
    expect(await house.endOf(who)).toBeNull();
  });

  it('that cannot be written is kept and written later', async () => {
    const who = await house.signIn();
    await used(who, t(1000));
    await house.database.query('ALTER TABLE session RENAME TO session_away');
    try {
      await house.nodes[0].service.activity.flush();
    } finally {
      await house.database.query('ALTER TABLE session_away RENAME TO session');
    }
    expect(house.nodes[0].faults.splice(0)).toHaveLength(1);
    await house.nodes[0].service.activity.flush();
    expect((await house.row(who)).last_active_at.getTime()).toBe(t(1000));
  });

  it('under a policy that counts only use, a refresh keeps nothing alive, and loses no use counted elsewhere', async () => {
    const who = await house.signIn({ clientId: house.client({ activity: 'use' }) });
    const token = await house.rotated(who, who.token, t(1000));
    expect((await house.row(who)).last_active_at.getTime()).toBe(t0);
    await used(who, t(1500), 1);
    await house.nodes[1].service.activity.flush();
    await house.rotated(who, token, t(1600));
    expect(await house.stands(who, t(1500 + idle - 1))).toBe(true);
    expect(await house.stands(who, t(1500 + idle))).toBe(false);
  });

  it('under a policy that counts only refreshes, use keeps nothing alive', async () => {
    const who = await house.signIn({ clientId: house.client({ activity: 'refresh' }) });
    await used(who, t(1700));
    expect(await house.stands(who, t(idle))).toBe(false);
  });
});

describe('a policy that changes', () => {
  const change = (clientId: string, changes: object) =>
    house.policies.ofClients.set(clientId, { ...house.policies.everyone, ...changes });

  it('shortens sessions that live, at once and on every node', async () => {
    const clientId = house.client();
    const who = await house.signIn({ clientId });
    change(clientId, { inactivityTimeout: seconds(600) });
    expect(await house.stands(who, t(599), { node: 1 })).toBe(true);
    expect(await house.stands(who, t(600), { node: 1 })).toBe(false);
    const other = await house.signIn({ clientId: house.client() });
    change(other.clientId, { absoluteLifetime: seconds(900), inactivityTimeout: seconds(900) });
    expect((await house.refresh(other, other.token, t(900))).kind).toBe('refused');
    expect(await house.endOf(other)).toBe('absolute_lifetime');
  });

  it('never lengthens a session beyond what it was signed in under', async () => {
    const clientId = house.client();
    const who = await house.signIn({ clientId });
    change(clientId, { inactivityTimeout: seconds(7200), absoluteLifetime: seconds(10 * absolute) });
    expect(await house.stands(who, t(idle))).toBe(false);
  });

  it('that was shorter for a while brings back nothing that passed its deadline meanwhile', async () => {
    const clientId = house.client();
    const who = await house.signIn({ clientId });
    change(clientId, { inactivityTimeout: seconds(600) });
    const token = await house.rotated(who, who.token, t(100));
    change(clientId, {});
    expect(await house.refresh(who, token, t(800))).toMatchObject({
      decision: { kind: 'end', reason: 'inactivity_timeout' },
    });
    const lucky = await house.signIn({ clientId });
    change(clientId, { inactivityTimeout: seconds(600) });
    const next = await house.rotated(lucky, lucky.token, t(100));
    change(clientId, {});
    const last = await house.rotated(lucky, next, t(600));
    expect((await house.refresh(lucky, last, t(600 + idle - 1))).kind).toBe('token');
  });
});
