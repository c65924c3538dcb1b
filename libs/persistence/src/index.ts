export {
  examineAddresses,
  prepareDatabase,
  proveAnnouncements,
  requireAddresses,
} from './address-check.js';
export { afterCommit } from './after-commit.js';
export { Batcher, type BatchLimits, retrying } from './batcher.js';
export { advanceVirtualClock, clockChannel, databaseClock, VirtualClockRefused } from './database-clock.js';
export { DatabaseListener, type ListenerHandlers, NotHeard } from './database-listener.js';
export { isDatabaseUnavailable, isRetryable, isStatementTimeout, isUniqueViolation } from './failures.js';
export {
  type Account,
  type Client,
  type ClientSecret,
  type Consent,
  type IdentityProvider,
  type Policy,
  type PolicyAttachment,
  Prisma,
  type Resource,
} from './generated/client.js';
export { DatabaseGuard } from './guard/database-guard.js';
export { openGuard } from './guard/open-guard.js';
export { HotStatements } from './hot-statements.js';
export { nameOfListener, requireOwnDatabase, sentenceOfStrangers, strangersOn } from './installation.js';
export { MigrationFailed, MigrationRefused, migrate } from './migrations.js';
export type { PoolLoad } from './pool.js';
export { PrismaService, statementsIn, type Transaction } from './prisma.service.js';
export { ServerChoice } from './server-choice.js';
export {
  commitColumns,
  type HotStatement,
  milliseconds,
  type Statements,
  StatementValues,
  waitForStandby,
} from './statements.js';
