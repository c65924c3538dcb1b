import { always, atLeast, atMost, gap, oneOf } from './checks.js';
import type { Control } from './control.js';
import { absoluteEnds, bothEnd, passwordLength, test, twoFactors } from './proofs.js';

/** The controls of NIST SP 800-63B-4. */
export const nist: readonly Control[] = [
  {
    standard: 'nist-800-63b',
    section: '2.1.3 (AAL1)',
    asks: 'A person authenticates again at least every 30 days.',
    checks: [atMost('absoluteLifetime', '30d')],
    proofs: absoluteEnds,
  },
  {
    standard: 'nist-800-63b',
    section: '2.2.1 (AAL2)',
    asks: 'A person shows two distinct factors.',
    checks: [oneOf('requiredAcr', 'urn:curfew:acr:mfa')],
    proofs: twoFactors,
  },
  {
    standard: 'nist-800-63b',
    section: '2.2.2 (AAL2)',
    asks: 'A phishing-resistant way to authenticate is offered.',
    checks: [gap('passkeys and other phishing-resistant authenticators are not offered')],
    proofs: [],
  },
  {
    standard: 'nist-800-63b',
    section: '2.2.3 (AAL2)',
    asks: 'A session lasts at most 24 hours, and one hour without activity.',
    checks: [atMost('absoluteLifetime', '24h'), atMost('inactivityTimeout', '1h')],
    proofs: bothEnd,
  },
  {
    standard: 'nist-800-63b',
    section: '2.3.3 (AAL3)',
    asks: 'A session lasts at most 12 hours, and 15 minutes without activity.',
    checks: [
      atMost('absoluteLifetime', '12h'),
      atMost('inactivityTimeout', '15m'),
      gap('AAL3 also asks for a hardware-protected key, which is not offered'),
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
    asks: 'Consecutive wrong attempts on one account are limited to at most 100.',
    checks: [
      always(
        'an account gets a hundred guesses and then one in a quarter of an hour, from all networks together',
      ),
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
    asks: 'The activity that keeps a session alive is that of the person.',
    checks: [oneOf('activity', 'use')],
    proofs: [
      test(
        'test/integration/sessions-time.test.ts',
        'under a policy that counts only use, a refresh keeps nothing alive, and loses no use counted elsewhere',
      ),
    ],
  },
];
