import type { NewEvent } from '@curfew/events';
import type { Transaction } from '@curfew/persistence';
import type {
  EndReason,
  EventData,
  Instant,
  RequestSignals,
  Seconds,
  SessionId,
} from '@curfew/session-policy';
import type { NotBefore } from '@curfew/session-policy/standing';
import type { Arm, ShadowMark, Trial } from '@curfew/session-policy/trial';
import type { StoredSession } from './session-columns.js';

export type { StoredSession };

/** All that one read brings together. */
export interface FoundSession {
  readonly session: StoredSession;
  /** Only those that end this session. */
  readonly notBefore: readonly NotBefore[];
  /** Whether the single access token that was asked about had been revoked. */
  readonly tokenRevoked: boolean;
}

/** A person stepped up in a browser: which sessions that heals, and their new baseline (RFC 9470). */
export interface AcceptedStepUp {
  readonly accountId: string;
  readonly clientId: string;
  readonly browserSessionUid: string;
  readonly authenticatedAt: Instant;
  readonly signals: RequestSignals;
}

/**
 * The record of a proof of possession (RFC 9449 §11.1): it was shown, and may not be shown again before `expiresAt`. One of the protocol's
 * artifacts, by its kind and the hash of its id.
 */
export interface ProofRecord {
  readonly kind: string;
  readonly idHash: Uint8Array;
  readonly expiresAt: Instant;
}

/** The proof that came with a request has been shown before, to whichever node; nothing was changed. */
export class ProofUsedBefore extends Error {
  override readonly name = 'ProofUsedBefore';
  constructor() {
    super('the proof has been shown before');
  }
}

/** A rotation: the generation it was decided on, and the row's next state. */
export interface Rotation {
  readonly id: SessionId;
  readonly fromGeneration: number;
  readonly at: Instant;
  readonly lastActiveAt: Instant;
  readonly expiresAt: Instant;
  readonly tokenHash: Uint8Array;
  readonly successorSeal: Uint8Array;
  /** The count of siblings that it begins with, where that is not none. */
  readonly siblings?: number;
  /** The record of the proof that the request came with. */
  readonly proof?: ProofRecord | undefined;
  /** The mark of a shadow that would have ended it. */
  readonly mark?: ShadowMark | null;
}

/** A refresh that keeps the token (rotation "never"): only the clock of the session moves. */
export interface Keeping {
  readonly id: SessionId;
  readonly generation: number;
  readonly at: Instant;
  readonly lastActiveAt: Instant;
  readonly expiresAt: Instant;
  /** The record of the proof that the request came with. */
  readonly proof?: ProofRecord | undefined;
  /** The mark of a shadow that would have ended it. */
  readonly mark?: ShadowMark | null;
}

/** Counted activity of one session, to be written behind. */
export interface Activity {
  readonly id: SessionId;
  readonly at: Instant;
  readonly expiresAt: Instant;
  /** The mark of a shadow that would have ended it. */
  readonly mark?: ShadowMark | null;
}

/** Details of an end that an operator should see beside its reason; part of its event, and kept in the session's row. */
export type EndDetail = Omit<EventData['session.ended'], 'reason'>;

/** The end of one session: why, since when, and what an operator should see. */
export interface End {
  readonly id: SessionId;
  readonly reason: EndReason;
  readonly at: Instant;
  readonly detail: EndDetail;
  /** For ends by the clock: only if nothing was counted as activity since the decision was made. */
  readonly ifLastActiveAt?: Instant;
  /** The mark of a shadow that would have ended it. */
  readonly mark?: ShadowMark | null;
  /** For counts: the arm of its account, and whether its last silence is the first of its visit that tells the arms apart. */
  readonly trial?: EndedTrial | undefined;
}

/** The part of an end that is about the canary the session met. */
export interface EndedTrial {
  readonly arm: Arm;
  /** The shorter timeout of the arms, in seconds, where its last silence is the first of the visit that reached it. */
  readonly reached: Seconds | null;
}

/** One row that ends every session of an account, of a client or of everyone that was authorized at or before `at`. */
export interface MassEnd {
  readonly kind: NotBefore['kind'];
  /** Account id, client id or '' for everyone. */
  readonly target: string;
  readonly reason: EndReason;
  readonly at: Instant;
  readonly detail: EndDetail;
}

/** The clients that act by an access token, one for another (RFC 8693 §4.1), and when it was issued. */
export interface ActingClients {
  readonly ids: readonly string[];
  readonly issuedAt: Instant;
}

/** A write that goes with an end, in its transaction, if and only if a session really ended by it. */
export interface WithEnd {
  readonly events?: readonly NewEvent[];
  readonly all?: MassEnd;
  /** If it is given, everything commits with it. */
  readonly transaction?: Transaction | undefined;
}

/** A session this call ended (others may have been ended before). */
export interface EndedSession {
  readonly id: SessionId;
  readonly accountId: string;
  readonly clientId: string;
  readonly reason: EndReason;
  readonly at: Instant;
}

/** How many live sessions an account may have; null for any number. */
export interface SessionLimit {
  readonly most: number | null;
  readonly whenFull: 'end_oldest' | 'refuse_new';
}

/** Names a code that is used up by the start of its session (RFC 6749 §4.1.2). */
export interface CodeKey {
  readonly kind: string;
  readonly idHash: Uint8Array;
}

/** The code was used before; nothing was started. */
export class CodeUsed extends Error {
  override readonly name = 'CodeUsed';
}

/** The account is disabled or deleted; nothing was started. */
export class AccountGone extends Error {
  override readonly name = 'AccountGone';
}

/** Work that must commit together with the start of a session, e.g. consuming the authorization code. */
export type Alongside = (transaction: Transaction | undefined) => Promise<void>;

/** How long an ended session stays readable after its absolute deadline. */
export interface Retention {
  readonly ended: Seconds;
}

/** The account already has as many sessions as its policy allows, and the policy refuses new ones. */
export class TooManySessions extends Error {
  override readonly name = 'TooManySessions';
  constructor(readonly limit: number) {
    super(`the account has its ${limit} sessions already`);
  }
}

/** The session was ended by a not-before entry between its authorization and its start. */
export class AuthorizationEnded extends Error {
  override readonly name = 'AuthorizationEnded';
  constructor(readonly reason: EndReason) {
    super(`what was authorized has been ended since: ${reason}`);
  }
}

/**
 * The storage of sessions. Every method is one transaction. Every write compares what it was decided on, so that of any number of
 * concurrent callers exactly one wins; a write that returned is durable.
 */
export abstract class SessionStore {
  /**
   * The session with what ends it, in one read; `accessTokenHash` also asks whether that token was revoked. So is one by which clients act
   * where everything of one of them was ended since it was issued.
   */
  abstract read(
    id: SessionId,
    accessTokenHash?: Uint8Array,
    acting?: ActingClients,
  ): Promise<FoundSession | undefined>;

  /**
   * Starts a session and records its event together with `alongside`; if that throws, nothing happened.
   * MUST refuse what a not-before entry ends (AuthorizationEnded) and keep the limit under concurrency (TooManySessions).
   * With `stepUp`, the sessions of that client in that browser which await a step-up have their baseline moved, each with
   * its event. The sessions ended to make room.
   */
  abstract start(
    session: StoredSession,
    limit: SessionLimit,
    alongside: Alongside,
    stepUp?: AcceptedStepUp,
    trial?: Trial,
  ): Promise<readonly EndedSession[]>;

  /**
   * Starts a session and uses its code up in one commit of one statement. MUST refuse what `start` refuses (AuthorizationEnded), a browser
   * that does not stand (AuthorizationEnded), an account that is gone (AccountGone) and a code that was used (CodeUsed); then nothing
   * happened. False, with nothing done, where a session waits for the step-up: that takes a transaction. A store without such a statement
   * always says so.
   */
  async startFromCode(
    _session: StoredSession,
    _code: CodeKey,
    _stepUp?: AcceptedStepUp,
    _trial?: Trial,
  ): Promise<boolean> {
    return false;
  }

  /**
   * MUST change the row only if generation is still `fromGeneration`, it has not ended and `at` is before its expiry. Activity counted
   * since the decision MUST NOT be lost: its later deadline stays. A `proof` is recorded in the same commit, even if the row is not
   * changed; if several callers bring one proof, exactly one gets through. The others MUST find nothing changed (ProofUsedBefore).
   */
  abstract rotate(rotation: Rotation): Promise<boolean>;

  /** MUST change the row only under the same conditions as `rotate`, and treat a proof as it does. */
  abstract keep(keeping: Keeping): Promise<boolean>;

  /** MUST count only if generation and count are still those the decision was made on and the session has not ended. */
  abstract countRetry(id: SessionId, generation: number, retries: number): Promise<boolean>;

  /**
   * Counts a sibling that is served, and records its event with it. MUST do both or neither: only while the session has not ended, is still
   * at this generation, and fewer than `limit` have been counted since its last rotation. Any number of callers at once may be counted.
   */
  abstract countSibling(
    id: SessionId,
    generation: number,
    limit: number,
    events: readonly NewEvent[],
  ): Promise<boolean>;

  /** Whether the session has not ended and is still at this generation. */
  abstract stands(id: SessionId, generation: number): Promise<boolean>;

  /** MUST never shorten a life, and never revive one: activity after the stored expiry or after an end is dropped. */
  abstract touch(activities: readonly Activity[]): Promise<void>;

  /** Records that risk asked for a step-up at `at`, with its events; nothing where one is outstanding already. */
  abstract requireStepUp(id: SessionId, at: Instant, events: readonly NewEvent[]): Promise<void>;

  /**
   * Ends those of the sessions that still live; each with its one event, in one transaction, and tells followers. The ends that came first are
   * durable when it returns, where none is left or none is named (ADR 111).
   */
  abstract end(ends: readonly End[], along?: WithEnd): Promise<readonly EndedSession[]>;

  /**
   * Ends everything the entry covers in one cheap commit with one event of its own, and ends the first of the sessions
   * one by one with their own events; `settle` does the rest. Inside `transaction` it commits with that.
   */
  abstract endAll(massEnd: MassEnd, transaction?: Transaction): Promise<readonly EndedSession[]>;

  /** Revokes one access token until it would have expired anyway; `revoked` is recorded with it, once. */
  abstract revokeAccessToken(tokenHash: Uint8Array, expiresAt: Instant, revoked: NewEvent): Promise<void>;
}
