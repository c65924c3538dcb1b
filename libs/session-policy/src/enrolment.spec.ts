import { decideEnrolment, type EnrolmentDecision } from './enrolment.js';
import { instant } from './time.js';

const now = instant(1_800_000_000_000);
const days = (count: number) => instant(now + count * 86_400_000);
const [sfa, mfa] = ['urn:curfew:acr:sfa', 'urn:curfew:acr:mfa'] as const;
type Policy = Parameters<typeof decideEnrolment>[0];
type Facts = Parameters<typeof decideEnrolment>[1];

const quiet: Policy = { enrolmentDays: null, requiredAcr: 'none' };
const fresh: Facts = { reachable: sfa, askedAt: null, isOffered: true, now };

describe('the set-up of a second factor', () => {
  it.each<[string, Partial<Policy>, Partial<Facts>, EnrolmentDecision]>([
    ['nobody is asked without a policy', {}, {}, { kind: 'none' }],
    ['the days run from the first time', { enrolmentDays: 7 }, {}, { kind: 'offer', due: days(7) }],
    [
      'and not from a later one',
      { enrolmentDays: 7 },
      { askedAt: days(-6) },
      { kind: 'offer', due: days(1) },
    ],
    ['silently nobody is asked', { enrolmentDays: 7 }, { isOffered: false }, { kind: 'none' }],
    [
      'they are over to the instant',
      { enrolmentDays: 7 },
      { askedAt: days(-7), isOffered: false },
      { kind: 'demand', context: mfa },
    ],
    ['with 0 days at once', { enrolmentDays: 0 }, {}, { kind: 'demand', context: mfa }],
    ['a factor ends them', { enrolmentDays: 0 }, { reachable: mfa, askedAt: days(-9) }, { kind: 'none' }],
    ['a required class waits for no day', { requiredAcr: mfa }, {}, { kind: 'demand', context: mfa }],
    [
      'also for the stronger one of two',
      { requiredAcr: 'phr', enrolmentDays: 7 },
      { reachable: mfa },
      { kind: 'demand', context: 'phr' },
    ],
    ['nor for one that can be proved', { requiredAcr: mfa }, { reachable: 'phr' }, { kind: 'none' }],
  ])('%s', (_, policy, facts, decision) => {
    expect(decideEnrolment({ ...quiet, ...policy }, { ...fresh, ...facts })).toEqual(decision);
  });
});
