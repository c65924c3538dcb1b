import { always, idleComesFirst, limitedSessions, oneOf, registered } from './checks.js';
import type { Control } from './control.js';
import { absoluteEnds, accountEnds, idleEnds, operatorsEnd, reuseFound, test } from './proofs.js';

/** The controls of OWASP ASVS and of FAPI. */
export const asvsAndFapi: readonly Control[] = [
  {
    standard: 'asvs',
    section: '7.1.2',
    asks: 'The number of sessions that an account may have at once is a documented decision.',
    checks: [limitedSessions],
    proofs: [
      { event: { type: 'session.start_refused' } },
      test(
        'test/e2e/engine-ends.test.ts',
        'holds among twenty sign-ins that finish at once on two nodes: the oldest are ended',
      ),
    ],
  },
  {
    standard: 'asvs',
    section: '7.3.1',
    asks: 'A session ends after a time without activity.',
    checks: [idleComesFirst],
    proofs: idleEnds,
  },
  {
    standard: 'asvs',
    section: '7.3.2',
    asks: 'A session ends after an absolute time.',
    checks: [always('every policy has an absolute lifetime; nothing moves it')],
    proofs: absoluteEnds,
  },
  {
    standard: 'asvs',
    section: '7.4.1',
    asks: 'What has ended cannot be used any more.',
    checks: [
      always('an end holds at every node, gateway and API within two seconds, or as followers confirm it'),
    ],
    proofs: operatorsEnd,
  },
  {
    standard: 'asvs',
    section: '7.4.2',
    asks: 'Disabling or deleting an account ends its sessions.',
    checks: [always('all its sessions and tokens are dead in the same commit')],
    proofs: accountEnds,
  },
  {
    standard: 'asvs',
    section: '7.4.3',
    asks: 'After a change of a factor, a person can end all other sessions.',
    checks: [always('the account page offers it'), oneOf('onPasswordChange', 'end_others')],
    proofs: [
      { event: { type: 'session.ended', reason: 'password_changed' } },
      test('test/browser/account.test.ts', 'end all other sessions and sign other browsers out'),
    ],
  },
  {
    standard: 'asvs',
    section: '7.4.5',
    asks: 'Administrators can end the sessions of one person or of everybody.',
    checks: [always('in the console, at the admin API and at the command line')],
    proofs: operatorsEnd,
  },
  {
    standard: 'asvs',
    section: '7.5.2',
    asks: 'People see their sessions and end any of them, after they have authenticated.',
    checks: [always('the account page lists them')],
    proofs: [
      { event: { type: 'session.ended', reason: 'ended_by_user' } },
      test(
        'test/browser/account.test.ts',
        'show what is signed in where and until when, and end one session at once',
      ),
    ],
  },
  {
    standard: 'asvs',
    section: '10.4.5',
    asks: 'The reuse of a refresh token of a public client is found: it rotates, or is bound to a key.',
    checks: [always('public clients rotate unless their tokens are bound to a key; reuse ends the session')],
    proofs: reuseFound,
  },
  {
    standard: 'asvs',
    section: '10.4.8',
    asks: 'Refresh tokens have an absolute end.',
    checks: [always('a refresh token ends with its session, whose absolute lifetime nothing moves')],
    proofs: absoluteEnds,
  },
  {
    standard: 'fapi2',
    section: '5.3.2.1 (rotation)',
    asks: 'Refresh tokens do not rotate, except in extraordinary circumstances.',
    checks: [oneOf('rotation', 'never')],
    proofs: [
      test(
        'libs/session-policy/src/refresh.spec.ts',
        'is kept where the policy says that tokens never rotate',
      ),
    ],
  },
  {
    standard: 'fapi2',
    section: '5.3.2.1 (tokens)',
    asks: 'Access tokens are bound to a key of the client.',
    checks: [registered('isSenderConstrained', 'tokens bound to a key, by DPoP or mutual TLS')],
    proofs: [
      test('test/e2e/protocol-dpop.test.ts', 'never gives a client that registered for it an unbound token'),
    ],
  },
  {
    standard: 'fapi2',
    section: '5.3.2.1 (clients)',
    asks: 'Clients authenticate with a key.',
    checks: [registered('authenticatesByKey', 'private_key_jwt or mutual TLS')],
    proofs: [],
  },
  {
    standard: 'fapi2',
    section: '5.3.2.2',
    asks: 'Authorization requests are pushed, and codes live for at most 60 seconds.',
    checks: [
      registered('requiresPushedRequests', 'require_pushed_authorization_requests'),
      always('a code lives for 60 seconds, and PKCE with S256 is demanded of everybody'),
    ],
    proofs: [],
  },
];
