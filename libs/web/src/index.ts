export { readBody } from './body.js';
export { cookieHeader, cookieNames, readCookie } from './cookies.js';
export { frontDoor, requestIdOf } from './door/front-door.js';
export { HttpServer, type HttpServerOptions } from './http-server.js';
export { answerJson, malformedBody, readJson, requireMethod } from './json.js';
export { createLog } from './log.js';
export { BackgroundLoops } from './loops.js';
export { type Figures, type MetricsServer, serveMetrics } from './metrics-server.js';
export { databaseUnavailable, type IsUnavailable, problemFrom } from './problem/from-error.js';
export { ProblemError, type ProblemFault } from './problem/problem.js';
export { noteRefusal, type Refusal, refusalOf } from './problem/refusal.js';
export { sendProblem } from './problem/send-problem.js';
export { exitWhenParentDies, stopOnSignals } from './process.js';
export { collectProcessMetrics } from './process-metrics.js';
export {
  type AskedFault,
  type AskedRequest,
  askedFaultWords,
  readAsked,
  type StatedRequest,
} from './routes/asked-request.js';
export { matchOf } from './routes/compiled-match.js';
export { contradict, isAmbiguousFor, type Matching, MatchTable } from './routes/match-table.js';
export { startTracing, type Tracing } from './tracing.js';
