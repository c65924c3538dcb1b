import { instant } from '@curfew/session-policy';
import type { StoredEvent } from '../delivery/delivery.js';
import { Detector } from './detector.js';
import { type AlertPattern, type AlertThresholds, alertPatterns } from './patterns.js';

const start = Date.UTC(2030, 0, 1);
const thresholds = (count: number, window = 60): AlertThresholds =>
  Object.fromEntries(alertPatterns.map((pattern) => [pattern, { count, window }])) as AlertThresholds;
const anEvent = (type: string, overrides: Partial<StoredEvent> = {}, secondsLater = 0): StoredEvent => ({
  id: 'event',
  at: instant(start + secondsLater * 1000),
  type,
  sessionId: null,
  accountId: null,
  clientId: null,
  data: {},
  ...overrides,
});
const from = (ip: string, prefix = ip) => ({ signals: { ip, prefix } });
const patternsOf = (detector: Detector, events: readonly StoredEvent[]): string[] =>
  events.flatMap((event) => detector.observe(event).map(({ data }) => (data as { pattern: string }).pattern));

const signs: readonly [AlertPattern, (index: number) => StoredEvent][] = [
  ['unknown_token_spray', () => anEvent('token.unknown', { data: { ip: '192.0.2.1', count: 1 } })],
  ['reuse_across_sessions', (n) => anEvent('session.reuse_found', { clientId: 'web', sessionId: `s${n}` })],
  [
    'hammering_after_end',
    () => anEvent('session.refresh_refused', { sessionId: 's', data: { cause: 'logout' } as never }),
  ],
  [
    'address_touching_accounts',
    (n) => anEvent('session.reuse_found', { accountId: `a${n}`, data: from('192.0.2.1') }),
  ],
  ['credential_stuffing', () => anEvent('signin.failed', { data: { cause: 'wrong_password' } as never })],
  ['refresh_storm', () => anEvent('session.refresh_retried', { clientId: 'web' })],
  ['refused_requests', () => anEvent('request.refused', { data: { ip: '192.0.2.1', count: 1 } })],
  [
    'session_in_two_places',
    (n) => anEvent('session.risk_observed', { sessionId: 's', data: from('192.0.2.1', `net${n}`) }),
  ],
];

describe('each pattern', () => {
  it.each(signs)('%s is an alert at its threshold and not below', (pattern, sign) => {
    const detector = new Detector(thresholds(5));
    const below = Array.from({ length: 4 }, (_, index) => sign(index));
    expect(patternsOf(detector, below)).toEqual([]);
    expect(patternsOf(detector, [sign(4)])).toEqual([pattern]);
  });

  it.each(signs)('%s is none when it is spread over more than its window', (_, sign) => {
    const detector = new Detector(thresholds(5));
    const spread = Array.from({ length: 10 }, (_, index) => {
      const event = sign(index);
      return { ...event, at: instant(event.at + index * 20_000) };
    });
    expect(patternsOf(detector, spread)).toEqual([]);
  });
});

describe('an alert', () => {
  it('carries what was seen: who, examples, how much of it, and the threshold', () => {
    const detector = new Detector(thresholds(3));
    const [alert] = [1, 2, 3].flatMap((n) =>
      detector.observe(anEvent('session.reuse_found', { clientId: 'web', sessionId: `s${n}` })),
    );
    expect(alert).toMatchObject({
      type: 'alert.raised',
      clientId: 'web',
      sessionId: null,
      data: {
        pattern: 'reuse_across_sessions',
        severity: 'high',
        observed: 3,
        threshold: 3,
        window: 60,
        subjects: ['web', 's1', 's2', 's3'],
        action: 'record',
      },
    });
  });

  it('is the same one for all events of a window, whoever detects it, and another one in the next window', () => {
    const storm = (later: number) => anEvent('session.refresh_retried', { clientId: 'web' }, later);
    const ids = (detector: Detector, ...at: number[]) =>
      at.flatMap((later) => detector.observe(storm(later)).map(({ id }) => id));
    const one = ids(new Detector(thresholds(2)), 0, 1, 2, 3);
    const other = ids(new Detector(thresholds(2)), 2, 3);
    expect(new Set([...one, ...other]).size).toBe(1);
    expect(ids(new Detector(thresholds(2)), 61, 62)[0]).not.toBe(one[0]);
  });
});
