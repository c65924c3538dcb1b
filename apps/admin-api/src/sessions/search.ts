import type { EndReason, Instant } from '@curfew/session-policy';

/** A search for sessions; all given conditions must hold. */
export interface SessionSearch {
  readonly ids?: readonly string[] | undefined;
  readonly account?: string | undefined;
  readonly client?: string | undefined;
  /** An address or a network in CIDR notation, checked. */
  readonly ip?: string | undefined;
  /** Part of "family operating-system", in any case. */
  readonly userAgent?: string | undefined;
  readonly state?: 'live' | 'ended' | undefined;
  readonly reason?: EndReason | undefined;
  readonly startedAfter?: Instant | undefined;
  readonly startedBefore?: Instant | undefined;
  readonly activeAfter?: Instant | undefined;
  readonly activeBefore?: Instant | undefined;
  readonly endedAfter?: Instant | undefined;
  readonly endedBefore?: Instant | undefined;
  /** Sessions under this policy, by the clients and APIs it is attached to. */
  readonly policy?: PolicyReach | undefined;
}

/** The attachments of a policy, which decide the sessions under it. */
export interface PolicyReach {
  readonly everyone: boolean;
  readonly clients: readonly string[];
  readonly resources: readonly string[];
}

/** In which order sessions are listed. */
export type SessionOrder = '-started_at' | 'started_at' | '-ended_at' | 'ended_at';

/** The position at which a list continues: the key of the last session seen, or scanned. */
export interface SessionPosition {
  /** Milliseconds since the epoch: its end where the list is ordered by ends, else its start. */
  readonly at: number;
  readonly id: string;
}
