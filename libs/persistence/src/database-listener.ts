import { waitForBeatMs } from '@curfew/clock';
import pg from 'pg';
import { standbyRefused } from './guard/refusal.js';
import { isInRecovery } from './guard/server.js';

/** What a listener tells its owner; the functions must not throw. */
export interface ListenerHandlers {
  readonly onNotification: (channel: string, payload: string) => void;
  /** The connection is gone: from now on notifications may be missed. Called once per loss. */
  readonly onLost?: (error: Error) => void;
  /** Listening again after a loss: what was sent in between is missed, so look for it in the tables. */
  readonly onGap?: () => void;
}

/** How a listener behaves when things go wrong; all in milliseconds. */
export interface ListenerPatience {
  /** Between two proofs that the connection still lives. */
  readonly heartbeatMs?: number;
  /** How long connecting, or the answer to a heartbeat, may take. */
  readonly silenceMs?: number;
  readonly firstRetryMs?: number;
  readonly lastRetryMs?: number;
}

/**
 * Hears NOTIFY on a connection of its own (a pooled one would forget). It reconnects by itself, at growing intervals, and asks for a
 * sign of life regularly, because a connection cut half-way stays silent for ever.
 */
export class DatabaseListener {
  readonly #url: string;
  readonly #channels: readonly string[];
  readonly #handlers: ListenerHandlers;
  readonly #patience: Required<ListenerPatience>;
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = true;
  #failures = 0;

  constructor(
    url: string,
    channels: readonly string[],
    handlers: ListenerHandlers,
    patience: ListenerPatience = {},
  ) {
    this.#url = url;
    this.#channels = channels;
    this.#handlers = handlers;
    this.#patience = {
      heartbeatMs: 1_000,
      silenceMs: 2_000,
      firstRetryMs: 50,
      lastRetryMs: 2_000,
      ...patience,
    };
  }

  /** Whether notifications arrive at the moment, as far as known. */
  get listening(): boolean {
    return this.#client !== undefined;
  }

  /** Connects and listens; rejects if the first attempt fails, so that a wrong address shows at start. */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.#connect();
  }

  /** Ends the connection; nothing is reported any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  async #connect(): Promise<void> {
    const { silenceMs } = this.#patience;
    const client = new pg.Client({
      connectionString: this.#url,
      connectionTimeoutMillis: silenceMs,
      query_timeout: silenceMs,
      keepAlive: true,
      application_name: 'curfew listener',
    });
    client.on('error', (error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client, new Error('connection ended')));
    client.on('notification', ({ channel, payload }) =>
      this.#handlers.onNotification(channel, payload ?? ''),
    );
    try {
      await client.connect();
      // A standby would answer LISTEN with an error in any case, but not every pooler says whose error it is.
      if (await isInRecovery(client)) throw standbyRefused();
      await client.query(
        this.#channels.map((channel) => `LISTEN ${client.escapeIdentifier(channel)}`).join('; '),
      );
    } catch (error) {
      destroy(client);
      throw error;
    }
    if (this.#stopped) return client.end();
    this.#client = client;
    this.#failures = 0;
    this.#beatLater(client);
  }

  #beatLater(client: pg.Client): void {
    this.#timer = setTimeout(() => {
      client.query('').then(
        () => this.#client === client && this.#beatLater(client),
        (error) => this.#lost(client, error),
      );
    }, waitForBeatMs(this.#patience.heartbeatMs)).unref();
  }

  #lost(client: pg.Client, error: Error): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    clearTimeout(this.#timer);
    destroy(client);
    this.#handlers.onLost?.(error);
    this.#retryLater();
  }

  #retryLater(): void {
    const { firstRetryMs, lastRetryMs } = this.#patience;
    const longest = Math.min(lastRetryMs, firstRetryMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30);
    // Half fixed, half by chance: nodes that lost the same server do not come back in one wave.
    this.#timer = setTimeout(() => this.#reconnect(), longest * (0.5 + Math.random() / 2)).unref();
  }

  #reconnect(): void {
    if (this.#stopped) return;
    this.#connect().then(
      () => this.#client && this.#handlers.onGap?.(),
      () => this.#stopped || this.#retryLater(),
    );
  }
}

/** Closes without a farewell, which a dead connection would never answer. */
function destroy(client: pg.Client): void {
  (client as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
