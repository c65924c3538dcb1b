import pg from 'pg';
import { CommandError } from '../exit.js';

/** The database is never blocked for longer, whatever becomes of the scenario. */
const maxBlockMs = 30_000;

/**
 * Blocks the database of an installation for a scenario: the table of sessions is locked, as a schema change or a backup gone wrong would. The lock
 * goes when this process does.
 */
export class BlockedDatabase {
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly url: string | null) {}

  /** Takes the lock; resolves when nobody else reads or writes a session any more. */
  async block(): Promise<void> {
    if (this.#client) return;
    if (this.url === null)
      throw new CommandError(
        'a scenario that blocks the database needs DATABASE_URL, or the file that npm start writes',
      );
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => {}); // a lost connection has released the lock
    try {
      await client.connect();
      await client.query(
        `BEGIN; SET LOCAL lock_timeout = '10s'; LOCK TABLE "session" IN ACCESS EXCLUSIVE MODE`,
      );
    } catch (error) {
      await client.end().catch(() => {});
      const { code = 'no answer' } = error as { code?: string };
      throw new CommandError(`the database could not be blocked (${code})`);
    }
    this.#client = client;
    this.#timer = setTimeout(() => void this.free(), maxBlockMs).unref();
  }

  /** Releases the lock, if it is held. */
  async free(): Promise<void> {
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }
}
