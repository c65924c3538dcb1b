import { documentedTimeouts } from '@curfew/session-policy/settings';
import { always, atLeast, gap, keeps, oneOf, stopsGuessing } from './checks.js';
import type { Control } from './control.js';
import { accountEnds, guessing, idleEnds, passwordLength, sealed, test, twoFactors } from './proofs.js';

const idle = documentedTimeouts['pci-dss'];

/** The controls of PCI DSS. */
export const pciDss: readonly Control[] = [
  {
    standard: 'pci-dss',
    section: '8.2.5',
    asks: 'The access of a person who has left is revoked at once.',
    checks: [always('disabling or deleting an account ends all its sessions and tokens in the same commit')],
    proofs: accountEnds,
  },
  {
    standard: 'pci-dss',
    section: idle.section,
    asks: idle.asks,
    checks: keeps(idle),
    proofs: idleEnds,
    note: 'A refresh in the background is no activity of a person, so only use counts.',
  },
  {
    standard: 'pci-dss',
    section: '8.3.4',
    asks: 'The user ID is locked after at most ten wrong attempts, for at least 30 minutes or until the identity of the person is confirmed.',
    checks: [
      stopsGuessing(10, '30m'),
      gap(
        'a network is locked out of the account, and not the account as a whole: all networks together have a hundred attempts',
      ),
    ],
    proofs: guessing,
    note: 'The limit counts by account and network, so that a stranger cannot lock the owner out.',
  },
  {
    standard: 'pci-dss',
    section: '8.3.6',
    asks: 'Passwords have at least twelve characters, and contain both letters and digits.',
    checks: [
      atLeast('CURFEW_PASSWORD_MIN_LENGTH', 12),
      gap(
        'that a password has both letters and digits is not checked (NIST SP 800-63B-4 §3.1.1.2 advises against it)',
      ),
    ],
    proofs: [passwordLength],
  },
  {
    standard: 'pci-dss',
    section: '8.4.2',
    asks: 'All non-console access to the environment of cardholder data needs more than one factor.',
    checks: [oneOf('requiredAcr', 'urn:curfew:acr:mfa', 'phr')],
    proofs: twoFactors,
  },
  {
    standard: 'pci-dss',
    section: '10.3.4',
    asks: 'Audit logs are watched, so that existing data cannot be changed without an alert.',
    checks: [
      always('events are appended only and sealed into a chain, which anybody with events:read can check'),
      gap('the chain is checked when somebody asks; run curfew events verify on a schedule to be alerted'),
    ],
    proofs: sealed,
  },
  {
    standard: 'pci-dss',
    section: '10.5.1',
    asks: 'Audit logs are kept for at least twelve months, the latest three of them ready for analysis.',
    checks: [
      atLeast('CURFEW_EVENT_RETENTION', '365d'),
      always('every event that is kept can be searched at once'),
    ],
    proofs: [
      test(
        'test/integration/events-history.test.ts',
        'are given up whole when they are older than the retention, and the chain still verifies',
      ),
    ],
  },
];
