import type { ArtifactKey } from '@curfew/artifacts';
import type { Instant } from '@curfew/session-policy';
import { earliest, instant } from '@curfew/session-policy';
import type { Authorization, Granted } from '../access.js';
import { epochSeconds } from '../access-token.js';
import type { EndpointParts } from '../parts.js';
import { invalidGrant } from '../refused.js';
import type { ClientRequest } from '../request.js';

/** The stored form of a code: the request, its client, and the use of the code. */
export interface CodePayload extends Omit<Authorization, 'grant'> {
  readonly clientId?: string;
  readonly accountId?: string;
  readonly grantId?: string;
  readonly sessionUid?: string;
  /** In seconds. */
  readonly exp: number;
  readonly madeAtMs: Instant;
  /** The instant at which what comes of it ends at the latest, where the sign-in is bounded elsewhere. */
  readonly notAfterMs?: Instant;
  readonly redirectUri?: string;
  readonly codeChallenge?: string;
  readonly codeChallengeMethod?: string;
  readonly dpopJkt?: string;
  /** For a device code: the error that follows from the person's refusal. */
  readonly error?: string;
  readonly errorDescription?: string;
}

/** The grant a code goes with, as it is stored until it becomes a session. */
export interface StoredGrant extends Granted {
  readonly clientId?: string;
  readonly accountId?: string;
  readonly exp?: number;
}

/** A code that was presented by its client. */
export interface FoundCode {
  readonly key: ArtifactKey;
  readonly code: CodePayload;
  readonly grant: StoredGrant | undefined;
  readonly isConsumed: boolean;
}

/** The payload of a code, which was sealed as it is. */
const codeIn = (found: { readonly payload: unknown }): CodePayload => found.payload as CodePayload;

/** Finds a code, used or not, expired or not. @throws Refused for what is none, and for one of another client */
export async function findCode(
  key: ArtifactKey,
  { client }: ClientRequest,
  { artifacts }: EndpointParts,
): Promise<FoundCode> {
  const found = await artifacts.findWithGrant(key);
  if (!found) throw invalidGrant('code_unknown');
  const code = codeIn(found);
  if (code.clientId !== client.id) throw invalidGrant('issued_to_another_client');
  return { key, code, grant: found.grant as StoredGrant | undefined, isConsumed: found.isConsumed };
}

/** The grant of a code, where it still stands. @throws Refused */
export function grantOf({ grant }: FoundCode, { client, now }: ClientRequest): StoredGrant {
  if (!grant || isOver(grant.exp, now)) throw invalidGrant('session_over');
  if (grant.clientId !== client.id) throw invalidGrant('issued_to_another_client');
  return grant;
}

/** Whether something that counts in seconds is over. */
export const isOver = (exp: number | undefined, now: Instant): boolean =>
  exp !== undefined && exp <= epochSeconds(now);

/**
 * When the person of a code had proved who they are. The authorization endpoint reads its clock a moment after the request began, so across
 * the edge of a second `auth_time` may be later than the code itself.
 */
export const authenticatedAt = ({ authTime, madeAtMs }: CodePayload): Instant | null =>
  authTime === undefined ? null : earliest(instant(Number(authTime) * 1000), madeAtMs);

/** The APIs that were authorized. */
export const audiencesOf = ({ resource }: Pick<CodePayload, 'resource'>): readonly string[] =>
  resource === undefined ? [] : [resource].flat();
