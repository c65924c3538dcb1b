import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createDatabase } from '../machine/cluster.mjs';
import { freePort, startServer } from '../machine/server-process.mjs';
import { seeding } from '../seed/seeding.mjs';
import { spread } from '../seed/spread.mjs';

const client = { id: 'floor', secret: 'a-generated-secret-of-thirty-two-bytes' };
const schema = new URL('../floors/schema.sql', import.meta.url);

// The n-th session of the bulk load: its token is known without asking, because both sides can compute it.
function tokenOf(n) {
  const hex = createHash('md5').update(`floor${n}`).digest('hex');
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return `${id}.${createHash('sha256').update(`floor-secret${n}`).digest('base64url')}`;
}

const seed = (databaseUrl, sessions) =>
  seeding(databaseUrl, async (database) => {
    await database.query(readFileSync(schema, 'utf8'));
    await database.query(
      `INSERT INTO floor_session (id, account_id, claims, expires_at, token_hash)
       SELECT md5('floor' || n)::uuid, gen_random_uuid(), '{"scope": "openid offline_access"}', now() + interval '1 day',
              sha256(sha256(convert_to('floor-secret' || n, 'UTF8'))) FROM generate_series(1, $1::int) n`,
      [sessions],
    );
    await database.query('VACUUM (ANALYZE) floor_session');
  });

/** Starts the floor with that many sessions, of which the driver holds `driven` spread over all. */
export async function startFloor({ cluster, generator, sessions, driven }) {
  const databaseUrl = await createDatabase(cluster, 'floor');
  await seed(databaseUrl, sessions);
  const port = await freePort();
  const server = await startServer({
    script: 'bench/floors/server.mjs',
    environment: { BENCH_FLOOR: JSON.stringify({ databaseUrl, port, client }) },
    readyUrl: `http://127.0.0.1:${port}/ready`,
  });
  const at = (path) => `http://localhost:${port}${path}`;
  const endpoints = { token: at('/token'), introspection: at('/introspection'), gateway: at('/gateway') };
  const [spare, ...numbers] = spread(sessions, driven + 1);
  await generator.call('load', {
    pool: 'floor/chains',
    items: numbers.map((n) => ({ refreshToken: tokenOf(n) })),
  });
  await generator.call('load', { pool: 'floor/machine', items: Array.from({ length: 1000 }, () => ({})) });
  return {
    name: 'floor',
    pid: server.pid,
    port,
    database: 'floor',
    target: { endpoints },
    client,
    introspector: client,
    newSession: async () => ({ refreshToken: tokenOf(spare) }),
    scenarios: {
      refresh: { pool: 'floor/chains', operation: 'refresh', options: { client } },
      'refresh-id-token': {
        pool: 'floor/chains',
        operation: 'refresh',
        options: { client, idToken: true, parameters: { scope: 'openid offline_access' } },
      },
      introspection: { pool: 'floor/live', operation: 'introspection', options: { client } },
      'client-credentials': { pool: 'floor/machine', operation: 'client-credentials', options: { client } },
      'gateway-warm': { pool: 'floor/live', operation: 'gateway', options: {} },
    },
    stop: server.stop,
  };
}
