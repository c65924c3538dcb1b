import { randomUUID } from 'node:crypto';
import { waitForBeatMs } from '@curfew/clock';
import pg from 'pg';
import { standbyRefused } from './guard/refusal.js';
import { isInRecovery } from './guard/server.js';
import { ServerChoice } from './server-choice.js';
import type { HotStatement, Statements } from './statements.js';

/** The reports of a listener to its owner; the functions must not throw. */
export interface ListenerHandlers {
  readonly onNotification: (channel: string, payload: string) => void;
  /** The connection is gone: from now on notifications may be missed. Called once per loss. */
  readonly onLost?: (error: Error) => void;
  /** Listening again after a loss. Notifications from in between are missed, so look for their changes in the tables. */
  readonly onGap?: () => void;
}

/** How a listener behaves when things go wrong; all in milliseconds. */
export interface ListenerPatience {
  /** Between two proofs that notifications arrive. */
  readonly heartbeatMs?: number;
  /** How long connecting may take, and how long a proof may be on its way. */
  readonly silenceMs?: number;
  readonly firstRetryMs?: number;
  readonly lastRetryMs?: number;
}

/** The parts of a listener beside its channels. */
export interface ListenerParts {
  /** The address at which it listens: the server itself, because a pooler hands the connection on and forgets what was listened to. */
  readonly url: string;
  /** The way by which this process writes: a notification that is sent here must be heard there. */
  readonly through: Statements;
  /** The name of its connection, by which others on the database know its installation. */
  readonly name?: string;
}

/** The channel on which listeners hear themselves. */
const proofChannel = 'curfew_proof';
const sendProof: HotStatement = { name: 'listener-proof', text: 'SELECT pg_notify($1, $2)' };

/** Notifications that are sent where this process writes do not arrive where it listens. */
export class NotHeard extends Error {
  constructor() {
    super(
      'a notification sent through DATABASE_URL was not heard: DATABASE_DIRECT_URL must lead to the same database, and past every pooler',
    );
    this.name = 'NotHeard';
  }
}

/**
 * Hears NOTIFY on a connection of its own. Regularly it sends itself a notification the way this process writes, because only
 * that proves that the others' arrive: a pooler accepts LISTEN and hands the connection to somebody else, and a connection that was cut
 * half-way stays silent for ever. It reconnects by itself, at growing intervals, and counts as listening once it heard itself.
 */
export class DatabaseListener {
  readonly #parts: ListenerParts;
  readonly #channels: readonly string[];
  readonly #handlers: ListenerHandlers;
  readonly #patience: Required<ListenerPatience>;
  readonly #name = randomUUID();
  #proofs = 0;
  #awaited: { readonly payload: string; readonly heard: () => void } | undefined;
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = true;
  #failures = 0;

  constructor(
    parts: ListenerParts,
    channels: readonly string[],
    handlers: ListenerHandlers,
    patience: ListenerPatience = {},
  ) {
    this.#parts = parts;
    this.#channels = channels;
    this.#handlers = handlers;
    this.#patience = {
      heartbeatMs: 1_500,
      silenceMs: 1_200,
      firstRetryMs: 50,
      lastRetryMs: 2_000,
      ...patience,
    };
  }

  /** Whether notifications arrive, by the last proof. */
  get listening(): boolean {
    return this.#client !== undefined;
  }

  /** Connects, listens and hears itself; rejects if the first attempt fails, so that a wrong address shows at start. @throws NotHeard */
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
    const choice = ServerChoice.of(this.#parts.url);
    const client = this.#newClient(await choice.current());
    try {
      await client.connect();
      // A standby would answer LISTEN with an error in any case, but not every pooler says whose error it is.
      if (await isInRecovery(client)) throw standbyRefused();
      // One message each, because some poolers pass on only the first LISTEN of a message.
      for (const channel of [proofChannel, ...this.#channels])
        await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      await this.#prove();
    } catch (error) {
      choice.doubt();
      destroy(client);
      throw error;
    }
    if (this.#stopped) return client.end();
    this.#client = client;
    this.#failures = 0;
    this.#beatLater(client);
  }

  #newClient(url: string): pg.Client {
    const { silenceMs } = this.#patience;
    const client = new pg.Client({
      connectionString: url,
      // Connecting takes longer than a proof: names are resolved, and TLS is agreed on.
      connectionTimeoutMillis: 2 * silenceMs,
      query_timeout: 2 * silenceMs,
      keepAlive: true,
      application_name: this.#parts.name ?? 'curfew listener',
    });
    client.on('error', (error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client, new Error('connection ended')));
    client.on('notification', ({ channel, payload }) => this.#heard(channel, payload ?? ''));
    return client;
  }

  #heard(channel: string, payload: string): void {
    if (channel !== proofChannel) this.#handlers.onNotification(channel, payload);
    else if (payload === this.#awaited?.payload) this.#awaited.heard();
  }

  /** Sends a notification and waits for it. @throws NotHeard, or the failure of the sending */
  async #prove(): Promise<void> {
    const payload = `${this.#name}:${this.#proofs++}`;
    let given: NodeJS.Timeout | undefined;
    const heard = new Promise<void>((resolve, reject) => {
      this.#awaited = { payload, heard: resolve };
      given = setTimeout(() => reject(new NotHeard()), this.#patience.silenceMs).unref();
    });
    try {
      await Promise.race([
        heard,
        this.#parts.through.run(sendProof, [proofChannel, payload]).then(() => heard),
      ]);
    } finally {
      clearTimeout(given);
      this.#awaited = undefined;
    }
  }

  #beatLater(client: pg.Client): void {
    this.#timer = setTimeout(() => {
      this.#prove().then(
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
