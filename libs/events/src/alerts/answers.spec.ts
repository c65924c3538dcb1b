import { instant, seconds } from '@curfew/session-policy';
import type { StoredEvent } from '../delivery/delivery.js';
import { Detector, type RaisedAlert } from './detector.js';
import { type AlertAnswers, type AlertThresholds, alertPatterns, patterns } from './patterns.js';

const start = Date.UTC(2030, 0, 1);
const thresholds = Object.fromEntries(
  alertPatterns.map((pattern) => [pattern, { count: 20, window: 60 }]),
) as AlertThresholds;
const failed = (prefix: string | null, secondsLater = 0): StoredEvent => ({
  id: 'event',
  at: instant(start + secondsLater * 1000),
  type: 'signin.failed',
  sessionId: null,
  accountId: null,
  clientId: null,
  data: { cause: 'wrong_password', signals: { ip: null, prefix } } as never,
});
const unknown = (endpoint: string, ip: string, count: number): StoredEvent => ({
  ...failed(null),
  type: 'token.unknown',
  data: { endpoint, presentedBy: 'web', ip, count },
});
const raisedBy = (answers: AlertAnswers, events: readonly StoredEvent[]): RaisedAlert | undefined => {
  const detector = new Detector(thresholds, { answers, throttledFor: seconds(300) });
  return events.flatMap((event) => detector.observe(event)).at(-1);
};

describe('the answer to an alert', () => {
  it('is to record it, unless something else was asked for', () => {
    const alert = raisedBy(
      {},
      Array.from({ length: 20 }, () => failed('192.0.2.0/24')),
    );
    expect(alert?.data).toMatchObject({ action: 'record' });
    expect(alert?.data.throttled).toBeUndefined();
  });

  it('names the networks most of it came from, and until when they are held back, and leaves others alone', () => {
    const alert = raisedBy({ credential_stuffing: 'throttle' }, [
      ...Array.from({ length: 12 }, (_, n) => failed('192.0.2.0/24', n)),
      ...Array.from({ length: 4 }, (_, n) => failed('198.51.100.0/24', n)),
      ...Array.from({ length: 4 }, (_, n) => failed(`203.0.113.${n}/32`, 20 + n)),
    ]);
    expect(alert?.data).toMatchObject({
      action: 'throttle',
      observed: 20,
      throttled: { networks: ['192.0.2.0/24', '198.51.100.0/24'], until: start + (23 + 300) * 1000 },
    });
  });

  it('forgets what a network did before the window', () => {
    const alert = raisedBy({ credential_stuffing: 'throttle' }, [
      ...Array.from({ length: 15 }, () => failed('192.0.2.0/24')),
      ...Array.from({ length: 20 }, () => failed('198.51.100.0/24', 90)),
    ]);
    expect(alert?.data.throttled?.networks).toEqual(['198.51.100.0/24']);
  });

  it('holds nobody back where nobody can be named, and never an API for what it is shown', () => {
    const answers = { credential_stuffing: 'throttle', unknown_token_spray: 'throttle' } as const;
    const nameless = Array.from({ length: 20 }, () => failed(null));
    expect(raisedBy(answers, nameless)?.data).toMatchObject({ action: 'record' });
    expect(raisedBy(answers, [unknown('introspection', '192.0.2.1', 20)])?.data).toMatchObject({
      action: 'record',
      observed: 20,
    });
    expect(raisedBy(answers, [unknown('token', '192.0.2.1', 20)])?.data).toMatchObject({
      action: 'throttle',
      throttled: { networks: ['192.0.2.1'] },
    });
  });

  it('is no end where a wrong caller shows tokens: that is recorded, and changes nothing', () => {
    const shown = (type: string, prefix: string): StoredEvent => ({
      ...failed(prefix),
      type,
      sessionId: 'session',
      data: { cause: 'wrong_client', signals: { prefix } } as never,
    });
    const elsewhere = (type: string) => Array.from({ length: 20 }, (_, n) => shown(type, `10.0.${n}.0/24`));
    const end = { session_in_two_places: 'end' } as const;
    expect(raisedBy(end, elsewhere('session.refresh_refused'))).toBeUndefined();
    expect(raisedBy(end, elsewhere('session.risk_observed'))?.data).toMatchObject({ action: 'end' });
    expect(raisedBy({}, elsewhere('session.refresh_refused'))?.data).toMatchObject({ action: 'record' });
  });

  it.each(
    alertPatterns.flatMap((pattern) =>
      (['throttle', 'end'] as const)
        .filter((answer) => !patterns[pattern].answers.includes(answer))
        .map((answer) => [pattern, answer] as const),
    ),
  )('to %s cannot be %s', (pattern, answer) => {
    expect(() => raisedBy({ [pattern]: answer }, [])).toThrow(TypeError);
  });
});
