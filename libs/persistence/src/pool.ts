import type { DatabaseConfiguration } from '@curfew/config';
import pg from 'pg';
import { beginStatement, endStatement } from './statement-span.js';

/** How much longer than the server's own limit a client waits for an answer before it takes the connection for dead. */
const silenceMarginMs = 1_000;

/**
 * A connection that is closed when the server has gone silent (a cut cable, a frozen host). The driver alone would report the timeout
 * and then hand the same stuck connection to the next user.
 */
export class ImpatientClient extends pg.Client {
  // biome-ignore lint/suspicious/noExplicitAny: the driver's overloads are kept as they are, whatever the arguments
  override query = (...values: any[]): any => {
    const callback = values.at(-1);
    const span = beginStatement(values[0]);
    const done = (error?: unknown): void => {
      endStatement(span, error);
      if (error) this.#closeIfSilent(error);
    };
    if (typeof callback === 'function')
      values[values.length - 1] = (error: unknown, result: unknown) => {
        done(error);
        callback(error, result);
      };
    const outcome = (pg.Client.prototype.query as (...passed: unknown[]) => unknown).apply(this, values);
    if (outcome instanceof Promise) outcome.then(() => done(), done);
    return outcome;
  };

  #closeIfSilent(error: unknown): void {
    if (!(error instanceof Error) || error.message !== 'Query read timeout') return;
    (this as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}

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

/** The settings of a pool with bounds on everything: connections, waiting, statements, idle transactions. */
export function poolSettings(
  configuration: DatabaseConfiguration,
  size = configuration.poolSize,
): pg.PoolConfig {
  return {
    connectionString: configuration.url.reveal(),
    Client: ImpatientClient as unknown as NonNullable<pg.PoolConfig['Client']>,
    max: size,
    connectionTimeoutMillis: configuration.connectTimeoutMs,
    idleTimeoutMillis: configuration.idleTimeoutMs,
    statement_timeout: configuration.statementTimeoutMs,
    query_timeout: configuration.statementTimeoutMs + silenceMarginMs,
    idle_in_transaction_session_timeout: configuration.transactionTimeoutMs,
    keepAlive: true,
    application_name: 'curfew',
  };
}
