import { type DatabaseConfiguration, databaseUrls } from '@curfew/config';
import type pg from 'pg';
import type { DatabaseGuard } from './guard/database-guard.js';
import { GuardedClient, type GuardedConfig } from './guarded-client.js';
import { ServerChoice } from './server-choice.js';

/** How much longer than the server's own limit a client waits for an answer before it takes the connection for dead. */
const silenceMarginMs = 1_000;

/** How busy the connections of a pool are. */
export interface PoolLoad {
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

/** Reads how busy a pool is. */
export const poolLoad = ({ totalCount, idleCount, waitingCount }: pg.Pool): PoolLoad => ({
  open: totalCount,
  idle: idleCount,
  waiting: waitingCount,
});

/** The limits that the server is given with each connection. A pooler passes on none of them, so there they belong to the role. */
export const startParameters = ({
  isPooled,
  statementTimeoutMs,
  transactionTimeoutMs,
}: DatabaseConfiguration): pg.ClientConfig =>
  isPooled
    ? {}
    : { statement_timeout: statementTimeoutMs, idle_in_transaction_session_timeout: transactionTimeoutMs };

/** The settings of a pool with bounds on everything: connections, waiting, statements, idle transactions. */
export function poolSettings(
  configuration: DatabaseConfiguration,
  size = configuration.poolSize,
  guard?: DatabaseGuard,
): pg.PoolConfig & GuardedConfig & { readonly onConnect: (client: pg.ClientBase) => Promise<void> } {
  return {
    connectionString: databaseUrls(configuration.url.reveal())[0]!,
    choice: ServerChoice.of(configuration.url.reveal()),
    Client: GuardedClient as NonNullable<pg.PoolConfig['Client']>,
    max: size,
    connectionTimeoutMillis: configuration.connectTimeoutMs,
    idleTimeoutMillis: configuration.idleTimeoutMs,
    ...startParameters(configuration),
    silenceMs: configuration.statementTimeoutMs + silenceMarginMs,
    keepAlive: true,
    application_name: 'curfew',
    guard,
    onConnect: (client) => (client as GuardedClient).prove(),
  };
}
