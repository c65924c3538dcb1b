import { always, atLeast, atMost, gap, oneOf, stopsGuessing } from './checks.js';
import type { Control } from './control.js';
import { accountEnds, guessing, idleEnds, passwordLength, sealed, test, twoFactors } from './proofs.js';

/** The controls of PCI DSS. */
export const pciDss: readonly Control[] = [
  {
    standard: 'pci-dss',
    section: '8.2.5',
    asks: 'The access of a person who has left is taken away at once.',
    checks: [always('disabling or deleting an account ends all its sessions and tokens in the same commit')],
    proofs: accountEnds,
  },
  {
    standard: 'pci-dss',
    section: '8.2.8',
    asks: 'A person who was idle for more than 15 minutes authenticates again.',
    checks: [atMost('inactivityTimeout', '15m'), oneOf('activity', 'use')],
    proofs: idleEnds,
    note: 'A refresh in the background is no activity of a person, so only use counts.',
  },
  {
    standard: 'pci-dss',
    section: '8.3.4',
    asks: 'Wrong attempts are stopped after at most ten, for at least 30 minutes.',
    checks: [stopsGuessing(10, '30m')],
    proofs: guessing,
    note: 'The limit counts by account and network, so that a stranger cannot lock the owner out.',
  },
  {
    standard: 'pci-dss',
    section: '8.3.6',
    asks: 'Passwords have at least twelve characters, with letters and digits.',
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
    asks: 'All access to cardholder data needs more than one factor.',
    checks: [oneOf('requiredAcr', 'urn:curfew:acr:mfa')],
    proofs: twoFactors,
  },
  {
    standard: 'pci-dss',
    section: '10.3.4',
    asks: 'Changes of audit logs are found.',
    checks: [
      always('events are appended only and sealed into a chain, which anybody with events:read can check'),
    ],
    proofs: sealed,
  },
  {
    standard: 'pci-dss',
    section: '10.5.1',
    asks: 'Audit logs are kept for at least twelve months.',
    checks: [atLeast('CURFEW_EVENT_RETENTION', '365d')],
    proofs: [
      test(
        'test/integration/events-history.test.ts',
        'are given up whole when they are older than the retention, and the chain still verifies',
      ),
    ],
  },
];
