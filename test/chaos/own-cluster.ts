import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadConfiguration } from '@curfew/config';
import { migrate, PrismaService } from '@curfew/persistence';
import pg from 'pg';
import { type Cluster, startPostgres } from '../../scripts/embedded-postgres.mjs';
import type { TestDatabase } from '../support/database.js';

/** A database in a PostgreSQL of its own, which may be killed. */
export interface OwnDatabase extends TestDatabase {
  /** Kills PostgreSQL as a power cut would, and starts it again on the same port. */
  crashAndRecover(): Promise<void>;
}

/** Starts a PostgreSQL that keeps its word about what is durable, with a migrated database in it. */
export async function startOwnDatabase(
  settings: Readonly<Record<string, string>> = {},
): Promise<OwnDatabase> {
  const home = mkdtempSync(path.join(os.tmpdir(), 'curfew-chaos-'));
  const start = (): Promise<Cluster> =>
    startPostgres({ home, fsync: true, settings: { max_connections: '200', ...settings } });
  let cluster = await start();
  const { url } = cluster;
  await migrate(url);
  const pool = new pg.Pool({ connectionString: url, max: 3 });
  pool.on('error', () => {}); // killed on purpose
  const clients: PrismaService[] = [];
  const configuration: TestDatabase['configuration'] = (changes = {}) =>
    loadConfiguration({ DATABASE_URL: url, ...changes }, { keys: false }).database;
  return {
    name: 'curfew',
    url,
    configuration,
    prisma(changes) {
      const client = new PrismaService(configuration(changes));
      clients.push(client);
      return client;
    },
    async query<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
      return (await pool.query(sql, [...values])).rows as Row[];
    },
    async crashAndRecover() {
      cluster.crash();
      cluster = await start();
    },
    async drop() {
      await Promise.allSettled(clients.map((client) => client.$disconnect()));
      await pool.end().catch(() => {});
      await cluster.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
