import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Browser } from '../load/browser.mjs';
import { Connection } from '../load/connection.mjs';
import { codeRequest } from '../load/operations.mjs';
import { createDatabase } from '../machine/cluster.mjs';
import { freePort, startServer } from '../machine/server-process.mjs';
import { seeding } from '../seed/seeding.mjs';
import { spread } from '../seed/spread.mjs';

const schema = new URL('../baseline/schema.sql', import.meta.url);
const client = { id: 'baseline', secret: 'a-generated-secret-of-thirty-two-bytes' };
const machine = { id: 'machine', secret: 'another-generated-secret-of-thirty-two' };
const redirectUri = 'https://client.example.test/callback';
const scope = 'openid offline_access';
const account = randomUUID();

const copiedToken = (n) => createHash('sha256').update(`baseline${n}`).digest('hex').slice(0, 43);

// Copies a refresh token and its grant that a real sign-in left behind, each copy under ids of its own.
const copies = `
  WITH real AS (SELECT * FROM oidc_model WHERE kind = 'RefreshToken' LIMIT 1),
       permission AS (SELECT g.* FROM oidc_model g, real WHERE g.kind = 'Grant' AND g.id = real.grant_id),
       fresh AS (SELECT left(encode(sha256(convert_to('baseline' || n, 'UTF8')), 'hex'), 43) AS token,
                        left(encode(sha256(convert_to('grant' || n, 'UTF8')), 'hex'), 43) AS grant_id FROM generate_series(1, $1::int) n)
  INSERT INTO oidc_model (id, kind, payload, grant_id, uid, expires_at)
  SELECT token, 'RefreshToken', payload || jsonb_build_object('jti', token, 'grantId', fresh.grant_id), fresh.grant_id, uid, expires_at
  FROM real, fresh
  UNION ALL
  SELECT fresh.grant_id, 'Grant', payload || jsonb_build_object('jti', fresh.grant_id), NULL, uid, expires_at
  FROM permission, fresh`;

/** Starts the baseline with that many sessions, one through its own pages and the others copied from it. */
export async function startBaseline({ cluster, generator, sessions, driven }) {
  const databaseUrl = await createDatabase(cluster, 'baseline');
  await seeding(databaseUrl, async (database) => {
    await database.query(readFileSync(schema, 'utf8'));
    await database.query('INSERT INTO person VALUES ($1, $2)', [account, 'person@example.test']);
  });
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const server = await startServer({
    script: 'bench/baseline/server.mjs',
    environment: { BENCH_BASELINE: JSON.stringify({ databaseUrl, port, client, machine, redirectUri }) },
    readyUrl: `http://127.0.0.1:${port}/.well-known/openid-configuration`,
  });
  const endpoints = {
    authorization: `${issuer}/auth`,
    token: `${issuer}/token`,
    introspection: `${issuer}/token/introspection`,
    revocation: `${issuer}/token/revocation`,
  };
  const newSession = () => signIn(port, endpoints);
  await newSession();
  await seeding(databaseUrl, async (database) => {
    await database.query(copies, [sessions]);
    await database.query('VACUUM (ANALYZE) oidc_model');
  });
  const items = spread(sessions, driven).map((n) => ({ refreshToken: copiedToken(n) }));
  await generator.call('load', { pool: 'baseline/chains', items });
  await generator.call('load', { pool: 'baseline/machine', items: Array.from({ length: 1000 }, () => ({})) });
  return {
    name: 'baseline',
    pid: server.pid,
    port,
    database: 'baseline',
    target: { endpoints },
    client,
    introspector: client,
    newSession,
    scenarios: {
      // A narrower scope without openid is how a client of this library says that it wants no ID token.
      refresh: {
        pool: 'baseline/chains',
        operation: 'refresh',
        options: { client, parameters: { scope: 'offline_access' } },
      },
      'refresh-id-token': {
        pool: 'baseline/chains',
        operation: 'refresh',
        options: { client, idToken: true },
      },
      introspection: { pool: 'baseline/live', operation: 'introspection', options: { client } },
      'client-credentials': {
        pool: 'baseline/machine',
        operation: 'client-credentials',
        options: { client: machine },
      },
    },
    stop: server.stop,
  };
}

async function signIn(port, endpoints) {
  const connection = new Connection(port);
  const person = { username: account, password: 'any' };
  const code = await new Browser().authorize(connection, {
    endpoint: endpoints.authorization,
    client,
    redirectUri,
    scope,
    person,
  });
  const answer = await connection.send(codeRequest(new URL(endpoints.token), client, code));
  connection.close();
  const body = JSON.parse(answer.body);
  if (!body.refresh_token)
    throw new Error(`the baseline gave no refresh token: ${body.error_description ?? answer.status}`);
  return { refreshToken: body.refresh_token, accessToken: body.access_token };
}
