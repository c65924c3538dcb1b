import { instant, seconds } from '@curfew/session-policy';
import type { StoredEvent } from '../delivery/delivery.js';
import { Detector } from './detector.js';
import { type AlertThresholds, alertPatterns } from './patterns.js';

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
const patternsOf = (detector: Detector, events: readonly StoredEvent[]): string[] =>
  events.flatMap((event) => detector.observe(event).map(({ data }) => (data as { pattern: string }).pattern));

const failedFrom = (prefix: string) => ({
  data: { cause: 'wrong_password', signals: { ip: null, prefix } } as never,
});

describe('an alert', () => {
  it('is not lost where a flood comes between what one caller does', () => {
    const detector = new Detector(thresholds(10));
    const spray = (presentedBy: string) => anEvent('token.unknown', { data: { presentedBy, count: 1 } });
    const seen = (presentedBy: string) => patternsOf(detector, [spray(presentedBy)]);
    for (let n = 0; n < 2; n += 1) seen('the-thief');
    for (let n = 2; n < 9; n += 1) {
      for (let caller = 0; caller < 3_000; caller += 1) seen(`made-up-${n}-${caller}`);
      expect(seen('the-thief')).toEqual([]);
    }
    expect(seen('the-thief')).toEqual(['unknown_token_spray']);
  });

  it('is not lost in a flood of many callers, which costs a bounded number of keys', () => {
    const detector = new Detector(thresholds(50));
    const found = new Set<string>();
    for (let n = 0; n < 100_000; n += 1) {
      const presentedBy = n % 500 === 0 ? 'the-thief' : `made-up-${n}`;
      for (const alert of detector.observe(
        anEvent('token.unknown', { data: { presentedBy, count: 1 } }, n / 10_000),
      ))
        found.add((alert.data as unknown as { subjects: string[] }).subjects[0]!);
    }
    expect([...found]).toEqual(['the-thief']);
    expect(detector.size).toBeLessThanOrEqual(16 * 2_000);
  });
});

describe('the answer to an alert', () => {
  it('names a bounded number of networks, whoever takes part', () => {
    const everybody = Array.from({ length: 5_000 }, (_, n) =>
      anEvent('signin.failed', failedFrom(`10.${n >> 8}.${n & 255}.0/24`), n / 100),
    );
    const detector = new Detector(thresholds(20), {
      answers: { credential_stuffing: 'throttle' },
      throttledFor: seconds(300),
    });
    const alerts = everybody.flatMap((event) => detector.observe(event));
    expect(Math.max(...alerts.map(({ data }) => data.throttled?.networks.length ?? 0))).toBeLessThanOrEqual(
      20,
    );
    expect(detector.size).toBeLessThanOrEqual(18 * 2_000);
  });
});
