import type { EndReason } from './end-reasons.js';
import type { RequestSignals } from './signals.js';
import type { Instant, Seconds } from './time.js';

/** UUIDv7; also the grant id inside the protocol layer and the `sid` clients and operators see. */
export type SessionId = string;

/**
 * One sign-in of one account with one client on one device: one refresh-token lineage.
 * Everything a decision needs, and nothing a decision does not need.
 */
export interface Session {
  readonly id: SessionId;
  readonly accountId: string;
  readonly clientId: string;
  /** Audiences this session was authorized for; they select the policies that apply. */
  readonly resources: readonly string[];
  /** When the person authorized it. Compared with not-before instants: what was authorized earlier is dead. */
  readonly signedInAt: Instant;
  /** When the person proved who they are (`auth_time`), where that was before `signedInAt`: the absolute lifetime counts from it. */
  readonly authenticatedAt: Instant | null;
  /** Last counted activity: sign-in, refresh or use, as the policy says. */
  readonly lastActiveAt: Instant;
  /** The inactivity timeout it was signed in under; a later policy may shorten it, never lengthen it. */
  readonly inactivityTimeout: Seconds;
  /** Fixed at sign-in; a later policy may bring it forward, never push it back. */
  readonly absoluteDeadline: Instant;
  /**
   * The deadline that its last counted activity wrote, under the policy of that moment. It holds until the next activity: a longer policy
   * that comes later brings nothing back that has passed it.
   */
  readonly expiresAt: Instant;
  /** Counts rotations: the live refresh token carries this number, its parent one less. */
  readonly generation: number;
  /** When the previous generation was first used, i.e. when the last rotation happened. The retry window starts here. */
  readonly rotatedAt: Instant | null;
  /** How often the previous generation was presented again inside the retry window. */
  readonly retries: number;
  /** Thumbprint the refresh token is bound to (DPoP `jkt` or mTLS `x5t#S256`), or null for a bearer token. */
  readonly keyThumbprint: string | null;
  /** What the request looked like at sign-in, or at the last accepted step-up. */
  readonly baseline: RequestSignals;
  /** When risk last asked for a step-up, and when the person last stepped up. */
  readonly stepUpRequiredAt: Instant | null;
  readonly steppedUpAt: Instant | null;
  readonly ended: { readonly at: Instant; readonly reason: EndReason } | null;
}

/** Of a session, what its deadlines follow from. */
export type TimedSession = Pick<
  Session,
  | 'signedInAt'
  | 'authenticatedAt'
  | 'lastActiveAt'
  | 'inactivityTimeout'
  | 'absoluteDeadline'
  | 'expiresAt'
  | 'ended'
>;

/**
 * A refresh token as presented, after its MAC was verified and its secret compared.
 * `matches`: 'current' or 'previous' when the stored hash or seal agrees with the secret, else 'none'
 * (a genuine older ancestor, or a forged secret under a leaked MAC key).
 */
export interface PresentedToken {
  readonly generation: number;
  readonly matches: 'current' | 'previous' | 'none';
  readonly clientId: string;
  readonly keyThumbprint: string | null;
  readonly signals: RequestSignals;
}
