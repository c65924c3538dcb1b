import { endReasonEntry, endReasons } from '@curfew/session-policy';
import type { Proof } from './control.js';

/** A test of the product as proof, by its file and title. */
export const test = (file: string, title: string): Proof => ({ test: [file, title] });

/** Sessions end after their inactivity timeout. */
export const idleEnds: readonly Proof[] = [
  { event: { type: 'session.ended', reason: 'inactivity_timeout' } },
  test(
    'test/e2e/engine-time.test.ts',
    'at introspection and userinfo: active a moment before, and not from then on',
  ),
];

/** Sessions end after their absolute lifetime. */
export const absoluteEnds: readonly Proof[] = [
  { event: { type: 'session.ended', reason: 'absolute_lifetime' } },
  test('test/integration/sessions-time.test.ts', 'is not moved by refresh, use, or a longer policy later'),
];

/** Both clocks end sessions. */
export const bothEnd = [...idleEnds, ...absoluteEnds];

/** People show two factors. */
export const twoFactors: readonly Proof[] = [
  { event: { type: 'signin.succeeded' } },
  test('test/e2e/second-factors.test.ts', 'asks for a code after the password, and tells both'),
];

/** People show a passkey, which answers this service alone. */
export const passkeys: readonly Proof[] = [
  { event: { type: 'signin.succeeded' } },
  test(
    'test/integration/second-factors.test.ts',
    'answers one challenge once, however often and wherever it is tried at once',
  ),
];

/** Guessing is stopped, and counted. */
export const guessing: readonly Proof[] = [
  { event: { type: 'signin.failed' } },
  test(
    'test/e2e/hostile-guessing.test.ts',
    'in parallel is stopped by account and network, and the owner signs in from elsewhere',
  ),
];

/** A change of the history shows. */
export const sealed: readonly Proof[] = [
  test('test/integration/events-history.test.ts', 'shows: a seal made to fit a changed event'),
];

/** A disabled or deleted account has no sessions left. */
export const accountEnds: readonly Proof[] = [
  { event: { type: 'account.changed' } },
  test(
    'test/e2e/engine-ends.test.ts',
    '%s: all its sessions and tokens are dead in the same commit, and nothing is revived later',
  ),
];

/** The ends that an administrator begins, for whichever reason. */
const endsByOperators = endReasons
  .filter((reason) => endReasonEntry(reason).initiator === 'admin')
  .map((reason): Proof => ({ event: { type: 'session.ended', reason } }));

/** Operators end sessions. */
export const operatorsEnd: readonly Proof[] = [
  ...endsByOperators,
  test(
    'test/e2e/admin-sessions.test.ts',
    'of an account, of a client and of everyone end in one commit, which takes what comes from before along',
  ),
];

/** Short passwords are refused. */
export const passwordLength = test(
  'libs/accounts/src/password-rules.spec.ts',
  'have at least eight characters, counted as people count them',
);

/** The reuse of a refresh token ends its session. */
export const reuseFound: readonly Proof[] = [
  { event: { type: 'session.reuse_found' } },
  test(
    'test/e2e/engine-refresh.test.ts',
    'ends the session with every access token it ever gave, on every node, in one commit with its event',
  ),
];
