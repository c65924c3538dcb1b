import type { z } from 'zod';
import { databaseAddress } from './database-hosts.js';
import type { Secret } from './secret.js';
import { choice, count, type Milliseconds, path, timeout } from './values.js';

/** How the database is reached. */
export const database = {
  DATABASE_URL: databaseAddress(
    'The PostgreSQL (14 or newer) that holds everything. With several hosts the one that takes writes is used.',
  ),
  DATABASE_DIRECT_URL: databaseAddress(
    'The same database past every pooler, for announcements and migrations. It must be set where DATABASE_URL leads to a pooler; unset, it is DATABASE_URL.',
  ),
  CURFEW_DATABASE_POOL_SIZE: count('Connections of one process.', { min: 1, max: 200, default: 10 }),
  CURFEW_DATABASE_INTROSPECTION_POOL_SIZE: count(
    'Connections of one process kept for introspection and refreshes, so that a flood of sign-ins cannot starve it.',
    { min: 1, max: 200, default: 5 },
  ),
  CURFEW_DATABASE_CONNECT_TIMEOUT: timeout(
    'How long a request waits for a free or new connection before it gets a 503.',
    { min: '100ms', max: '30s', default: '2s' },
  ),
  CURFEW_DATABASE_STATEMENT_TIMEOUT: timeout('How long one statement may run.', {
    min: '100ms',
    max: '60s',
    default: '5s',
  }),
  CURFEW_DATABASE_TRANSACTION_TIMEOUT: timeout('How long one transaction may stay open.', {
    min: '100ms',
    max: '60s',
    default: '10s',
  }),
  CURFEW_DATABASE_IDLE_TIMEOUT: timeout('How long an unused connection is kept.', {
    min: '1s',
    max: '1h',
    default: '30s',
  }),
  CURFEW_STATE_FOLDER: path(
    'The folder in which each process writes down what the database last acknowledged to it. With it, a database that went backwards is noticed after a restart too. Processes of one machine may share it; one that cannot write there says so and goes on without.',
  ),
  CURFEW_AFTER_FAILOVER: choice(
    'The reaction to a database that lost acknowledged writes. `refuse` honours no token until an operator has run after-restore (docs/operations.md); `end-all` takes that step at once, so that everybody signs in again.',
    ['refuse', 'end-all'],
    'refuse',
  ),
};

/** How to reach the database, and how patiently. */
export interface DatabaseConfiguration {
  readonly url: Secret;
  /** The same database past every pooler, for what needs a connection of its own: announcements and migrations. */
  readonly directUrl: Secret;
  /** Whether `url` leads through a pooler, which hands connections on between transactions. */
  readonly isPooled: boolean;
  readonly poolSize: number;
  readonly introspectionPoolSize: number;
  readonly connectTimeoutMs: Milliseconds;
  readonly statementTimeoutMs: Milliseconds;
  readonly transactionTimeoutMs: Milliseconds;
  readonly idleTimeoutMs: Milliseconds;
  /** The folder in which a process keeps what the database acknowledged to it. */
  readonly stateFolder: string | undefined;
  /** Whether an operator or the service itself takes the step that follows a loss. */
  readonly afterFailover: 'refuse' | 'end-all';
}

/** The settings of the database by subject; its address has been checked. */
export const databaseOf = (
  s: z.output<z.ZodObject<typeof database>>,
  address: Secret,
): DatabaseConfiguration => ({
  url: address,
  directUrl: s.DATABASE_DIRECT_URL ?? address,
  isPooled: s.DATABASE_DIRECT_URL !== undefined,
  poolSize: s.CURFEW_DATABASE_POOL_SIZE,
  introspectionPoolSize: s.CURFEW_DATABASE_INTROSPECTION_POOL_SIZE,
  connectTimeoutMs: s.CURFEW_DATABASE_CONNECT_TIMEOUT,
  statementTimeoutMs: s.CURFEW_DATABASE_STATEMENT_TIMEOUT,
  transactionTimeoutMs: s.CURFEW_DATABASE_TRANSACTION_TIMEOUT,
  idleTimeoutMs: s.CURFEW_DATABASE_IDLE_TIMEOUT,
  stateFolder: s.CURFEW_STATE_FOLDER,
  afterFailover: s.CURFEW_AFTER_FAILOVER,
});
