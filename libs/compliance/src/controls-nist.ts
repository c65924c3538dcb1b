import { documentedTimeouts } from '@curfew/session-policy/settings';
import { always, atLeast, gap, keeps, oneOf } from './checks.js';
import type { Control } from './control.js';
import { absoluteEnds, bothEnd, passkeys, passwordLength, test, twoFactors } from './proofs.js';

const { 'nist-aal1': aal1, 'nist-aal2': aal2, 'nist-aal3': aal3 } = documentedTimeouts;

/** The controls of NIST SP 800-63B-4. */
export const nist: readonly Control[] = [
  {
    standard: 'nist-800-63b',
    section: `${aal1.section} (AAL1)`,
    asks: aal1.asks,
    checks: keeps(aal1),
    proofs: absoluteEnds,
  },
  {
    standard: 'nist-800-63b',
    section: '2.2.1 (AAL2)',
    asks: 'A person shows two distinct factors.',
    checks: [oneOf('requiredAcr', 'urn:curfew:acr:mfa', 'phr')],
    proofs: twoFactors,
  },
  {
    standard: 'nist-800-63b',
    section: '2.2.2 (AAL2)',
    asks: 'A phishing-resistant way to authenticate is offered.',
    checks: [always('people may add passkeys, where the issuer has a host name')],
    proofs: passkeys,
  },
  {
    standard: 'nist-800-63b',
    section: `${aal2.section} (AAL2)`,
    asks: aal2.asks,
    checks: keeps(aal2),
    proofs: bothEnd,
  },
  {
    standard: 'nist-800-63b',
    section: `${aal3.section} (AAL3)`,
    asks: aal3.asks,
    checks: [
      ...keeps(aal3),
      gap(
        'AAL3 also asks for a key that cannot leave its hardware, which no passkey shows without attestation',
      ),
    ],
    proofs: bothEnd,
  },
  {
    standard: 'nist-800-63b',
    section: '3.1.1.2',
    asks: 'A password that is the only factor has at least 15 characters; one beside another factor has 8.',
    checks: [atLeast('CURFEW_PASSWORD_MIN_LENGTH', 15)],
    proofs: [passwordLength],
  },
  {
    standard: 'nist-800-63b',
    section: '3.2.2',
    asks: 'After at most 100 consecutive wrong attempts on one account, the authenticator is disabled.',
    checks: [
      always(
        'an account gets a hundred guesses and then one in a quarter of an hour, from all networks together',
      ),
      gap('the password is slowed down after that and not disabled, so that a stranger locks nobody out'),
    ],
    proofs: [
      { event: { type: 'signin.failed' } },
      test(
        'test/integration/accounts-sign-in.test.ts',
        'gets a hundred guesses and then one in a quarter of an hour',
      ),
    ],
  },
  {
    standard: 'nist-800-63b',
    section: '5.2',
    asks: 'An inactivity timeout ends a session without activity of the person.',
    checks: [oneOf('activity', 'use')],
    proofs: [
      test(
        'test/integration/sessions-time.test.ts',
        'under a policy that counts only use, a refresh keeps nothing alive, and loses no use counted elsewhere',
      ),
    ],
  },
];
