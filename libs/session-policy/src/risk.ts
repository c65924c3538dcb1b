import type { ReuseClass, ReuseEvidence, RiskAssessment, RiskFinding } from './decisions.js';
import { stepUpOutstanding } from './lifecycle.js';
import type { SessionPolicy } from './policy.js';
import type { PresentedToken, Session } from './session.js';
import type { IpGranularity, RiskAction } from './setting.js';
import type { RequestSignals } from './signals.js';
import { elapsedMs, type Instant, type Seconds } from './time.js';

// The circumstances of a request speak of the risk to a session, and of who holds a token that was superseded.

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

/** A parent that comes again within these seconds of its rotation was most likely sent in parallel. */
export const concurrentWithin = 2 as Seconds;

/** Whether the last rotation is so recent that a further use of its parent was under way before its answer could arrive. */
export const isConcurrent = (session: Session, now: Instant): boolean =>
  session.rotatedAt !== null && elapsedMs(session.rotatedAt, now) <= concurrentWithin * 1000;

/** Which explanation fits the presentation of a superseded token best. */
function classOf(session: Session, presented: PresentedToken, now: Instant): ReuseClass {
  if (presented.generation < session.generation - 1) return 'stale_lineage';
  return isConcurrent(session, now) ? 'concurrent' : 'lost_response';
}

/** Whether the token may be used with the key shown. A bearer token (no key bound) may be shown with any, RFC 9449 §5. */
export const keyFits = (session: Session, presented: PresentedToken): boolean =>
  session.keyThumbprint === null || session.keyThumbprint === presented.keyThumbprint;

/** The evidence by which an operator tells theft from accident; `knownClass` if the row already decides it. */
export function evidenceOf(
  session: Session,
  presented: PresentedToken,
  now: Instant,
  knownClass?: ReuseClass,
): ReuseEvidence {
  const differing: string[] = [...differingSignals(session.baseline, presented.signals)];
  if (!keyFits(session, presented)) differing.push('keyThumbprint');
  return {
    class: knownClass ?? classOf(session, presented, now),
    presentedGeneration: presented.generation,
    currentGeneration: session.generation,
    secondsSinceRotation: session.rotatedAt === null ? null : elapsedMs(session.rotatedAt, now) / 1000,
    differingSignals: differing,
  };
}
