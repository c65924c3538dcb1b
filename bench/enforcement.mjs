import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, startServer } from './machine/server-process.mjs';
import { guardedApi, register } from './seed/register.mjs';
import { ensureBuilt } from './setup.mjs';

/*
 * node bench/enforcement.mjs [rounds]: how soon an ended session is denied, with ten followers on one machine: two
 * gateways asked over HTTP, as a reverse proxy would, and eight APIs in this process.
 */
const rounds = Number(process.argv[2] ?? 100);
const apis = 8;
const host = 'orders.bench.example.test';
const say = (line) => console.log(line);
const ms = (value) => `${value.toFixed(1)} ms`;

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
await ensureBuilt((line) => process.stderr.write(`  ${line}\n`));
const [{ createDatabase, startCluster }, { openCounters }, { migrate }, { createVerifier }, { default: pg }] =
  await Promise.all([
    import('./machine/cluster.mjs'),
    import('./machine/database-counters.mjs'),
    import('@curfew/persistence'),
    import('@curfew/resource-server'),
    import('pg'),
  ]);

const cluster = await startCluster();
const databaseUrl = await createDatabase(cluster, 'measured');
await migrate(databaseUrl);
const secret = randomBytes(32).toString('base64url');
const registered = { ...(await register(databaseUrl, secret)), machine: await registerMachine() };
const port = await freePort();
const issuer = `http://localhost:${port}`;
const server = await startServer({
  script: 'apps/auth-server/dist/main.js',
  environment: {
    CURFEW_MODE: 'production',
    CURFEW_ISSUER: issuer,
    CURFEW_AUTH_PORT: String(port),
    CURFEW_KEY_ENCRYPTION_SECRETS: secret,
    DATABASE_URL: databaseUrl,
  },
  readyUrl: `${issuer}/health/ready`,
});
const home = mkdtempSync(path.join(os.tmpdir(), 'curfew-bench-enforcement-'));
const gateways = await Promise.all([startGateway(), startGateway()]);
const verifiers = Array.from({ length: apis }, () =>
  createVerifier({
    issuer,
    clientId: registered.api.id,
    clientSecret: registered.api.secret,
    audience: guardedApi,
  }),
);
const counters = await openCounters(cluster, 'measured');
try {
  while (!verifiers.every(({ following }) => following)) await pause(20);
  await timeToDeny();
  await warmDecisions();
  await burst('announced', (ids) =>
    sql(`SELECT pg_notify('curfew_ends', id) FROM unnest($1::text[]) AS id`, ids),
  );
  await burst('found in the database, because every announcement got lost', (ids) =>
    sql(
      `INSERT INTO event (id, at, type, session_id, data)
       SELECT gen_random_uuid(), now(), 'session.ended', id::uuid, '{}' FROM unnest($1::text[]) AS id`,
      ids,
    ),
  );
  await cutFeed();
  const memory = execFileSync(process.execPath, ['--expose-gc', 'bench/verdict-memory.mjs'], {
    encoding: 'utf8',
  });
  const { size, rss } = JSON.parse(memory);
  say(`what a gateway remembers: ${size} sessions in a process of ${Math.round(rss / 1e6)} MB`);
} finally {
  await Promise.all(verifiers.map((one) => one.close()));
  for (const gateway of gateways) await gateway.stop();
  await counters.close();
  await server.stop();
  await cluster.stop();
  rmSync(home, { recursive: true, force: true });
}

/** A program that calls the API in its own name. */
async function registerMachine() {
  const [{ ClientService }, { PrismaService }, { loadConfiguration }] = await Promise.all([
    import('@curfew/clients'),
    import('@curfew/persistence'),
    import('@curfew/config'),
  ]);
  const environment = { DATABASE_URL: databaseUrl, CURFEW_KEY_ENCRYPTION_SECRETS: secret };
  const prisma = new PrismaService(loadConfiguration(environment).database);
  const clock = { now: () => Date.now() };
  const clients = new ClientService({ prisma, clock, rules: { allowPrivateAddresses: false } });
  const registration = {
    client_name: 'caller',
    grant_types: ['client_credentials'],
    resources: [guardedApi],
  };
  const made = await clients.create(registration, { id: 'caller' });
  await prisma.$disconnect();
  return { id: 'caller', secret: made.secret };
}

async function startGateway() {
  const own = await freePort();
  const file = path.join(home, `${own}.yaml`);
  writeFileSync(
    file,
    JSON.stringify({
      proxies: ['127.0.0.0/8'],
      forwarded: ['x-forwarded'],
      apis: {
        guarded: {
          audience: guardedApi,
          clientId: registered.api.id,
          clientSecretVariable: 'BENCH_API_SECRET',
        },
      },
      routes: [{ name: 'orders', hosts: [host], api: 'guarded' }],
    }),
  );
  const started = await startServer({
    script: 'apps/gateway/dist/main.js',
    environment: {
      CURFEW_MODE: 'production',
      CURFEW_ISSUER: issuer,
      CURFEW_GATEWAY_PORT: String(own),
      CURFEW_GATEWAY_URL: `http://localhost:${own}`,
      CURFEW_GATEWAY_ROUTES: file,
      BENCH_API_SECRET: registered.api.secret,
    },
    readyUrl: `http://127.0.0.1:${own}/health/ready`,
  });
  return { ...started, url: `http://127.0.0.1:${own}/forward-auth` };
}

async function post(where, form) {
  const { id, secret: own } = registered.machine;
  const answer = await fetch(`${issuer}${where}`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${own}`).toString('base64')}` },
    body: new URLSearchParams(form),
  });
  if (!answer.ok) throw new Error(`${where} answered ${answer.status}`);
  return answer;
}

async function newToken() {
  const answer = await post('/token', { grant_type: 'client_credentials', resource: guardedApi });
  return (await answer.json()).access_token;
}

async function sql(statement, ids) {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query(statement, [ids]);
  await client.end();
}

async function askGateway({ url }, token) {
  const answer = await fetch(url, {
    headers: {
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': host,
      'x-forwarded-uri': '/orders',
      authorization: `Bearer ${token}`,
    },
  });
  await answer.arrayBuffer();
  return answer.status === 200;
}

async function askVerifier(verifier, token) {
  const verdict = await verifier.verify({ headers: { authorization: `Bearer ${token}` } });
  return verdict.kind === 'allowed';
}

/** From the moment the revocation was acknowledged to the first denial, at every follower. */
async function timeToDeny() {
  const followers = [
    ...gateways.map((one) => ({ kind: 'gateways', passes: (token) => askGateway(one, token) })),
    ...verifiers.map((one) => ({ kind: 'APIs', passes: (token) => askVerifier(one, token) })),
  ];
  const took = { gateways: [], APIs: [] };
  for (let round = 0; round < rounds; round++) {
    const token = await newToken();
    for (const { passes } of followers)
      if (!(await passes(token))) throw new Error('a good token was refused');
    await post('/revocation', { token });
    const acknowledged = performance.now();
    await Promise.all(
      followers.map(async ({ kind, passes }) => {
        while (await passes(token)) await pause(1);
        took[kind].push(performance.now() - acknowledged);
      }),
    );
  }
  for (const [kind, values] of Object.entries(took)) {
    values.sort((a, b) => a - b);
    const at = (part) => ms(values[Math.min(values.length - 1, Math.floor(values.length * part))]);
    say(
      `revocation to denial, ${kind}: p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)} (${values.length})`,
    );
  }
}

/** What decisions about a token that is known make anybody else do. */
async function warmDecisions() {
  const count = 20_000;
  const token = await newToken();
  await askGateway(gateways[0], token);
  await askVerifier(verifiers[0], token);
  const counted = async (work) => {
    await counters.start();
    const began = performance.now();
    await work();
    const took = performance.now() - began;
    return { took, statements: (await counters.stop()).statements };
  };
  const calls = [];
  const original = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    calls.push(String(input));
    return original(input, init);
  };
  const busy = await counted(async () => {
    for (let i = 0; i < count; i++) await askVerifier(verifiers[0], token);
  });
  globalThis.fetch = original;
  const asked = calls.filter((url) => url.includes('/introspection')).length;
  say(
    `${count} warm decisions: ${ms(busy.took)}, ${((busy.took / count) * 1000).toFixed(1)} µs each, ${asked} questions to anybody`,
  );
  const few = count / 20;
  const atGateway = await counted(async () => {
    for (let i = 0; i < few; i++) await askGateway(gateways[0], token);
  });
  const idle = await counted(() => pause(atGateway.took));
  say(
    `${few} warm decisions of a gateway over HTTP: ${atGateway.statements} statements at the database; as long without any: ${idle.statements}`,
  );
}

async function burst(how, end) {
  const ids = Array.from({ length: 10_000 }, () => crypto.randomUUID());
  const began = performance.now();
  await end(ids);
  const known = (one) => ids.every((id) => one.knowsEnded(id));
  while (!verifiers.every(known)) await pause(5);
  say(`10,000 ends at once, ${how}: at every follower after ${ms(performance.now() - began)}`);
}

/** The server is stopped in the middle of everything: connections stay up and say nothing. */
async function cutFeed() {
  const token = await newToken();
  for (const gateway of gateways) await askGateway(gateway, token);
  await pause(1_000);
  process.kill(server.pid, 'SIGSTOP');
  const cut = performance.now();
  let last = 0;
  await Promise.all(
    gateways.map(async (gateway) => {
      while (performance.now() - cut < 4_000) {
        const started = performance.now() - cut;
        if (await askGateway(gateway, token)) last = Math.max(last, started);
        await pause(5);
      }
    }),
  );
  process.kill(server.pid, 'SIGCONT');
  say(`feed cut without a word: the last request let pass began ${ms(last)} later`);
}
