import type { Instant, RequestSignals, SessionId } from '@curfew/session-policy';

/** What a list of sessions shows of each. */
export interface SessionSummary {
  readonly id: SessionId;
  readonly accountId: string;
  readonly clientId: string;
  readonly signedInAt: Instant;
  readonly lastActiveAt: Instant;
  readonly inactivityDeadline: Instant;
  /** From when on the person should be warned of that (WCAG 2.2.1). */
  readonly idleWarningAt: Instant;
  readonly absoluteDeadline: Instant;
  readonly browserSessionUid: string | null;
  readonly offline: boolean;
  /** Of the browser it was authorized in, where that is known; else of whoever asked for its tokens. */
  readonly signals: RequestSignals;
}
