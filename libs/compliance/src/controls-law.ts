import { always, atMost, idleComesFirst, keptAtMost, oneOf } from './checks.js';
import type { Control } from './control.js';
import { absoluteEnds, guessing, idleEnds, sealed, test, twoFactors } from './proofs.js';

/** The controls of HIPAA, ISO/IEC 27002 and the GDPR. */
export const lawAndManagement: readonly Control[] = [
  {
    standard: 'hipaa',
    section: '164.312(a)(2)(iii)',
    asks: 'A session ends by itself after a predetermined time of inactivity.',
    checks: [atMost('inactivityTimeout', '15m'), oneOf('activity', 'use')],
    proofs: idleEnds,
    note: 'It is addressable: an organisation may meet it in another way and write down why (45 CFR 164.306(d)). The rule gives no number. The 15 minutes are those of PCI DSS 4.0.1 §8.2.8 and NIST SP 800-63B-4 §2.3.3.',
  },
  {
    standard: 'hipaa',
    section: '164.312(b)',
    asks: 'Mechanisms record and examine activity in systems with electronic health information.',
    checks: [always('every sign-in, end, refusal and act of an operator is an event in a sealed history')],
    proofs: sealed,
  },
  {
    standard: 'hipaa',
    section: '164.312(d)',
    asks: 'Procedures verify that a person or entity that seeks access is the one claimed.',
    checks: [always('passwords, and a second factor where the policy or the person asks for it')],
    proofs: twoFactors,
  },
  {
    standard: 'iso-27002',
    section: '8.5 (inactive sessions)',
    asks: 'Inactive sessions end after a defined time.',
    checks: [idleComesFirst],
    proofs: idleEnds,
  },
  {
    standard: 'iso-27002',
    section: '8.5 (duration)',
    asks: 'The duration of connections is restricted where the risk is high.',
    checks: [always('every session has an absolute lifetime')],
    proofs: absoluteEnds,
  },
  {
    standard: 'iso-27002',
    section: '8.5 (guessing)',
    asks: 'Sign-in is protected against guessing, and attempts are logged.',
    checks: [always('wrong attempts are limited by account and by network, and counted in events')],
    proofs: guessing,
  },
  {
    standard: 'gdpr',
    section: 'Art. 5(1)(e)',
    asks: 'Personal data are kept in a form that identifies people no longer than their purposes need.',
    checks: [
      keptAtMost('CURFEW_EVENT_RETENTION', '1830d'),
      keptAtMost('CURFEW_ENDED_SESSION_RETENTION', '400d'),
    ],
    proofs: [
      test(
        'test/integration/events-history.test.ts',
        'are given up whole when they are older than the retention, and the chain still verifies',
      ),
    ],
    note: 'The article gives no number; the bounds are ours, and far above the defaults. Write down why your times are needed.',
  },
  {
    standard: 'gdpr',
    section: 'Art. 15 and 17',
    asks: 'People get a copy of their data, and have them erased where a ground of Art. 17(1) applies.',
    checks: [
      always('both are operations of the admin API; the sealed history still verifies after an erasure'),
    ],
    proofs: [
      test('test/e2e/admin-events.test.ts', 'is erased everywhere, and the sealed history still verifies'),
    ],
  },
  {
    standard: 'gdpr',
    section: 'Art. 32(1)(b)',
    asks: 'Confidentiality, integrity, availability and resilience of systems are ensured, as the risk demands.',
    checks: [
      idleComesFirst,
      always('tokens are stored as hashes, keys and secrets sealed, and ended sessions open nothing'),
    ],
    proofs: [...idleEnds, ...sealed],
  },
  {
    standard: 'gdpr',
    section: 'Art. 32(1)(d)',
    asks: 'A process tests, assesses and evaluates regularly how effective the measures are.',
    checks: [
      always('a probe measures the time to deny all the time, and what-if estimates the effect of timeouts'),
    ],
    proofs: [],
  },
];
