import type { DatabaseConfiguration } from '@curfew/config';
import type { Span } from '@opentelemetry/api';
import pg from 'pg';
import { beginStatement, endStatement } from './statement-span.js';

/** How much longer than the server's own limit a client waits for an answer before it takes the connection for dead. */
const silenceMarginMs = 1_000;

/** What a pool of ours hands to each of its clients, beside the driver's own settings. */
interface ImpatientConfig extends pg.ClientConfig {
  /** Milliseconds without an answer after which the server is taken for dead. */
  readonly silenceMs?: number;
}

/**
 * A connection that is closed when the server has gone silent (a cut cable, a frozen host); who waits for it is told that it was
 * terminated. The driver's own `query_timeout` would hand the stuck connection to the next user, and keeps what each statement was given
 * alive through collections. Here one timer watches a connection that is used, and none an idle one.
 */
export class ImpatientClient extends pg.Client {
  readonly #silenceMs: number;
  #unanswered = 0;
  #lastHeardOf = 0;
  #watch: NodeJS.Timeout | undefined;

  constructor(configuration: ImpatientConfig = {}) {
    super(configuration);
    this.#silenceMs = configuration.silenceMs ?? 0;
  }

  // biome-ignore lint/suspicious/noExplicitAny: the driver's overloads are kept as they are, whatever the arguments
  override query = (...values: any[]): any => {
    const callback = values.at(-1);
    const done = this.#asked(beginStatement(values[0]));
    if (typeof callback === 'function') values[values.length - 1] = telling(done, callback);
    const outcome = (pg.Client.prototype.query as (...passed: unknown[]) => unknown).apply(this, values);
    if (outcome instanceof Promise) outcome.then(() => done(), done);
    return outcome;
  };

  // What is handed to the driver must not close over the statement: the driver holds on to it, and the statement's values would outlive
  // collections with it.
  #asked(span: Span | undefined): Done {
    if (this.#unanswered === 0) this.#lastHeardOf = performance.now();
    this.#unanswered += 1;
    if (this.#silenceMs > 0) this.#watch ??= setTimeout(() => this.#look(), this.#silenceMs).unref();
    return (error) => {
      this.#unanswered -= 1;
      this.#lastHeardOf = performance.now();
      endStatement(span, error);
    };
  }

  #look(): void {
    this.#watch = undefined;
    if (this.#unanswered === 0) return;
    const left = this.#lastHeardOf + this.#silenceMs - performance.now();
    if (left > 0) this.#watch = setTimeout(() => this.#look(), Math.ceil(left)).unref();
    else (this as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}

type Done = (error?: unknown) => void;

const telling =
  (done: Done, callback: (error: unknown, result: unknown) => void) => (error: unknown, result: unknown) => {
    done(error);
    callback(error, result);
  };

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
): pg.PoolConfig & ImpatientConfig {
  return {
    connectionString: configuration.url.reveal(),
    Client: ImpatientClient as unknown as NonNullable<pg.PoolConfig['Client']>,
    max: size,
    connectionTimeoutMillis: configuration.connectTimeoutMs,
    idleTimeoutMillis: configuration.idleTimeoutMs,
    statement_timeout: configuration.statementTimeoutMs,
    silenceMs: configuration.statementTimeoutMs + silenceMarginMs,
    idle_in_transaction_session_timeout: configuration.transactionTimeoutMs,
    keepAlive: true,
    application_name: 'curfew',
  };
}
