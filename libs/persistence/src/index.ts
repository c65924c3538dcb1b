export { advanceVirtualClock, clockChannel, databaseClock, VirtualClockRefused } from './database-clock.js';
export { DatabaseListener, type ListenerHandlers, type ListenerPatience } from './database-listener.js';
export { isDatabaseUnavailable, isRetryable, isUniqueViolation } from './failures.js';
export type * from './generated/client.js';
export { Prisma } from './generated/client.js';
export { type HotStatement, HotStatements, type Statements } from './hot-statements.js';
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
export { PrismaService, type Transaction } from './prisma.service.js';
export { retrying } from './retrying.js';
