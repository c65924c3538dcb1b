import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { InsideAddressRefused, outboundFetch } from '../../libs/token-endpoint/src/client/outbound-fetch.js';
import { createCertificate } from '../support/certificate.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { inside, judged, rebinding, thisMachine } from '../support/inside-addresses.js';
import { freePort } from '../support/ports.js';
import { type RunningServer, startServer } from '../support/server.js';
import { ProtocolWorld, reports } from './protocol-world.js';

/*
 * The tricks by which somebody who chooses an address makes a service ask another one of the inside, each by the way that addresses of client
 * documents go: from the authorization endpoint to the connection. A trap stands on every address of this machine and counts connections.
 */
let folder: string;
/** Nobody ought to come here. */
let trap: Server;
let hits = 0;
let trapPort: number;
/** The host that was allowed, by its own name. */
let publisher: Server;
let publisherPort: number;
const documents = new Map<string, (response: ServerResponse) => void>();
/** As in production: addresses of the inside are refused. */
let guarded: RunningServer;
let guardedDatabase: TestDatabase;
/** As in development, so that nothing but spelling, allow-list and the treatment of answers is in the way. */
let world: ProtocolWorld;

/** Names of somebody's zone, with what it answers to each question. */
const zone: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'loopback.ssrf.example': [['127.0.0.1']],
  'loopback6.ssrf.example': [['::1']],
  'mapped.ssrf.example': [['::ffff:127.0.0.1']],
  'compatible.ssrf.example': [['::127.0.0.1']],
  'translated.ssrf.example': [['64:ff9b::7f00:1']],
  'anything.ssrf.example': [['0.0.0.0']],
  'anything6.ssrf.example': [['::']],
  'scoped.ssrf.example': [['fe80::1%lo']],
  'metadata.ssrf.example': [['169.254.169.254']],
  'several.ssrf.example': [['10.0.0.1', '127.0.0.1', '::1']],
  'rebinding.ssrf.example': [['10.0.0.1'], ['127.0.0.1']],
  'no-address.ssrf.example': [['no address']],
};

const listening = async (server: Server, host?: string): Promise<number> => {
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'curfew-ssrf-'));
  const cert = createCertificate(folder, 'localhost');
  const key = readFileSync(join(folder, 'localhost.key'));
  const hit = () => {
    hits += 1;
  };
  trap = createServer({ cert, key }, (_request, response) => response.end('{}'));
  // A request may come by a connection that is open already.
  trap.on('connection', hit).on('request', hit);
  trapPort = await listening(trap);
  publisher = createServer({ cert, key }, (request, response) => {
    const answer = documents.get(request.url ?? '');
    if (answer) answer(response);
    else response.writeHead(404).end();
  });
  publisherPort = await listening(publisher, '127.0.0.1');
  const settings = {
    CURFEW_CLIENT_DOCUMENTS: 'true',
    NODE_EXTRA_CA_CERTS: join(folder, 'localhost.pem'),
    NODE_OPTIONS: `--import ${pathToFileURL(join(process.cwd(), 'test/support/hostile-dns.mjs'))}`,
    HOSTILE_DNS: JSON.stringify(zone),
  };
  world = await ProtocolWorld.start(settings);
  guardedDatabase = await createTestDatabase();
  const port = String(await freePort());
  const production = {
    CURFEW_MODE: 'production',
    CURFEW_ISSUER: `http://localhost:${port}`,
    CURFEW_AUTH_PORT: port,
    CURFEW_ADMIN_URL: 'http://localhost:9',
    CURFEW_DEV_FILE: '',
  };
  guarded = await startServer({
    databaseUrl: guardedDatabase.url,
    settings: { ...settings, ...production },
  });
}, 120_000);
afterAll(async () => {
  await guarded?.stop();
  await guardedDatabase?.drop();
  await world?.stop();
  for (const server of [trap, publisher]) {
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
  }
  if (folder) await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  hits = 0;
});

const publisherHost = () => `localhost:${publisherPort}`;

/** Allows hosts as their row does, whatever the admin API would say of such names. */
async function allowOnly(
  database: TestDatabase,
  hosts: readonly string[],
  resources: readonly string[] = [],
) {
  await database.query('DELETE FROM client_host');
  for (const host of hosts)
    await database.query('INSERT INTO client_host (host, resources, created_at) VALUES ($1, $2, now())', [
      host,
      resources,
    ]);
}

/** Asks for a client as anybody may who is nobody here; the status. */
async function asked({ issuer }: { readonly issuer: string }, id: string): Promise<number> {
  const parameters = new URLSearchParams({
    client_id: id,
    redirect_uri: 'http://127.0.0.1/callback',
    response_type: 'code',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
    resource: reports,
  });
  const response = await fetch(`${issuer}/authorize?${parameters}`, { redirect: 'manual' });
  await response.text();
  return response.status;
}

/** Asks the guarded server, and looks that it refused the address, and not the client before anybody asked for the address. */
async function refused(id: string): Promise<void> {
  expect(await asked(guarded, id)).toBe(400);
  const isTold = () =>
    guarded
      .output()
      .split('\n')
      .some((line) => line.includes('InsideAddressRefused') && line.includes(JSON.stringify(id)));
  for (let turn = 0; !isTold() && turn < 100; turn += 1) await pause(20);
  expect([id, isTold()]).toEqual([id, true]);
}

const guardedFetch = outboundFetch({ allowInside: false, timeoutMs: 2_000 });
const unguardedFetch = outboundFetch({ allowInside: true, timeoutMs: 2_000 });

/** The id of a client at this host, as a browser would write it. */
const idAt = (host: string): string => new URL(`https://${host}:${trapPort}/${randomUUID()}.json`).href;

/** A host that somebody allowed, whose name or address is one of the inside. */
async function refusedInside(host: string): Promise<void> {
  const id = idAt(host);
  await allowOnly(guardedDatabase, [new URL(id).host]);
  await refused(id);
  for (const scheme of ['http', 'https'])
    await expect(guardedFetch(`${scheme}://${host}:${trapPort}/`)).rejects.toThrow(InsideAddressRefused);
  expect(hits).toBe(0);
}

/** The trick that would be one if nothing were in its way. */
async function reachesTheTrap(ask: () => Promise<unknown>): Promise<void> {
  await ask().catch(() => undefined);
  expect(hits).toBeGreaterThan(0);
  hits = 0;
}

type Trick = readonly [name: string, attempt: () => Promise<void>];

const ofThisMachine: readonly Trick[] = thisMachine.map((host) => [
  `this machine as ${host}`,
  async () => {
    await reachesTheTrap(() => unguardedFetch(`http://${host}:${trapPort}/`));
    await refusedInside(host);
  },
]);

const ofInside: readonly Trick[] = inside.map((host) => [`the address ${host}`, () => refusedInside(host)]);

const ofNames: readonly Trick[] = Object.entries(zone).map(([name, answers]) => [
  `a name for ${answers.map((addresses) => addresses.join(' and ')).join(', then ')}`,
  async () => {
    await allowOnly(guardedDatabase, [`${name}:${trapPort}`]);
    // The zone may have changed until the second time.
    for (const id of [idAt(name), idAt(name)]) await refused(id);
    expect(hits).toBe(0);
  },
]);

const ofRebinding: readonly Trick[] = rebinding.map(([said, answers]) => [
  `a name that ${said}`,
  async () => {
    for (const all of [true, false]) {
      const { questions, addresses } = await judged(answers, all);
      // As the connection would, but for addresses that are no part of this machine.
      for (const address of addresses.filter((one) => one !== '1.1.1.1')) {
        const socket = connect(trapPort, address);
        await once(socket, 'connect').finally(() => socket.destroy());
      }
      expect([questions, addresses]).toEqual([1, ['1.1.1.1']]);
    }
    expect(hits).toBe(0);
  },
]);

/** Names that the resolver of the machine may know, or not. */
const ofTheMachine: readonly Trick[] = [hostname(), 'localhost.', 'ip6-localhost', 'a.localhost'].map(
  (name) => [
    `the name ${name}`,
    async () => {
      const id = idAt(name);
      await allowOnly(guardedDatabase, [new URL(id).host]);
      expect(await asked(guarded, id)).toBe(400);
      await expect(guardedFetch(`http://${name}:${trapPort}/`)).rejects.toThrow();
      expect(hits).toBe(0);
    },
  ],
);

const ofCredentials: readonly Trick[] = ['someone', 'example.com:80'].map((credentials) => [
  `this machine behind the name of somebody, ${credentials}@`,
  async () => {
    const address = `127.0.0.1:${trapPort}`;
    await reachesTheTrap(() => unguardedFetch(`http://${credentials}@${address}/`));
    await allowOnly(guardedDatabase, [address]);
    expect(await asked(guarded, `https://${credentials}@${address}/agent.json`)).toBe(400);
    for (const scheme of ['http', 'https'])
      await expect(guardedFetch(`${scheme}://${credentials}@${address}/`)).rejects.toThrow(
        InsideAddressRefused,
      );
    expect(hits).toBe(0);
  },
]);

/** Addresses that begin at, or look like, the host that is allowed; here the trap is that host. */
const spellings: readonly ((at: string) => string)[] = [
  (at) => `https://${at}`,
  (at) => `https://${at}/`,
  (at) => `http://${at}/agent.json`,
  (at) => `HTTPS://${at}/agent.json`,
  (at) => `https://${at}/a/../agent.json`,
  (at) => `https://${at}/a/%2e%2e/agent.json`,
  (at) => `https://${at}/agent.json?x`,
  (at) => `https://${at}/agent.json#x`,
  (at) => `https://me@${at}/agent.json`,
  (at) => `https://${at}:443@${at}/agent.json`,
  (at) => `https://${at}\\agent.json`,
  (at) => `https://${at}@example.test/agent.json`,
  (at) => `https://${at.replace('localhost', '127.0.0.1')}/agent.json`,
  (at) => `https://${at.replace('localhost', 'LOCALHOST')}/agent.json`,
  (at) => `https://${at.replace('localhost', 'localhost.')}/agent.json`,
  (at) => `https://${at.replace('localhost', 'a.localhost')}/agent.json`,
  (at) => `https://${at.replace(/:.*/, '')}/agent.json`,
  (at) => `https://${at}/${'a'.repeat(300)}`,
  (at) => `https://${at}/agent.json\r\nHost: elsewhere`,
  (at) => `https:${at}/agent.json`,
  (at) => `//${at}/agent.json`,
  (at) => `ftp://${at}/agent.json`,
  (at) => `gopher://${at}/_GET`,
  () => 'file:///etc/passwd',
  () => 'data:application/json,{}',
];
const ofSpellings: readonly Trick[] = spellings.map((spelling) => [
  `the id ${JSON.stringify(spelling('localhost:8443').slice(0, 60))}`,
  async () => {
    await allowOnly(world.database, [`localhost:${trapPort}`]);
    await reachesTheTrap(() => asked(world, `https://localhost:${trapPort}/${randomUUID()}.json`));
    expect(await asked(world, spelling(`localhost:${trapPort}`))).toBe(400);
    expect(hits).toBe(0);
  },
]);

/** A document of the allowed host, with its address. */
function published(members: object, answer: { status?: number; headers?: Record<string, string> } = {}) {
  const path = `/${randomUUID()}.json`;
  const id = `https://${publisherHost()}${path}`;
  const document = {
    client_id: id,
    client_name: 'Weather agent',
    redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
    ...members,
  };
  documents.set(path, (response) =>
    response
      .writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
      .end(JSON.stringify(document)),
  );
  return { id, secret: '', key: world.clients.agent.key };
}
const toTheTrap = (): string => `https://localhost:${trapPort}/inside.json`;

type Leading = readonly [status: number, header: string, value: () => string];
/** Answers of the allowed host that lead elsewhere. */
const leading: readonly Leading[] = [
  ...[200, 201, 300, 301, 302, 303, 305, 307, 308].map((status): Leading => [status, 'location', toTheTrap]),
  [200, 'content-location', toTheTrap],
  [200, 'refresh', () => `0; url=${toTheTrap()}`],
  [200, 'link', () => `<${toTheTrap()}>; rel="canonical", <${toTheTrap()}>; rel="preload"`],
  [200, 'alt-svc', () => `h2="localhost:${trapPort}"; ma=60, h2=":${trapPort}"`],
  [401, 'www-authenticate', () => `Bearer resource_metadata="${toTheTrap()}"`],
];
const ofAnswers: readonly Trick[] = leading.map(([status, header, value]) => [
  `an answer of ${status} with ${header}`,
  async () => {
    await allowOnly(world.database, [publisherHost()], [reports]);
    const { id } = published({}, { status, headers: { [header]: value() } });
    expect((await asked(world, id)) === 400).toBe(status !== 200);
    expect(hits).toBe(0);
  },
]);

/** Members with an address that somebody may be tempted to fetch, or to call later. */
const members = [
  ...['jwks_uri', 'logo_uri', 'client_uri', 'policy_uri', 'tos_uri', 'sector_identifier_uri'],
  ...['initiate_login_uri', 'backchannel_logout_uri', 'frontchannel_logout_uri', 'software_statement'],
];
const ofMembers: readonly Trick[] = [...members, 'request_uris', 'post_logout_redirect_uris'].map(
  (member) => [
    `a document with ${member}`,
    async () => {
      await allowOnly(world.database, [publisherHost()], [reports]);
      const client = published({ [member]: member.endsWith('uris') ? [toTheTrap()] : toTheTrap() });
      // The whole life of a session of such a client.
      const { code, verifier } = await world.authorize(client, {
        redirect_uri: world.callback,
        scope: '',
        resource: reports,
      });
      const tokens = (await world.redeem(client, code, verifier)).body;
      expect((await world.refresh(client, tokens.refresh_token)).status).toBe(200);
      expect((await world.revoke(client, tokens.refresh_token)).status).toBe(200);
      const [row] = await world.database.query('SELECT metadata::text FROM client WHERE id = $1', [
        client.id,
      ]);
      expect(JSON.stringify(row)).not.toContain(`:${trapPort}`);
      expect(hits).toBe(0);
    },
  ],
);

const tricks: readonly Trick[] = [
  ...ofThisMachine,
  ...ofInside,
  ...ofNames,
  ...ofRebinding,
  ...ofTheMachine,
  ...ofCredentials,
  ...ofSpellings,
  ...ofAnswers,
  ...ofMembers,
];

it('forty tricks and more are tried, each by a name of its own', () => {
  expect(new Set(tricks.map(([name]) => name)).size).toBe(tricks.length);
  expect(tricks.length).toBeGreaterThanOrEqual(40);
});

it('the trap counts whoever comes, and the zone is believed, where nothing guards', async () => {
  const names = ['localhost', '127.0.0.1', 'loopback.ssrf.example', 'mapped.ssrf.example'];
  await allowOnly(
    world.database,
    names.map((name) => `${name}:${trapPort}`),
  );
  for (const name of names) await reachesTheTrap(() => asked(world, idAt(name)));
});

describe('no connection to the inside is made by', () => {
  it.each(tricks)('%s', (_, attempt) => attempt());
});
