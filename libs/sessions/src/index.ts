export { ActivityRecorder } from './activity.js';
export { BrowserSessionEnds } from './browser-session-ends.js';
export {
  type BrowserSessionPosition,
  BrowserSessionQueries,
  type BrowserSessionSummary,
} from './browser-session-queries.js';
export {
  type BrowserSessionColumns,
  browserSessionColumns,
  browserStands,
  coversBrowser,
  holdBrowser,
  readBrowserSession,
  sessionsOfBrowser,
} from './browser-session-row.js';
export { BrowserSessionSweeper } from './browser-session-sweeper.js';
export type { EndAlongside } from './end-sessions.js';

export { PolicySource } from './policy-source.js';
export {
  type CommittedRefresh,
  type OpenedRefreshToken,
  type Presenter,
  RefreshContention,
  type RefreshOutcome,
  type RefusedRefresh,
  type StagedRefresh,
} from './refresh-outcome.js';
export { accountEvent, clientEvent, sessionEvent } from './session-events.js';
export { SessionQueries } from './session-queries.js';
export {
  type FoundAccess,
  SessionService,
  type SessionServiceParts,
  type SessionStart,
} from './session-service.js';
export type { SessionSummary } from './session-summary.js';
export type { BrowserSessionEnd } from './store/end-statement.js';
export { type EndedBrowserSession, type EndOutcome, EndWriter } from './store/end-writer.js';
export { packSignals, unpackSignals } from './store/packed-columns.js';
export { PostgresSessionStore } from './store/postgres-session-store.js';
export { PostgresSweepStore } from './store/postgres-sweep-store.js';
export { type RestoredService, type RestoreTaken, takeRestoreStep } from './store/restore-step.js';
export { type FoundRow, foundColumns, readFound } from './store/session-row.js';
export * from './store/session-store.js';
export {
  type AuthorizationColumns,
  covers,
  deadlineUnder,
  killersOfSession,
  notKilledUnsettled,
  ofSession,
  placeWithin,
  rowStands,
} from './store/standing-statements.js';
export * from './store/sweep-store.js';
export { TimeoutReturns } from './store/timeout-returns.store.js';
export { Sweeper } from './sweeper.js';
