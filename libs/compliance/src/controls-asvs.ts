import { always, gap, idleComesFirst, limitedSessions, oneOf, registered } from './checks.js';
import type { Control } from './control.js';
import { absoluteEnds, accountEnds, idleEnds, operatorsEnd, reuseFound, test } from './proofs.js';

/** The controls of OWASP ASVS and of FAPI. */
export const asvsAndFapi: readonly Control[] = [
  {
    standard: 'asvs',
    section: '7.1.2',
    asks: 'The number of sessions that an account may have at once is documented, with what happens when it is reached.',
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
    asks: 'An inactivity timeout makes people authenticate again, as a documented decision says.',
    checks: [idleComesFirst],
    proofs: idleEnds,
  },
  {
    standard: 'asvs',
    section: '7.3.2',
    asks: 'A session has an absolute lifetime, as a documented decision says.',
    checks: [always('every policy has an absolute lifetime; nothing moves it')],
    proofs: absoluteEnds,
  },
  {
    standard: 'asvs',
    section: '7.4.1',
    asks: 'After a logout or the end of its time, nothing resumes a session, at relying parties neither.',
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
    asks: 'After a change or removal of a factor, a person is offered to end all other sessions.',
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
    asks: 'People see their sessions, and end any or all of them after they have entered their credentials again.',
    checks: [
      always('the account page lists them, and ends one or all others'),
      gap('an end asks for no credentials again: it takes something away and opens nothing'),
    ],
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
    asks: 'The replay of refresh tokens of public clients is mitigated: bound to a key, or rotated (levels 1 and 2), with all of them revoked on reuse.',
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
    section: '5.3.2.1 no. 9',
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
    section: '5.3.2.1 no. 4 and 5',
    asks: 'Access tokens are bound to a key of the client, by mutual TLS or DPoP.',
    checks: [registered('isSenderConstrained', 'tokens bound to a key, by DPoP or mutual TLS')],
    proofs: [
      test('test/e2e/protocol-dpop.test.ts', 'never gives a client that registered for it an unbound token'),
    ],
  },
  {
    standard: 'fapi2',
    section: '5.3.2.1 no. 6',
    asks: 'Clients authenticate by mutual TLS or private_key_jwt.',
    checks: [registered('authenticatesByKey', 'private_key_jwt or mutual TLS')],
    proofs: [],
  },
  {
    standard: 'fapi2',
    section: '5.3.2.1 no. 11',
    asks: 'Authorization codes live for at most 60 seconds.',
    checks: [always('a code lives for 60 seconds')],
    proofs: [],
  },
  {
    standard: 'fapi2',
    section: '5.3.2.2 no. 3 and 5',
    asks: 'Authorization requests are pushed, and use PKCE with S256.',
    checks: [
      registered('requiresPushedRequests', 'require_pushed_authorization_requests'),
      registered('requiresPkce', 'PKCE with S256 in every request'),
    ],
    proofs: [],
  },
];
