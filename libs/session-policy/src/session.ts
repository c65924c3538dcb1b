import type { EndReason } from './end-reasons.js';
import {
  initially,
  type SessionFieldValues,
  type SignInSessionFieldValues,
  signedIn,
  underPolicy,
} from './session-field.js';
import type { RequestSignals } from './signals.js';
import type { Instant, Seconds } from './time.js';

/** UUIDv7; also the grant id inside the protocol layer and the `sid` clients and operators see. */
export type SessionId = string;

/**
 * The fields of a session: everything a decision needs, and nothing a decision does not need. The type `Session`, its start, the columns that
 * are read and those that are written at the start follow from this table.
 */
export const sessionFields = {
  id: signedIn<SessionId>('uuid'),
  accountId: signedIn<string>('uuid'),
  clientId: signedIn<string>('text'),
  /** Audiences this session was authorized for; they select the policies that apply. */
  resources: signedIn<readonly string[]>('texts'),
  /** When the person authorized, not when the code was redeemed. Authorizations at or before a not-before instant are dead. */
  signedInAt: signedIn<Instant>('instant'),
  /** When the person proved who they are (`auth_time`), if that was before `signedInAt`: the absolute lifetime counts from it. */
  authenticatedAt: signedIn<Instant | null>('instant'),
  /** Thumbprint the refresh token is bound to (DPoP `jkt` or mTLS `x5t#S256`), or null for a bearer token. */
  keyThumbprint: signedIn<string | null>('text'),
  /** The circumstances of the request that redeemed the sign-in, because refreshes come from the same caller, or of the last accepted step-up. */
  baseline: signedIn<RequestSignals>('signals'),
  /** Last counted activity: sign-in, refresh or use, as the policy says. */
  lastActiveAt: underPolicy<Instant>('instant'),
  /** The inactivity timeout it was signed in under; a later policy may shorten it, never lengthen it. */
  inactivityTimeout: underPolicy<Seconds>('count'),
  /** Fixed at sign-in; a later policy may bring it forward, never push it back. */
  absoluteDeadline: underPolicy<Instant>('instant'),
  /**
   * The deadline that its last counted activity wrote, under the policy of that moment. It holds until the next activity: a longer policy
   * that comes later brings nothing back that has passed it.
   */
  expiresAt: underPolicy<Instant>('instant'),
  /** Counts rotations: the live refresh token carries this number, its parent one less. */
  generation: initially<number>(0, 'count'),
  /** When the previous generation was first used, i.e. when the last rotation happened. The retry window starts here. */
  rotatedAt: initially<Instant | null>(null, 'instant'),
  /** How often the previous generation was presented again inside the retry window. */
  retries: initially<number>(0, 'count'),
  /** How many siblings have been served since the last rotation; more than any limit where that came from elsewhere. */
  siblings: initially<number>(0, 'count'),
  /** When risk last asked for a step-up. */
  stepUpRequiredAt: initially<Instant | null>(null, 'instant'),
  /** When the person last stepped up. */
  steppedUpAt: initially<Instant | null>(null, 'instant'),
  ended: initially<{ readonly at: Instant; readonly reason: EndReason } | null>(null, 'end'),
};

/** One sign-in of one account with one client on one device: one refresh-token lineage. */
export interface Session extends SessionFieldValues<typeof sessionFields> {}

/** The facts of a sign-in that a session starts with. */
export interface SignInFacts extends SignInSessionFieldValues<typeof sessionFields> {}

/** The fields of a session from which its deadlines follow. */
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
  /** The authentication methods of the sign-in that its session came of. */
  readonly methods?: readonly string[] | undefined;
  readonly generation: number;
  readonly matches: 'current' | 'previous' | 'none';
  readonly clientId: string;
  readonly keyThumbprint: string | null;
  readonly signals: RequestSignals;
}
