import type { PolicyAttachment, PolicyRevision, PolicyTarget } from '@curfew/clients';
import {
  lintPolicy,
  type PolicyWarning,
  profileNames,
  profiles,
  type SessionPolicy,
} from '@curfew/session-policy';
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

/** What lint has to say about a policy wherever it is attached, each thing once. */
export function warningsFor(
  policy: SessionPolicy,
  kinds: readonly PolicyTarget['kind'][],
): readonly PolicyWarning[] {
  const all = (kinds.length === 0 ? [undefined] : kinds).flatMap((kind) => lintPolicy(policy, kind));
  return [...new Map(all.map((warning) => [warning.code, warning])).values()];
}

/** Profiles that stand for a document, and the settings by which that document is met. */
const documents = {
  'pci-dss': ['inactivityTimeout', 'activity'],
  'nist-aal1': ['absoluteLifetime'],
  'nist-aal2': ['inactivityTimeout', 'absoluteLifetime', 'activity'],
  'nist-aal3': ['inactivityTimeout', 'absoluteLifetime', 'activity'],
} as const;

const isMet = (policy: SessionPolicy, demanded: SessionPolicy, setting: keyof SessionPolicy): boolean => {
  const [mine, limit] = [policy[setting], demanded[setting]];
  return typeof mine === 'number' && typeof limit === 'number' ? mine <= limit : mine === limit;
};

/** Which documents a policy meets, and by which settings it misses the others. */
export const complianceOf = (policy: SessionPolicy) =>
  profileNames.flatMap((profile) => {
    if (!(profile in documents)) return [];
    const demanded = profiles[profile];
    const missed_by = documents[profile as keyof typeof documents].filter(
      (setting) => !isMet(policy, demanded.policy, setting),
    );
    return [{ profile, source: demanded.source, met: missed_by.length === 0, missed_by }];
  });
