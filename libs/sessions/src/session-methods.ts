import { type Instant, type SessionPolicy } from '@curfew/session-policy';
import { meetsPolicy } from '@curfew/session-policy/authentication';
import { type AccessDecision } from '@curfew/session-policy/decisions';
import { decideAccess } from '@curfew/session-policy/standing';
import type { StoredSession } from './store/session-store.js';

/** The outcome for a session whose sign-in proved less than its policy requires: it stands, and opens nothing while that is so. */
const tooWeak = { kind: 'too_weak' } as const;

/** Whether a session stands for its access tokens, and its sign-in proved enough. */
export type SessionDecision = AccessDecision | typeof tooWeak;

/** The authentication methods (`amr`) of the sign-in that a session came of. */
export const methodsOf = ({
  authorization,
}: Pick<StoredSession, 'authorization'>): readonly string[] | undefined =>
  authorization['amr'] as readonly string[] | undefined;

/** Decides about an access token by its session and by how its person signed in. */
export function decideSession(session: StoredSession, policy: SessionPolicy, now: Instant): SessionDecision {
  const decision = decideAccess(session, policy, now);
  return decision.kind === 'active' && !meetsPolicy(methodsOf(session), policy) ? tooWeak : decision;
}
