import { setTimeout as pause } from 'node:timers/promises';
import { databaseUrls } from '@curfew/config';
import pg from 'pg';
import { standbyRefused } from './guard/refusal.js';

/** How long one server of a list may take to answer, in milliseconds. */
const patienceMs = 1_000;
/** Processes that lose a server look for the next one within this time, and not all at once. */
const maxJitterMs = 200;

/**
 * Which server of a list takes writes. The answer is remembered until somebody doubts it: the list is asked in its order, and a server that
 * only reads, or does not answer, is left out. With one server there is nothing to ask.
 */
export class ServerChoice {
  static readonly #known = new Map<string, ServerChoice>();
  readonly #urls: readonly string[];
  #chosen: Promise<string> | undefined;
  #isFirst = true;

  private constructor(url: string) {
    this.#urls = databaseUrls(url);
  }

  /** The one choice of this process for a list: the next connection knows the findings of the one before it. */
  static of(url: string): ServerChoice {
    const known = ServerChoice.#known.get(url) ?? new ServerChoice(url);
    ServerChoice.#known.set(url, known);
    return known;
  }

  /** Whether there is anything to choose from. */
  get isList(): boolean {
    return this.#urls.length > 1;
  }

  /** The URL of the server that takes writes. Rejects with the last server's fault if none does. */
  current(): Promise<string> {
    if (!this.isList) return Promise.resolve(this.#urls[0]!);
    this.#chosen ??= this.#find().catch((error: unknown) => {
      this.#chosen = undefined;
      throw error;
    });
    return this.#chosen;
  }

  /** The remembered server was lost, or takes no writes: the next connection looks for another one. */
  doubt(): void {
    this.#chosen = undefined;
  }

  async #find(): Promise<string> {
    if (!this.#isFirst) await pause(Math.random() * maxJitterMs);
    this.#isFirst = false;
    let fault: unknown = standbyRefused();
    for (const url of this.#urls) {
      try {
        if (await takesWrites(url)) return url;
      } catch (error) {
        fault = error;
      }
    }
    throw fault;
  }
}

async function takesWrites(url: string): Promise<boolean> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
    application_name: 'curfew choice',
  });
  client.on('error', () => {}); // a lost connection shows in the query that was running
  try {
    await client.connect();
    const { rows } = await client.query<{ reads: boolean }>(
      `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS reads`,
    );
    return !rows[0]!.reads;
  } finally {
    client.end().catch(() => {});
  }
}
