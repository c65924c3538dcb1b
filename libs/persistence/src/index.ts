export { afterCommit } from './after-commit.js';
export { Batcher, type BatchLimits } from './batcher.js';
export { advanceVirtualClock, clockChannel, databaseClock, VirtualClockRefused } from './database-clock.js';
export { DatabaseListener, type ListenerHandlers, type ListenerPatience } from './database-listener.js';
export { isDatabaseUnavailable, isRetryable, isStatementTimeout, isUniqueViolation } from './failures.js';
export type * from './generated/client.js';
export { Prisma } from './generated/client.js';
export { DatabaseGuard, type GuardParts } from './guard/database-guard.js';
export { type GuardedProcess, type GuardLog, openGuard } from './guard/open-guard.js';
export { DatabaseRefused, type RefusalKind } from './guard/refusal.js';
export { WitnessFiles } from './guard/witness-files.js';
export { HotStatements } from './hot-statements.js';
export {
  type AppliedMigrations,
  DatabaseTooOld,
  type MigrateOptions,
  MigrationFailed,
  MigrationRefused,
  migrate,
} from './migrations.js';
export type { PoolLoad } from './pool.js';
export type { RunStatement } from './prepared-transaction.js';
export { PrismaService, statementsIn, type Transaction } from './prisma.service.js';
export { retrying } from './retrying.js';
export { commitColumns, type HotStatement, milliseconds, type Statements } from './statements.js';
