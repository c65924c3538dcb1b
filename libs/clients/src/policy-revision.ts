import {
  formatPolicy,
  type Instant,
  parsePolicy,
  type SessionPolicy,
  type WrittenPolicy,
} from '@curfew/session-policy';
import { isProfileName, profileNames, profiles } from '@curfew/session-policy/settings';

/** A named policy as it was at one version. */
export interface PolicyRevision {
  readonly name: string;
  /** 0 for the ready profiles, which never change; else counts from 1. */
  readonly version: number;
  readonly policy: SessionPolicy;
  /** The same as people write it, durations with their unit. */
  readonly settings: WrittenPolicy;
  /** For whom a ready profile is, and the documents its figures come from; null for policies of one's own. */
  readonly profile: { readonly purpose: string; readonly source: string } | null;
  /** null for the ready profiles. */
  readonly createdAt: Instant | null;
  readonly createdBy: string | null;
}

/** The targets a policy can be attached to. */
export type PolicyTarget =
  | { readonly kind: 'everyone' }
  | { readonly kind: 'client'; readonly id: string }
  | { readonly kind: 'resource'; readonly audience: string };

/** Which policy is attached to what. */
export interface PolicyAttachment {
  readonly target: PolicyTarget;
  readonly policy: string;
}

const ownName = /^[a-z][a-z0-9-]{0,62}$/;

/** Whether a policy of one's own may have this name. */
export const isPolicyName = (name: string): boolean => ownName.test(name);

/** The ready profile of this name as a revision, or null. */
export const profileRevision = (name: string): PolicyRevision | null => {
  if (!isProfileName(name)) return null;
  const { policy, purpose, source } = profiles[name];
  const settings = formatPolicy(policy);
  return {
    name,
    version: 0,
    policy,
    settings,
    profile: { purpose, source },
    createdAt: null,
    createdBy: null,
  };
};

const ready = profileNames.flatMap((name) => profileRevision(name) ?? []);

/** All ready profiles as revisions, in the order they are documented. */
export const profileRevisions = (): readonly PolicyRevision[] => ready;

/** Raised when a stored policy can no longer be read: no session is decided by guesswork. */
export class UnreadablePolicy extends Error {
  override readonly name = 'UnreadablePolicy';

  constructor(policy: string, version: number) {
    super(`The stored policy ${policy} (version ${version}) cannot be read.`);
  }
}

/** A stored revision with its settings read again; throws UnreadablePolicy. */
export const storedRevision = (row: {
  name: string;
  version: number;
  settings: unknown;
  createdAt: Instant;
  createdBy: string;
}): PolicyRevision => {
  const parsed = parsePolicy(row.settings);
  if (!parsed.ok) throw new UnreadablePolicy(row.name, row.version);
  return { ...row, policy: parsed.policy, settings: formatPolicy(parsed.policy), profile: null };
};
