export { BrowserSessionEnds } from './browser-session-ends.js';
export { BrowserSessionQueries, type BrowserSessionSummary } from './browser-session-queries.js';
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
export type { SessionStart } from './session-begin.js';
export { accountEvent, clientEvent, sessionEvent } from './session-events.js';
export { SessionQueries } from './session-queries.js';
export { type FoundAccess, SessionService } from './session-service.js';
export type { SessionSummary } from './session-summary.js';
export { Sweeper } from './sweeper.js';
