import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startPostgres } from '../../scripts/embedded-postgres.mjs';

/**
 * One PostgreSQL for the whole run, and in it one migrated database that test databases are copied from. With DATABASE_URL set, that
 * server is used instead, and only databases of our own making are touched.
 */
export default async function setUp() {
  const cluster = process.env.DATABASE_URL ? undefined : await startCluster();
  const server = process.env.DATABASE_URL ?? cluster.url;
  const template = `curfew_test_template_${process.pid}`;
  await onServer(server, (client) => client.query(`CREATE DATABASE "${template}"`));
  const url = new URL(server);
  url.pathname = `/${template}`;
  const { migrate } = await import('../../libs/persistence/dist/index.js').catch((error) => {
    throw new Error(`the sources are not built; run npm run build (${error.message})`);
  });
  await migrate(url.href);
  process.env.TEST_SERVER_URL = server;
  process.env.TEST_TEMPLATE = template;
  globalThis.tearDownTestCluster = async () => {
    if (cluster) await cluster.remove();
    else
      await onServer(server, (client) => client.query(`DROP DATABASE IF EXISTS "${template}" WITH (FORCE)`));
  };
}

async function startCluster() {
  const home = mkdtempSync(path.join(os.tmpdir(), 'curfew-test-'));
  const cluster = await startPostgres({
    home,
    fsync: false,
    settings: { autovacuum: 'off', max_connections: '300' },
  });
  const remove = async () => {
    await cluster.stop();
    rmSync(home, { recursive: true, force: true });
  };
  return { url: cluster.url, remove };
}

async function onServer(url, work) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
