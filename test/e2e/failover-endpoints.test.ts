import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { FailoverWorld, untilCaughtUp } from '../chaos/failovers.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { freePort } from '../support/ports.js';
import { type RunningServer, startServer } from '../support/server.js';
import { send, startUpstream, type Upstream } from '../support/upstream.js';
import { orders } from './engine-world.js';
import { type Addresses, type Asked, everyEndpoint, type Held } from './failover-endpoints.js';
import { asHeader, authorizationRequest, pkce } from './protocol-world.js';

let failover: FailoverWorld;
let admin: RunningServer;
let gateway: RunningGateway;
let upstream: Upstream;
let folder: string;
beforeAll(async () => {
  const port = String(await freePort());
  const adminUrl = { CURFEW_ADMIN_PORT: port, CURFEW_ADMIN_URL: `http://localhost:${port}` };
  failover = await FailoverWorld.start(adminUrl, 1);
  const [{ environment }] = failover.world.nodes as [RunningServer];
  const { CURFEW_DEV_FILE: _, ...settings } = environment;
  folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-failover-'));
  upstream = await startUpstream();
  await writeFile(path.join(folder, 'secret'), failover.api.secret, { mode: 0o600 });
  await writeFile(path.join(folder, 'routes.yaml'), routes());
  [admin, gateway] = await Promise.all([
    startServer({
      databaseUrl: failover.pair.url,
      main: 'apps/admin-api/dist/main.js',
      listensAt: { portSetting: 'CURFEW_ADMIN_PORT', urlSetting: 'CURFEW_ADMIN_URL' },
      settings,
    }),
    startGateway(
      { environment },
      {
        CURFEW_GATEWAY_ROUTES: path.join(folder, 'routes.yaml'),
        CURFEW_GATEWAY_URL: 'https://gateway.example.test',
      },
    ),
    failover.pair.addStandby(),
  ]);
}, 180_000);
afterAll(async () => {
  await gateway?.stop();
  await admin?.stop();
  await failover?.stop();
  await upstream?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
}, 60_000);

const routes = () => `
proxies: [127.0.0.1]
apis:
  orders: { audience: '${orders}', clientId: ${failover.api.id}, clientSecretFile: secret }
routes:
  - { name: all, hosts: [orders.example.test], api: orders, upstream: '${upstream.url}' }
`;

const addresses = (): Addresses => ({
  issuer: failover.world.issuer,
  admin: admin.issuer,
  gateway: `http://localhost:${gateway.port}`,
});

/** One of each thing that can be asked about or used up. */
async function hold(): Promise<Held> {
  const { world, web } = failover;
  const { issuer } = addresses();
  const { admin: operator, device } = world.data.clients;
  const began = await fetch(`${issuer}/device/authorization`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: device.client_id, scope: 'openid' }),
  });
  const request = authorizationRequest(web as never, world.callback, {
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
  });
  const sent = await fetch(`${issuer}/authorize?${request}`, { redirect: 'manual' });
  const cookie = sent.headers.getSetCookie().map((line) => line.split(';')[0]!);
  const granted = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: asHeader({ id: operator.client_id, secret: operator.client_secret } as never),
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      resource: admin.issuer,
      scope: operator.scope,
    }),
  });
  return {
    tokens: await world.signIn(web),
    code: await world.code(web, { resource: orders }),
    deviceCode: ((await began.json()) as { device_code: string }).device_code,
    interaction: /\/interaction\/([\w-]+)/.exec(await sent.text())![1]!,
    cookie: cookie.join('; '),
    operator: ((await granted.json()) as { access_token: string }).access_token,
  };
}

/** The status, type, `Retry-After` and error of an answer, and whether it calls a token active or sends anybody on. */
async function ask({ form, address, init }: Asked) {
  const { status, headers, body } =
    form === 'gateway' ? await throughGateway(address, init) : await sent(address, init);
  const type = headers['content-type']?.split(';')[0];
  return {
    status,
    type,
    mayRetry: Number(headers['retry-after']) > 0,
    error: /json/.test(type ?? '') ? (JSON.parse(body).error ?? JSON.parse(body).code) : undefined,
    saysActive: /"active":\s*true/.test(body),
    goesOn: 'location' in headers || 'set-cookie' in headers,
  };
}

async function sent(address: string, init: RequestInit) {
  const answer = await fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(20_000), ...init });
  const headers: Record<string, string> = Object.fromEntries(answer.headers);
  const isStream = headers['content-type'] === 'text/event-stream';
  if (isStream) await answer.body?.cancel();
  return { status: answer.status, headers, body: isStream ? '' : await answer.text() };
}

/** Sends a request as the reverse proxy in front does: under the name of the API. */
const throughGateway = (address: string, init: RequestInit) =>
  send(
    `http://127.0.0.1:${gateway.port}`,
    { host: 'orders.example.test', ...(init.headers as Record<string, string>) },
    { path: new URL(address).pathname },
  );

const refusedAs: Readonly<Record<Asked['form'], { type: string; error: string | undefined }>> = {
  oauth: { type: 'application/json', error: 'temporarily_unavailable' },
  problem: { type: 'application/problem+json', error: 'unavailable' },
  page: { type: 'text/html', error: undefined },
  gateway: { type: 'application/json', error: 'temporarily_unavailable' },
};

/** Asks every endpoint, all at once, and expects each to refuse in its own form. */
async function expectRefusals(held: Held): Promise<void> {
  const { world } = failover;
  const table = everyEndpoint(failover, held, addresses());
  const answers = await Promise.all(table.map(async ([name, asked]) => [name, await ask(asked)] as const));
  expect(Object.fromEntries(answers)).toEqual(
    Object.fromEntries(
      table.map(([name, { form }]) => [
        name,
        { status: 503, ...refusedAs[form], mayRetry: true, saysActive: false, goesOn: false },
      ]),
    ),
  );
  // A browser that is signed in is treated alike.
  for (const page of ['/', '/sessions'])
    expect((await world.person().open(`${world.issuer}${page}`)).status).toBe(503);
}

const untilRefused = async (line: string) => {
  const { world } = failover;
  for (const [name, process] of Object.entries({ node: world.nodes[0]!, admin }))
    await world.until(`the ${name} says: ${line}`, async () => process.output().includes(line), 20_000);
  // The gateway passes on for as long as it may trust what it was told last.
  await world.until('the gateway denies', async () => !(await passes()), 20_000);
};
const passes = async () => (await ask(everyEndpoint(failover, held, addresses()).at(-1)![1])).status === 200;
const untilServed = async () => {
  await failover.untilServed(0);
  await failover.world.until(
    'the admin API and the gateway are ready',
    async () =>
      (await fetch(`${admin.issuer}/health/ready`)).ok &&
      (await fetch(`http://localhost:${gateway.port}/health/ready`)).ok,
    20_000,
  );
};

/** The guard's own notes, which it writes about a server that was promoted before it has heard its peers (ADR 39). */
const notesOfGuard = ['node_mark', 'wal_timeline'];

/** Every row of every table, as one hash each; `service_state` without the columns that note a loss. */
async function contents(
  server: 'primary' | 'standby',
  except: readonly string[] = [],
): Promise<Record<string, unknown>> {
  const { pair } = failover;
  const tables = await pair.on(
    server,
    "SELECT format('%I', tablename) AS name FROM pg_tables WHERE schemaname = 'public'",
  );
  const compared = tables.filter(({ name }) => !except.includes(String(name)));
  const asked = compared.map(({ name }) => {
    const row = `to_jsonb(t) - 'lost_since' - 'lost_known_at'`;
    return `SELECT '${name}' AS name, count(*), md5(string_agg((${row})::text, ',' ORDER BY (${row})::text)) FROM ${name} t`;
  });
  const rows = await pair.on(server, asked.join(' UNION ALL '));
  return Object.fromEntries(rows.map(({ name, count, md5 }) => [name, `${count} ${md5}`]));
}

let held: Held;

it('a standby is not served from: every endpoint refuses in its own form, nothing is written or used up', async () => {
  const { pair, world, web, api } = failover;
  held = await hold();
  await untilCaughtUp(pair);
  expect(await world.isActive(api, held.tokens.access_token)).toBe(true);
  expect(await passes()).toBe(true);
  pair.leadTo('standby');
  await untilRefused('the database server is a standby');
  const before = await contents('primary');
  await expectRefusals(held);
  expect(await contents('primary')).toEqual(before);

  pair.leadTo('primary');
  await untilServed();
  const table = everyEndpoint(failover, held, addresses());
  const destructive = /revocation|an end|form|code$/;
  for (const [name, asked] of table.filter(([each]) => !destructive.test(each)))
    expect([name, (await ask(asked)).status]).not.toEqual([name, 503]);
  expect((await world.redeem(web, held.code)).status).toBe(200);
  expect(await world.isActive(api, held.tokens.access_token)).toBe(true);
}, 120_000);

it('a database that went backwards is not served from either, until the step; then positions of before are gone', async () => {
  const { pair, world, web, api } = failover;
  held = await hold();
  const events = (query: string) =>
    fetch(`${admin.issuer}/v1/events${query}`, { headers: { authorization: `Bearer ${held.operator}` } });
  const [event] = ((await (await events('?limit=1')).json()) as { items: { position: string }[] }).items;
  const before = await beatOf(await followed());
  await untilCaughtUp(pair);
  await pair.letStandbyLag();
  const lost = await world.signIn(web);
  expect((await world.revoke(web, held.tokens.refresh_token)).status).toBe(200);
  const kept = await contents('standby', notesOfGuard);
  await pair.killAndPromote();
  await untilRefused('the database lost what was acknowledged');
  await expectRefusals(held);
  expect(await contents('primary', notesOfGuard)).toEqual(kept);

  expect(await failover.afterRestore()).toBe(0);
  await untilServed();
  for (const { access_token } of [held.tokens, lost])
    expect(await world.isActive(api, access_token)).toBe(false);
  held = await hold();
  const after = await events(`?after=${event!.position}`);
  expect([after.status, ((await after.json()) as { code: string }).code]).toEqual([410, 'position_lost']);
  // The session feed has no 410: a follower that resumes is told to forget everything, and follows on from there.
  const feed = await followed(before);
  expect(await eventOf(feed)).toMatch(/^event: resync$/m);
  expect(await beatOf(feed)).not.toBe(before);
}, 120_000);

interface Followed {
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  text: string;
}

/** Follows the session feed, from a position if one is given. */
async function followed(from?: string): Promise<Followed> {
  const answer = await fetch(`${failover.world.issuer}/session-feed`, {
    headers: { ...asHeader(failover.api as never), ...(from ? { 'last-event-id': from } : {}) },
  });
  return { reader: answer.body!.getReader(), text: '' };
}

/** The next event of the feed that says something; a follower's name and probes do not. */
async function eventOf(feed: Followed): Promise<string> {
  for (;;) {
    const end = feed.text.indexOf('\n\n');
    if (end === -1) {
      const { value = new Uint8Array(), done } = await feed.reader.read();
      if (done) throw new Error('the feed ended');
      feed.text += new TextDecoder().decode(value);
      continue;
    }
    const event = feed.text.slice(0, end);
    feed.text = feed.text.slice(end + 2);
    if (/^event: (beat|ends|resync)$/m.test(event)) return event;
  }
}

/** The position in the next beat. */
async function beatOf(feed: Followed): Promise<string> {
  for (;;) {
    const position = /^id: (.*)$/m.exec(await eventOf(feed))?.[1];
    if (position === undefined) continue;
    await feed.reader.cancel();
    return position;
  }
}
