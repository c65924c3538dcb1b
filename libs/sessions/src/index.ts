export { BrowserSessionEnds } from './browser-session-ends.js';
export { BrowserSessionQueries, type BrowserSessionSummary } from './browser-session-queries.js';
export {
  type BrowserSessionColumns,
  browserSessionColumns,
  browserStands,
  holdBrowser,
  ofBrowser,
  readBrowserSession,
  sessionsOfBrowser,
} from './browser-session-row.js';
export { BrowserSessionSweeper } from './browser-session-sweeper.js';
export { PolicySource } from './policy-source.js';
export {
  type CommittedRefresh,
  type OpenedRefreshToken,
  type Presenter,
  RefreshContention,
  type RefusedRefresh,
  type StagedRefresh,
} from './refresh-outcome.js';
export { accountEvent, clientEvent, sessionEvent } from './session-events.js';
export { SessionQueries } from './session-queries.js';
export { type FoundAccess, SessionService, type SessionStart } from './session-service.js';
export type { SessionSummary } from './session-summary.js';
export { type EndOutcome, EndWriter } from './store/end-writer.js';
export { packSignals } from './store/packed-columns.js';
export { PostgresSessionStore } from './store/postgres-session-store.js';
export { PostgresSweepStore } from './store/postgres-sweep-store.js';
export { takeRestoreStep } from './store/restore-step.js';
export { type FoundRow, foundColumns, readFound } from './store/session-row.js';
export {
  type AcceptedStepUp,
  AccountGone,
  type Activity,
  type Alongside,
  AuthorizationKilled,
  CodeUsed,
  type End,
  type EndDetail,
  type EndedSession,
  type FoundSession,
  type Keeping,
  type MassEnd,
  type ProofRecord,
  ProofUsedBefore,
  type Retention,
  type Rotation,
  type SessionLimit,
  SessionStore,
  type StoredSession,
  TooManySessions,
  type WithEnd,
} from './store/session-store.js';
export {
  deadlineUnder,
  entriesAgainst,
  isKilled,
  notKilledUnsettled,
  ofSession,
  placeWithin,
  rowStands,
} from './store/standing-statements.js';
export {
  type DueSession,
  type Lineage,
  type LookAgain,
  type ShorterLimits,
  SweepStore,
} from './store/sweep-store.js';
export { TimeoutReturns } from './store/timeout-returns.store.js';
export { Sweeper } from './sweeper.js';
