import type { PolicyAttachment, PolicyRevision, PolicyTarget } from '@curfew/clients';
import { type SessionPolicy } from '@curfew/session-policy';
import { lintPolicy, type PolicyWarning, profileNames, profiles } from '@curfew/session-policy/settings';
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

/** The lint warnings about a policy at all its attachments, each once. */
export function warningsFor(
  policy: SessionPolicy,
  kinds: readonly PolicyTarget['kind'][],
): readonly PolicyWarning[] {
  const all = (kinds.length === 0 ? [undefined] : kinds).flatMap((kind) => lintPolicy(policy, kind));
  return [...new Map(all.map((warning) => [warning.code, warning])).values()];
}

/**
 * Profiles that stand for the timeouts of a document, and the settings that keep them. A document demands more than timeouts (NIST SP 800-63B-4
 * §2.2.1 two factors, PCI DSS §8.4 the same), so that it is met as a whole is never said.
 */
const documents = {
  'pci-dss': { timeouts: 'the idle timeout of PCI DSS 8.2.8', settings: ['inactivityTimeout', 'activity'] },
  'nist-aal1': { timeouts: 'the timeouts of AAL1', settings: ['absoluteLifetime'] },
  'nist-aal2': {
    timeouts: 'the timeouts of AAL2',
    settings: ['inactivityTimeout', 'absoluteLifetime', 'activity'],
  },
  'nist-aal3': {
    timeouts: 'the timeouts of AAL3',
    settings: ['inactivityTimeout', 'absoluteLifetime', 'activity'],
  },
} as const;

const isMet = (policy: SessionPolicy, demanded: SessionPolicy, setting: keyof SessionPolicy): boolean => {
  const [mine, limit] = [policy[setting], demanded[setting]];
  return typeof mine === 'number' && typeof limit === 'number' ? mine <= limit : mine === limit;
};

/** The timeouts of which documents a policy keeps, and by which settings it misses the others. */
export const complianceOf = (policy: SessionPolicy) =>
  profileNames.flatMap((profile) => {
    if (!(profile in documents)) return [];
    const demanded = profiles[profile];
    const { timeouts, settings } = documents[profile as keyof typeof documents];
    const missed_by = settings.filter((setting) => !isMet(policy, demanded.policy, setting));
    return [
      { profile, timeouts_of: timeouts, source: demanded.source, met: missed_by.length === 0, missed_by },
    ];
  });
