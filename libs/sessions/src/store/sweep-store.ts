import type { Instant, SessionId } from '@curfew/session-policy';
import type { DeadlineLimits, NotBefore } from '@curfew/session-policy/standing';
import type { ShadowMark, TriedSession } from '@curfew/session-policy/trial';
import type { End, StoredSession } from './session-store.js';

/** A session that is due, with as much as is needed to judge it, and the not-befores that end it. */
export interface DueSession {
  readonly session: TriedSession & Pick<StoredSession, 'id' | 'accountId' | 'clientId' | 'resources'>;
  readonly notBefore: readonly NotBefore[];
}

/** A session that stands: when to look at it again, and the mark to write with that. */
export interface LookAgain {
  readonly checkAfter: Instant;
  readonly mark?: ShadowMark | null;
}

/** The storage that the sweeper needs; any number of nodes may call these methods at once. */
export abstract class SweepStore {
  /**
   * Takes up to `most` sessions that are due to be looked at, so that no other node has them meanwhile, and writes what
   * `decide` says: an end, or when to look again. Ended sessions past their retention are deleted. The number handled.
   */
  abstract sweep(
    now: Instant,
    most: number,
    decide: (due: DueSession) => Promise<End | LookAgain>,
  ): Promise<number>;

  /** Gives up to `most` sessions that a not-before covers their own end and event. The number handled. */
  abstract settle(now: Instant, most: number): Promise<number>;

  /** Deletes up to `most` revoked-token entries that have expired, and as many mass ends that end nothing any more. The larger number. */
  abstract prune(now: Instant, most: number): Promise<number>;

  /**
   * Looks at the next `max` sessions in the order of their ids, after the one given, and has the live ones among them looked at when the
   * limits of now end them, where that is earlier than planned. `limitsOf` is asked once for each pair of client and resources it meets.
   * The last session it looked at; undefined when there was none.
   */
  abstract bringForward(
    after: SessionId | undefined,
    max: number,
    limitsOf: (lineages: readonly Lineage[]) => Promise<readonly ShorterLimits[]>,
  ): Promise<SessionId | undefined>;
}

/** The facts that select the policies of a session. */
export interface Lineage {
  readonly clientId: string;
  readonly resources: readonly string[];
}

/** The limits a policy puts now on the sessions of a lineage whose accounts have a place (`placeOf`) from `from` up to and without `to`. */
export interface ShorterLimits extends Lineage, DeadlineLimits {
  readonly from: number;
  readonly to: number;
}
