import type { PolicyAttachment, PolicyRevision, PolicyTarget } from '@curfew/clients';
import { type SessionPolicy } from '@curfew/session-policy';
import {
  documentedTimeouts,
  laxerThan,
  lintPolicy,
  type PolicyWarning,
  profileNames,
  profiles,
} from '@curfew/session-policy/settings';
import { writtenOrNull } from '../contract/wire.js';
import type { TargetOnWire } from './schemas.js';

/** A target as the rooms speak of it. */
export const targetOf = (target: TargetOnWire): PolicyTarget =>
  target.kind === 'client' ? { kind: 'client', id: target.client_id } : target;

/** A target as the wire has it. */
export const targetOnWire = (target: PolicyTarget): TargetOnWire =>
  target.kind === 'client' ? { kind: 'client', client_id: target.id } : target;

/** A revision as the wire has it. */
export const revisionOnWire = (revision: PolicyRevision) => ({
  name: revision.name,
  version: revision.version,
  settings: revision.settings,
  profile: revision.profile,
  created_at: writtenOrNull(revision.createdAt),
  created_by: revision.createdBy,
});

/** A policy in force, with where it is attached. */
export const policyOnWire = (revision: PolicyRevision, attachments: readonly PolicyAttachment[]) => ({
  ...revisionOnWire(revision),
  attached_to: attachments
    .filter(({ policy }) => policy === revision.name)
    .map(({ target }) => targetOnWire(target)),
});

/** The lint warnings about a policy at all its attachments, each once; one of them may be a client that authenticates itself. */
export function warningsFor(
  policy: SessionPolicy,
  kinds: readonly PolicyTarget['kind'][],
  isOfConfidentialClient = false,
): readonly PolicyWarning[] {
  const all = (kinds.length === 0 ? [undefined] : kinds).flatMap((kind) =>
    lintPolicy(policy, kind, isOfConfidentialClient && kind === 'client'),
  );
  return [...new Map(all.map((warning) => [warning.code, warning])).values()];
}

/**
 * The timeouts of which documents a policy keeps, and by which settings it misses the others. A document demands more than timeouts (NIST SP
 * 800-63B-4 §2.2.1 two factors, PCI DSS §8.4 the same), so that it is met as a whole is never said.
 */
export const complianceOf = (policy: SessionPolicy) =>
  profileNames.flatMap((profile) => {
    if (!(profile in documentedTimeouts)) return [];
    const demanded = documentedTimeouts[profile as keyof typeof documentedTimeouts];
    const missed_by = laxerThan(policy, demanded);
    const { source } = profiles[profile];
    return [{ profile, timeouts_of: demanded.title, source, met: missed_by.length === 0, missed_by }];
  });
