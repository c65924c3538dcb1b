import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { migrate } from '@curfew/persistence';
import { type Cluster, startPostgres } from '../../scripts/embedded-postgres.mjs';
import { databaseAt, type TestDatabase } from '../support/database.js';

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
  await migrate(cluster.url);
  const remove = async () => {
    await cluster.stop();
    rmSync(home, { recursive: true, force: true });
  };
  return {
    ...databaseAt(cluster.url, 'curfew', remove),
    async crashAndRecover() {
      cluster.crash();
      cluster = await start();
    },
  };
}
