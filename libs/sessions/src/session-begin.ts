import { type Instant, isPast, type SessionPolicy, type SignInFacts } from '@curfew/session-policy';
import { started } from '@curfew/session-policy/lifecycle';
import { hashSecret } from '@curfew/tokens';
import { storedAtStart } from './store/session-columns.js';
import { type AcceptedStepUp, AuthorizationEnded, type StoredSession } from './store/session-store.js';

/** The facts of a sign-in beside those that the domain decides on. */
export interface SessionStart {
  readonly facts: SignInFacts;
  readonly browserSessionUid: string | null;
  readonly offline: boolean;
  readonly authorization: Readonly<Record<string, unknown>>;
  /**
   * When the person last proved who they are (auth_time, to the second). Sessions of the same client and browser that
   * asked for a step-up before that have it now; merely being signed in already heals nothing.
   */
  readonly authenticatedAt: Instant | null;
  /** The instant at which it ends at the latest, where its sign-in is bounded elsewhere; the policy bounds it as well. */
  readonly notAfter?: Instant | null;
  /** Secret of the first refresh token, or null where the client gets none. */
  readonly refreshTokenSecret: Buffer | null;
}

/** The step-up that a sign-in is for other sessions of its client and browser; undefined where nobody proved who they are. */
export function stepUpBy({
  facts,
  browserSessionUid,
  authenticatedAt,
}: SessionStart): AcceptedStepUp | undefined {
  if (!browserSessionUid || authenticatedAt === null) return undefined;
  const { accountId, clientId, baseline: signals } = facts;
  return { accountId, clientId, browserSessionUid, authenticatedAt, signals };
}

/**
 * The session that begins with a sign-in, as it is stored.
 * @throws AuthorizationEnded where its lifetime is over before it begins
 */
export function beginSession(start: SessionStart, policy: SessionPolicy, now: Instant): StoredSession {
  const session = started(start.facts, policy, start.notAfter);
  const stored: StoredSession = {
    startedAt: now,
    ...storedAtStart,
    ...session,
    browserSessionUid: start.browserSessionUid,
    offline: start.offline,
    authorization: start.authorization,
    tokenHash: start.refreshTokenSecret ? hashSecret(start.refreshTokenSecret) : null,
  };
  // The person's proof may grow too old between the authorization and the use of its code.
  if (isPast(stored.absoluteDeadline, now)) throw new AuthorizationEnded('absolute_lifetime');
  return stored;
}
