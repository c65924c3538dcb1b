import type { DatabaseConfiguration } from '@curfew/config';
import pg from 'pg';
import type { DatabaseGuard } from './guard/database-guard.js';
import { type PoolLoad, poolLoad, poolSettings } from './pool.js';
import type { HotStatement, Statements } from './statements.js';

/** Runs a prepared statement on a connection of the pool. */
export async function runOn<Row extends unknown[]>(
  pool: pg.Pool,
  { name, text, place }: HotStatement,
  values: readonly unknown[],
): Promise<Row[]> {
  const asked = { name, text, values: values as unknown[], rowMode: 'array' as const, place };
  const result = await pool.query(asked);
  return result.rows as Row[];
}

/**
 * By default PostgreSQL plans a statement with short arrays anew at each execution, because it takes the plan for these arrays to be cheaper
 * than a general one (PREPARE, Notes); planning costs three times what the statement does. Every statement here finds its rows by a key, so
 * one plan is right for all values. It must not be a scan of a table that was empty when it was made. Behind a pooler such a setting would
 * go to whoever gets the connection next, so there the server plans as it does by default.
 */
const planOnce = 'SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off';

/**
 * The few statements of the hottest paths, straight through the driver and prepared. A query through Prisma costs the
 * process more than twice as much CPU (docs/performance.md, ADR 0015); everything that is not hot stays with Prisma.
 */
export class HotStatements implements Statements {
  readonly #pool: pg.Pool;

  constructor(configuration: DatabaseConfiguration, connections: number, guard?: DatabaseGuard) {
    const settings = poolSettings(configuration, connections, guard);
    this.#pool = new pg.Pool({
      ...settings,
      onConnect: async (client) => {
        await settings.onConnect(client);
        if (!configuration.isPooled) await client.query(planOnce);
      },
    });
    // A connection lost while idle is replaced at the next use; the error belongs to nobody.
    this.#pool.on('error', () => {});
  }

  /** Runs a statement; rows as arrays, in the order of its columns. */
  run<Row extends unknown[]>(statement: HotStatement, values: readonly unknown[]): Promise<Row[]> {
    return runOn(this.#pool, statement, values);
  }

  /** How many connections there are, how many have nothing to do, and how many statements wait for one. */
  get load(): PoolLoad {
    return poolLoad(this.#pool);
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    await this.#pool.end();
  }
}
