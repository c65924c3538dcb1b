import type { Instant, RequestSignals, SessionId } from '@curfew/session-policy';

/** A session as a list shows it. */
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
  /** Signals of the browser in which it was authorized, if that is known; else of the program that asked for its tokens. */
  readonly signals: RequestSignals;
}
