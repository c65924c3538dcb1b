import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PolicyService } from '@curfew/clients';
import { ManualClock } from '@curfew/clock';
import { createCertificate } from '../support/certificate.js';
import { freePort } from '../support/ports.js';
import { type RunningServer, startServer } from '../support/server.js';
import { orders, ProtocolWorld, reports } from './protocol-world.js';

/** Clients whose id is the address of a document (draft-ietf-oauth-client-id-metadata-document). */
let folder: string;
let publisher: Server;
let host: string;
let world: ProtocolWorld;
let admin: RunningServer;
let operator: string;
/** Documents by path, and how often each path was asked for. */
const documents = new Map<string, (response: ServerResponse) => void>();
const asked = new Map<string, number>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'curfew-documents-'));
  const cert = createCertificate(folder, 'localhost');
  publisher = createServer(
    { cert, key: readFileSync(join(folder, 'localhost.key')) },
    (request, response) => {
      const path = request.url ?? '';
      asked.set(path, (asked.get(path) ?? 0) + 1);
      const answer = documents.get(path);
      if (answer) answer(response);
      else response.writeHead(404).end();
    },
  );
  await new Promise<void>((resolve) => publisher.listen(0, '127.0.0.1', resolve));
  host = `localhost:${(publisher.address() as AddressInfo).port}`;
  const adminPort = String(await freePort());
  world = await ProtocolWorld.start({
    CURFEW_CLIENT_DOCUMENTS: 'true',
    CURFEW_VIRTUAL_CLOCK: 'true',
    CURFEW_ADMIN_URL: `http://localhost:${adminPort}`,
    CURFEW_ADMIN_PORT: adminPort,
    NODE_EXTRA_CA_CERTS: join(folder, 'localhost.pem'),
  });
  const { CURFEW_DEV_FILE: _, DATABASE_URL: databaseUrl, ...settings } = world.server.environment;
  admin = await startServer({
    databaseUrl: databaseUrl!,
    main: 'apps/admin-api/dist/main.js',
    listensAt: { portSetting: 'CURFEW_ADMIN_PORT', urlSetting: 'CURFEW_ADMIN_URL' },
    settings,
  });
  const { admin: caller } = world.data.clients;
  const form = { grant_type: 'client_credentials', resource: admin.issuer, scope: caller.scope };
  const credentials = Buffer.from(`${caller.client_id}:${caller.client_secret}`).toString('base64');
  const token = await world.post('/token', form, { authorization: `Basic ${credentials}` });
  if (token.status !== 200) throw new Error(JSON.stringify(token.body));
  operator = token.body.access_token;
}, 90_000);
afterAll(async () => {
  await admin?.stop();
  await world?.stop();
  publisher?.closeAllConnections();
  await new Promise((resolve) => publisher?.close(resolve));
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function ask(method: string, path: string, body?: object) {
  const response = await fetch(`${admin.issuer}${path}`, {
    method,
    headers: { authorization: `Bearer ${operator}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (response.status === 401 || response.status >= 500) throw new Error(`${method} ${path}: ${text}`);
  return { status: response.status, body: JSON.parse(text || 'null') };
}
const pathOf = (name: string) => `/v1/client-hosts/${encodeURIComponent(name)}`;
const allow = (resources: readonly string[] = [reports], name = host) =>
  ask('PUT', pathOf(name), { resources });
const revoke = (name = host) => ask('DELETE', pathOf(name));

let made = 0;
/** Publishes a document, and resolves with the client as the tests use one. */
function published(members: object = {}, headers: Record<string, string> = {}) {
  const path = `/agent-${++made}.json`;
  const id = `https://${host}${path}`;
  const document = {
    client_id: id,
    client_name: 'Weather agent',
    redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
    ...members,
  };
  documents.set(path, (response) =>
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(document)),
  );
  return { id, path, secret: '', key: world.clients.agent.key };
}
const authorized = (client: { id: string }, more: Record<string, string> = {}) =>
  world.authorize(client as never, { redirect_uri: world.callback, scope: '', resource: reports, ...more });
/** The address at which a person is asked for a client. */
const begun = (client: { id: string }, more: Record<string, string> = {}) =>
  world.begin(client as never, { redirect_uri: world.callback, scope: '', resource: reports, ...more });
/** Asks for a client as anybody may who is nobody here. */
const askedByStranger = (id: string) => {
  const { pathname, search } = new URL(begun({ id }).address);
  return world.get(pathname + search);
};
const asksForConsent = ({ body }: { body: string }): boolean => body.includes('value="allow"');
const signIn = async (client: ReturnType<typeof published>) => {
  const { code, verifier, page } = await authorized(client);
  if (!code) throw new Error(`no code: ${page.status} ${page.body}`);
  return (await world.redeem(client, code, verifier)).body;
};
const sweepHosts = async () => {
  for (const { host: one } of (await ask('GET', '/v1/client-hosts')).body.items) await revoke(one);
};
beforeEach(async () => {
  await sweepHosts();
  asked.clear();
});

describe('a client id that is the address of a document', () => {
  it('is said to be supported', async () => {
    const metadata = (await world.get('/.well-known/oauth-authorization-server')).body;
    expect(metadata.client_id_metadata_document_supported).toBe(true);
  });

  it('is unknown, and nobody is asked for it, until its host is allowed', async () => {
    const client = published();
    expect((await authorized(client)).page.status).toBe(400);
    expect(asked.size).toBe(0);
    await allow();
    const { access_token: token, refresh_token: refreshToken } = await signIn(client);
    expect((await world.introspect(token, world.clients.api)).status).toBe(200);
    const refreshed = await world.refresh(client, refreshToken);
    expect([refreshed.status, refreshed.body.scope]).toEqual([200, 'reports:read']);
    const [session] = await world.database.query(
      'SELECT client_id AS client FROM session WHERE client_id = $1',
      [client.id],
    );
    expect(session).toEqual({ client: client.id });
    expect([...asked.values()]).toEqual([1]);
  });

  it('shows host, address and a warning on the page that asks for consent', async () => {
    await allow();
    const client = published({ client_name: 'Your bank' });
    const { address } = begun(client);
    expect((await world.person().open(address)).body).toContain(`<strong>Your bank (${host})</strong>`);
    const page = await world.person().follow(address, asksForConsent);
    expect(page.body).toContain(`<strong>Your bank (${host})</strong>`);
    expect(page.body).not.toMatch(/Your bank(?! \()/);
    expect(page.body).toContain(`introduces itself by a document of <strong>${host}</strong>`);
    expect(page.body).toContain(`<strong>${world.callback}</strong>`);
    expect(page.body).toContain('a program on your own device');
  });

  it('warns of the device by the address of this answer, whatever others its document names', async () => {
    await allow();
    const elsewhere = 'https://app.example.test/back';
    const app = 'com.example.app:/callback';
    const client = published({ redirect_uris: ['http://127.0.0.1/callback', elsewhere, app] });
    const warns = async (redirect_uri: string) => {
      const page = await world.person().follow(begun(client, { redirect_uri }).address, asksForConsent);
      expect(page.body).toContain('introduces itself by a document');
      return page.body.includes('a program on your own device');
    };
    expect([await warns(world.callback), await warns(app), await warns(elsewhere)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('never stands without its host where a second factor is asked for', async () => {
    await allow();
    const client = published({ client_name: 'Your bank' });
    await signIn(client);
    const policies = new PolicyService(world.database.prisma(), new ManualClock(Date.now()));
    const settings = { basedOn: 'standard', enrolmentDays: 7 };
    await policies.save({ name: 'enrolment', previous: 0, settings, createdBy: 'test' });
    await policies.attach({ kind: 'client', id: client.id }, 'enrolment');
    const isEnrolment = ({ body }: { body: string }) => body.includes('<h1>Set up a second step</h1>');
    const offered = () => world.person(1).follow(begun(client).address, isEnrolment);
    let page = await offered();
    for (let attempt = 0; attempt < 50 && !isEnrolment(page); attempt += 1) {
      await pause(100);
      page = await offered();
    }
    expect(page.body).toContain(`<strong>Your bank (${host})</strong>`);
    expect(page.body).not.toMatch(/Your bank(?! \()/);
    await policies.detach({ kind: 'client', id: client.id });
  });

  it('is registered neither for the groups of people nor for streams of events, whatever its document says', async () => {
    await allow();
    const scopeOf = async (scope: string) => {
      const client = published({ scope });
      await authorized(client);
      return (await ask('GET', `/v1/clients/${encodeURIComponent(client.id)}`)).body.scope;
    };
    expect(await scopeOf('openid groups reports:read ssf.read ssf.manage')).toBe('openid reports:read');
    // Without any scope it could ask for all that its APIs have.
    expect(await scopeOf('groups')).toBe('openid');
  });

  it('is read again when it is fresh no more, and loses what its document no longer says', async () => {
    await allow();
    const client = published({}, { 'cache-control': 'max-age=1' });
    await signIn(client);
    await world.pass(20);
    await signIn(client);
    expect(asked.get(client.path)).toBe(1);
    await world.pass(15);
    documents.set(client.path, (response) => response.writeHead(500).end());
    expect((await authorized(client)).page.status).toBe(400);
    // An error is not kept: the next request asks again.
    Object.assign(client, published({}), { id: client.id, path: client.path });
    documents.set(client.path, (response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          client_id: client.id,
          client_name: 'Other name',
          redirect_uris: ['http://127.0.0.1/elsewhere'],
        }),
      ),
    );
    expect((await authorized(client)).page.status).toBe(400);
    expect((await ask('GET', `/v1/clients/${encodeURIComponent(client.id)}`)).body).toMatchObject({
      client_name: 'Other name',
      redirect_uris: ['http://127.0.0.1/elsewhere'],
    });
    expect(asked.get(client.path)).toBe(3);
  });

  it('is fresh for a day at most', async () => {
    await allow();
    const client = published({}, { 'cache-control': 'public, max-age=99999999' });
    await signIn(client);
    const [row] = await world.database.query<{ hours: number }>(
      `SELECT extract(epoch FROM document_fresh_until - created_at)::float8 / 3600 AS hours FROM client WHERE id = $1`,
      [client.id],
    );
    expect(row!.hours).toBeGreaterThan(23.9);
    expect(row!.hours).toBeLessThanOrEqual(24);
  });

  it.each([
    ['another address in it', { client_id: 'https://localhost/other' }],
    ['a secret', { client_secret: 'x' }],
    ['a secret method', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['a key method', { token_endpoint_auth_method: 'private_key_jwt' }],
    ['no redirect URI', { redirect_uris: [] }],
    ['a redirect URI over plain http', { redirect_uris: ['http://app.example.test/back'] }],
    ['a redirect URI of a script', { redirect_uris: ['javascript:alert(1)'] }],
    ['no grant that is known', { grant_types: ['implicit'] }],
    ['a name that cannot be seen', { client_name: 'a\u202eb' }],
    ['more than 5 KiB', { padding: 'x'.repeat(6_000) }],
  ])('is unknown where its document has %s', async (_, members) => {
    await allow();
    expect((await authorized(published(members))).page.status).toBe(400);
    expect(await world.database.query("SELECT 1 FROM client WHERE id LIKE 'https%'")).toEqual([]);
  });

  const text =
    (status: number, headers: Record<string, string>, body: string) => (response: ServerResponse) =>
      void response.writeHead(status, headers).end(body);
  it.each<readonly [string, (id: string) => (response: ServerResponse) => void]>([
    ['is a page', () => text(200, { 'content-type': 'text/html' }, '{}')],
    ['has no type', () => text(200, {}, '{}')],
    ['is no JSON', () => text(200, { 'content-type': 'application/json' }, 'no')],
    ['is a list', () => text(200, { 'content-type': 'application/json' }, '[]')],
    ['has another status', () => text(203, { 'content-type': 'application/json' }, '{}')],
    ['has a status that HTTP does not know', () => text(999, { 'content-type': 'application/json' }, '{}')],
    ['leads elsewhere', () => text(302, { location: '/agent-0.json' }, '')],
    ['never begins', () => () => undefined],
    [
      'never ends',
      () => (response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
    ],
  ])('is unknown where the answer %s', async (_, answer) => {
    await allow();
    const client = published();
    documents.set('/agent-0.json', documents.get(client.path)!);
    documents.set(client.path, answer(client.id));
    expect((await authorized(client)).page.status).toBe(400);
    expect(asked.get('/agent-0.json')).toBeUndefined();
    expect(await world.database.query("SELECT 1 FROM client WHERE id LIKE 'https%'")).toEqual([]);
  });

  it('never stands for itself at the token endpoint: nothing is fetched there', async () => {
    await allow();
    const client = published();
    const answer = await world.refresh(client, 'cfw_rt_unknown');
    expect([answer.status, answer.body.error, asked.size]).toEqual([401, 'invalid_client', 0]);
  });

  it('pushes no request before its first sign-in, and is told that it is not known; nothing is fetched for that', async () => {
    await allow();
    const client = published();
    const pushed = () =>
      world.post('/par', {
        client_id: client.id,
        ...{ response_type: 'code', redirect_uri: world.callback, scope: '', resource: reports },
        ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' },
      });
    const early = await pushed();
    expect([early.status, early.body.error, asked.size]).toEqual([401, 'invalid_client', 0]);
    await signIn(client);
    const late = await pushed();
    expect([late.status, late.body.request_uri]).toEqual([201, expect.stringMatching(/^urn:/)]);
  });

  it('costs one request where many ask at once, and a bounded number where they are made up', async () => {
    await allow();
    const client = published();
    // Answered once all have come.
    documents.set(client.path, (response) => void setTimeout(() => response.writeHead(404).end(), 1_500));
    const answers = await Promise.all(Array.from({ length: 20 }, () => askedByStranger(client.id)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 400));
    expect(asked.get(client.path)).toBe(1);
    asked.clear();
    const began = performance.now();
    for (let one = 0; one < 150; one += 1) {
      const { pathname, search } = new URL(
        world.begin({ id: `https://${host}/made-up-${one}` } as never).address,
      );
      expect((await world.get(pathname + search)).status).toBe(400);
    }
    expect([...asked.values()].every((count) => count === 1)).toBe(true);
    // A host is asked sixty times at once, and once a second after that.
    expect(asked.size).toBeLessThanOrEqual(62 + (performance.now() - began) / 1000);
    expect(asked.size).toBeLessThan(150);
    expect(await world.database.query("SELECT 1 FROM client WHERE id LIKE 'https%'")).toEqual([]);
    // The bucket of this host fills up again.
    await world.pass(60);
  });

  it('stays known while strangers ask for made-up addresses of its host', async () => {
    await allow();
    const client = published({}, { 'cache-control': 'max-age=0' });
    await signIn(client);
    await world.pass(60);
    for (let one = 0; one < 100; one += 1) await askedByStranger(`https://${host}/stranger-${one}`);
    expect(asked.size).toBeLessThan(100);
    expect((await authorized(client)).code).not.toBe('');
    await world.pass(60);
  });

  it('stays known while strangers ask for made-up addresses that answer slowly', async () => {
    await allow();
    const client = published({}, { 'cache-control': 'max-age=0' });
    await signIn(client);
    await world.pass(60);
    let refused = 0;
    const strangers: Promise<void>[] = [];
    // Those that find no place are refused at once; the others wait until the reading gives up.
    await new Promise<void>((full) => {
      for (let one = 0; one < 20; one += 1) {
        documents.set(`/slow-${one}`, () => undefined);
        const answered = askedByStranger(`https://${host}/slow-${one}`).then(() => {
          refused += 1;
          if (refused === 4) full();
        });
        strangers.push(answered);
      }
    });
    expect((await authorized(client)).code).not.toBe('');
    await Promise.all(strangers);
    expect([...asked.keys()].filter((path) => path.startsWith('/slow-'))).toHaveLength(8);
  });

  it('is asked for again no more than ten times a minute where its document fails', async () => {
    await allow();
    const client = published({}, { 'cache-control': 'max-age=0' });
    await signIn(client);
    await world.pass(60);
    documents.set(client.path, (response) => response.writeHead(500).end());
    asked.clear();
    const began = performance.now();
    for (let one = 0; one < 40; one += 1) expect((await askedByStranger(client.id)).status).toBe(400);
    const count = asked.get(client.path) ?? 0;
    expect(count).toBeGreaterThanOrEqual(10);
    expect(count).toBeLessThanOrEqual(11 + (performance.now() - began) / 6_000);
  });

  it('lets people finish what they began while its document cannot be read', async () => {
    await allow();
    const client = published({}, { 'cache-control': 'max-age=0' });
    const { address, verifier } = begun(client);
    const person = world.person();
    const signInPage = await person.open(address);
    await world.pass(40);
    documents.set(client.path, (response) => response.writeHead(500).end());
    const consentPage = await person.goOn(signInPage, asksForConsent);
    expect(asksForConsent(consentPage)).toBe(true);
    await world.pass(40);
    const { url } = await person.goOn(consentPage);
    const redeemed = await world.redeem(client, url.searchParams.get('code') ?? '', verifier);
    expect([redeemed.status, asked.get(client.path)]).toEqual([200, 1]);
    expect((await authorized(client)).page.status).toBe(400);
    expect(asked.get(client.path)).toBe(2);
  });

  it('lets nobody finish what they began where its host was revoked, or it was disabled', async () => {
    const takenAway = [
      () => revoke(),
      (id: string) => ask('POST', `/v1/clients/${encodeURIComponent(id)}/disable`, {}),
    ];
    for (const take of takenAway) {
      await allow();
      const client = published();
      const person = world.person();
      const page = await person.follow(begun(client).address, asksForConsent);
      expect(asksForConsent(page)).toBe(true);
      expect((await take(client.id)).status).toBe(200);
      expect((await person.goOn(page)).url.searchParams.get('code')).toBeNull();
    }
  });
});

describe('a host whose documents introduce clients', () => {
  it('is revoked with its clients and their sessions, in one commit', async () => {
    await allow();
    const client = published();
    const { access_token: token, refresh_token: refreshToken } = await signIn(client);
    const revoked = await revoke();
    expect([revoked.status, revoked.body]).toEqual([200, { clients: [client.id], sessions_ended: 1 }]);
    expect((await world.introspect(token)).body.active).toBe(false);
    // Its session is over at once; that the client is gone, each node hears a moment later.
    const refused = async () => {
      const { status, body } = await world.refresh(client, refreshToken);
      return `${status} ${body.error}`;
    };
    expect(['400 invalid_grant', '401 invalid_client']).toContain(await refused());
    for (let turn = 0; (await refused()) !== '401 invalid_client' && turn < 100; turn += 1) await pause(20);
    expect(await refused()).toBe('401 invalid_client');
    expect((await authorized(client)).page.status).toBe(400);
    expect(asked.get(client.path)).toBe(1);
    expect((await revoke()).body.code).toBe('unknown_client_host');
    const acts = await world.database.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM event WHERE type = 'admin.acted' AND data ->> 'operation' = 'revokeClientHost' AND data ->> 'count' = '1'",
    );
    expect(acts[0]!.count).toBeGreaterThan(0);
  });

  it('keeps a single client out where an operator disables that', async () => {
    await allow();
    const client = published({}, { 'cache-control': 'max-age=1' });
    await signIn(client);
    expect((await ask('POST', `/v1/clients/${encodeURIComponent(client.id)}/disable`, {})).status).toBe(200);
    await world.pass(40);
    expect((await authorized(client)).page.status).toBe(400);
    expect(asked.get(client.path)).toBe(1);
  });

  it('gives its clients the APIs that an operator names, from now on', async () => {
    await allow();
    const client = published();
    await signIn(client);
    await allow([orders]);
    const [row] = await world.database.query(
      "SELECT metadata -> 'resources' AS resources FROM client WHERE id = $1",
      [client.id],
    );
    expect(row).toEqual({ resources: [orders] });
  });

  it.each([
    ['an API that is unknown', (): [string[], string] => [['https://unknown.example.test'], host]],
    ['the admin API', (): [string[], string] => [[admin.issuer], host]],
    ['a name in capitals', (): [string[], string] => [[reports], 'LOCALHOST']],
    ['a path', (): [string[], string] => [[reports], 'localhost/a']],
    ['a number for a name', (): [string[], string] => [[reports], '2130706433']],
  ])('is not allowed with %s', async (_, values) => {
    const answer = await allow(...values());
    expect([400, 404]).toContain(answer.status);
    expect((await ask('GET', '/v1/client-hosts')).body.items).toEqual([]);
  });

  it('cannot be given a client by hand', async () => {
    const made = await ask('POST', '/v1/clients', {
      client_id: `https://${host}/by-hand`,
      client_name: 'By hand',
    });
    expect(made.status).toBe(400);
  });
});
