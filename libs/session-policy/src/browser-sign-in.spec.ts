import { after, aPolicy, lasting, t0 } from '../test/builders.js';
import {
  type AskedSignIn,
  type BrowserSession,
  browserSignInRows,
  decideBrowserSignIn,
  type Instant,
  instant,
  plus,
  type SessionPolicy,
  seconds,
  signedInBrowser,
  strictest,
} from '../test/domain.js';

const policy = aPolicy({ inactivityTimeout: lasting('15m'), absoluteLifetime: lasting('8h') });
const lenient = aPolicy({ inactivityTimeout: lasting('7d'), absoluteLifetime: lasting('30d') });
const asked: AskedSignIn = { clientId: 'client-1', maxAge: null, isProved: false };

interface Case {
  readonly browser?: Partial<BrowserSession>;
  readonly policy?: SessionPolicy;
  readonly asked?: Partial<AskedSignIn>;
  readonly now?: Instant;
}
const decided = (one: Case) =>
  decideBrowserSignIn(
    { ...signedInBrowser(lenient, t0), ...one.browser },
    one.policy ?? policy,
    { ...asked, ...one.asked },
    one.now ?? after('5m'),
  );
const prove = (reason: string) => ({ kind: 'prove', reason });
const answer = { kind: 'answer' };

it.each<[string, Case, object]>([
  ['a fresh sign-in', {}, answer],
  [
    'a browser session that has ended',
    { browser: { ended: { at: t0, reason: 'ended_by_user' } } },
    { kind: 'signed_out', reason: 'ended_by_user' },
  ],
  ['a moment before the inactivity timeout', { now: after('15m', -1) }, answer],
  ['at the inactivity timeout', { now: after('15m') }, prove('inactivity_timeout')],
  ['silence under a lenient policy', { policy: lenient, now: after('15m') }, answer],
  [
    'a moment before the absolute lifetime, active',
    { browser: { lastActiveAt: after('8h', -9) }, now: after('8h', -1) },
    answer,
  ],
  [
    'at the absolute lifetime, active',
    { browser: { lastActiveAt: after('8h', -9) }, now: after('8h') },
    prove('absolute_lifetime'),
  ],
  [
    'limits that were written under a shorter policy',
    { browser: { inactivityTimeout: lasting('10m') }, now: after('10m') },
    prove('inactivity_timeout'),
  ],
  ['max_age in time', { asked: { maxAge: seconds(301) } }, answer],
  ['max_age reached', { asked: { maxAge: seconds(300) } }, prove('max_age')],
  ['max_age=0 at the very instant', { asked: { maxAge: seconds(0) }, now: t0 }, prove('max_age')],
  [
    'max_age=0 with a proof for this request',
    { asked: { maxAge: seconds(0), isProved: true }, now: t0 },
    answer,
  ],
  [
    'a step-up demanded since the proof',
    { browser: { stepUpRequiredAt: after('1m') } },
    prove('step_up_outstanding'),
  ],
  ['a step-up demanded before the proof', { browser: { stepUpRequiredAt: instant(t0 - 1) } }, answer],
  [
    'a session of this policy that fell silent',
    { browser: { silentFor: lasting('15m') } },
    prove('session_fell_silent'),
  ],
  [
    'a session of a more lenient policy that did',
    { browser: { silentFor: lasting('1d') } },
    prove('session_fell_silent'),
  ],
  ['a session of a stricter policy that did', { browser: { silentFor: lasting('14m') } }, answer],
  ['everything of this client ended', { browser: { endedClients: ['client-1'] } }, prove('client_ended')],
  ['everything of another client ended', { browser: { endedClients: ['client-2'] } }, answer],
])('the sign-in of a browser: %s', (_, one, decision) => {
  expect(decided(one)).toEqual(decision);
});

it('the rows decide in their order: age before silence, silence before max_age', () => {
  const late = { now: after('9h'), asked: { maxAge: seconds(1) } };
  expect(decided(late)).toEqual(prove('absolute_lifetime'));
  expect(decided({ ...late, now: after('20m') })).toEqual(prove('inactivity_timeout'));
  expect(browserSignInRows.at(-1)!.decision).toBe('answer');
});

it('a stricter policy asks at the latest when each of its parts does', () => {
  for (let minutes = 0; minutes < 600; minutes += 7) {
    const now = plus(t0, seconds(minutes * 60));
    const both = decided({ policy: strictest(policy, lenient), now }).kind;
    const parts = [policy, lenient].map((one) => decided({ policy: one, now }).kind);
    if (parts.includes('prove')) expect(both).toBe('prove');
    else expect(both).toBe('answer');
  }
});
