import type { RiskAssessment, RiskFinding } from './decisions.js';
import { stepUpOutstanding } from './lifecycle.js';
import type { SessionPolicy } from './policy.js';
import type { Session } from './session.js';
import type { IpGranularity, RiskAction } from './setting.js';
import type { RequestSignals } from './signals.js';

type Field = keyof RequestSignals;

const networkFields: readonly Field[] = ['ip', 'prefix', 'asn', 'country'];
const deviceFields: readonly Field[] = ['userAgentFamily', 'operatingSystem', 'deviceId'];
const tlsFields: readonly Field[] = ['tlsFingerprint'];
const allFields: readonly Field[] = [...networkFields, ...deviceFields, ...tlsFields];

/** Which fields make a change of network count. An ASN can span countries, so that granularity watches both. */
const watchedByGranularity: Record<IpGranularity, readonly Field[]> = {
  exact: ['ip'],
  prefix: ['prefix'],
  asn: ['asn', 'country'],
  country: ['country'],
};

const differs = (baseline: RequestSignals, seen: RequestSignals, field: Field): boolean =>
  baseline[field] !== null && seen[field] !== null && baseline[field] !== seen[field];

const withheld = (baseline: RequestSignals, seen: RequestSignals, field: Field): boolean =>
  baseline[field] !== null && seen[field] === null;

/** Names of the signals known on both sides that are not equal. */
export const differingSignals = (baseline: RequestSignals, seen: RequestSignals): readonly Field[] =>
  allFields.filter((field) => differs(baseline, seen, field));

interface Watch {
  readonly signal: RiskFinding['signal'];
  readonly action: RiskAction;
  /** A difference in one of these is a finding … */
  readonly decisive: readonly Field[];
  /** … which then names every one of these that differs. */
  readonly reported: readonly Field[];
}

const watches = (policy: SessionPolicy): readonly Watch[] => [
  {
    signal: 'ip',
    action: policy.ipChange,
    decisive: watchedByGranularity[policy.ipGranularity],
    reported: networkFields,
  },
  { signal: 'device', action: policy.deviceMismatch, decisive: deviceFields, reported: deviceFields },
  {
    signal: 'tls_fingerprint',
    action: policy.tlsFingerprintChange,
    decisive: tlsFields,
    reported: tlsFields,
  },
];

const strength: Record<RiskAssessment['action'], number> = { none: 0, observe: 1, step_up: 2, end: 3 };

/**
 * The signals that differ from the baseline, and the reaction of the policy. An unknown signal never differs, with one exception: while a
 * step-up is outstanding, a signal that was known and is now withheld still asks for it. Otherwise a client that was asked could go on by
 * leaving the header out.
 */
export function assessRisk(
  baseline: RequestSignals,
  seen: RequestSignals,
  policy: SessionPolicy,
  stepUp: Pick<Session, 'stepUpRequiredAt' | 'steppedUpAt'>,
): RiskAssessment {
  const outstanding = stepUpOutstanding(stepUp);
  const findings: RiskFinding[] = [];
  for (const { signal, action, decisive, reported } of watches(policy)) {
    if (action === 'off') continue;
    const counts = (field: Field): boolean =>
      differs(baseline, seen, field) ||
      (outstanding && action === 'step_up' && withheld(baseline, seen, field));
    if (decisive.some(counts)) findings.push({ signal, action, fields: reported.filter(counts) });
  }
  const action = findings.reduce<RiskAssessment['action']>(
    (strongest, finding) => (strength[finding.action] > strength[strongest] ? finding.action : strongest),
    'none',
  );
  return { action, findings };
}

/** The assessment of a request about which there is nothing to say. */
export const noRisk: RiskAssessment = { action: 'none', findings: [] };
