import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { startPostgres } from '../../scripts/embedded-postgres.mjs';

/*
 * A PostgreSQL cluster for one run: the product's own embedded one, durable as in production (fsync, synchronous_commit
 * and full_page_writes are on), in a folder of its own that is gone afterwards. No checkpoint falls into a short run, so
 * that its blocks can be compared; a long run has them, as life does.
 */
const settings = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '512MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
  shared_preload_libraries: 'pg_stat_statements',
};

/** A running cluster: `url(database)`, `pid` of its process tree, `version`, `crashAndRestart()`, `stop()`. */
export async function startCluster() {
  const home = mkdtempSync(path.join(os.tmpdir(), 'curfew-bench-'));
  const remove = () => rmSync(home, { recursive: true, force: true });
  process.once('exit', remove);
  let running = await startPostgres({ home, settings });
  const url = (database) => running.urlOf(database);
  const version = await asAdministrator({ url }, async (client) => {
    // Not a flag: the counting blocks switch it on, and flags cannot be changed at run time.
    await client.query("ALTER SYSTEM SET pg_stat_statements.track = 'none'");
    await client.query('SELECT pg_reload_conf()');
    return (await client.query('SHOW server_version')).rows[0].server_version;
  });
  return {
    url,
    version,
    get pid() {
      return running.postmaster;
    },
    /** As a power cut would end it; the same cluster comes back at the same address. */
    async crashAndRestart() {
      running.crash();
      running = await startPostgres({ home, settings });
    },
    /** Waits until everything that was written so far is on the disk, so that no measurement shares it with seeding. */
    async rest() {
      await asAdministrator({ url }, (client) => client.query('CHECKPOINT'));
      await promisify(execFile)('sync');
    },
    async stop() {
      await running.stop();
      process.removeListener('exit', remove);
      remove();
    },
  };
}

/** Creates an empty database and returns its address. */
export async function createDatabase(cluster, name) {
  await asAdministrator(cluster, (client) => client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`));
  return cluster.url(name);
}

/** Where the system's packages put pgbench, which the embedded PostgreSQL does not bring; undefined where it is not installed. */
export function pgbenchOfTheSystem() {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => path.join(root, version, 'bin/pgbench')).find((file) => existsSync(file));
}

async function asAdministrator(cluster, work) {
  const client = new pg.Client(cluster.url('postgres'));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
