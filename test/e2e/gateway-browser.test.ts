import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ClientService } from '@curfew/clients';
import { Clock } from '@curfew/clock';
import { advanceVirtualClock } from '@curfew/persistence';
import { instant } from '@curfew/session-policy';
import { authenticationContexts } from '@curfew/session-policy/authentication';
import { decodeJwt, SignJWT } from 'jose';
import { type Authenticator, enrol, sendForm } from '../support/authenticator.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { GatewayBrowser } from '../support/gateway-browser.js';
import { freePort } from '../support/ports.js';
import { addPasskey, type SoftwarePasskey, showPasskey } from '../support/software-passkey.js';
import { type Seen, send, startUpstream, type Upstream, upgrade } from '../support/upstream.js';
import { compareProofs } from './proofs-compared.js';
import { orders, ProtocolWorld } from './protocol-world.js';

class HostClock extends Clock {
  now() {
    return instant(performance.timeOrigin + performance.now());
  }
}

let world: ProtocolWorld;
let upstream: Upstream;
let gateway: RunningGateway;
let folder: string;
let settings: Record<string, string>;
let clientId: string;
/** Sees what the authorization server sends, and what the gateway answers. */
let between: Server;
/** By session, as the authorization server ends others too (for being idle), and repeats what was not taken. */
const logouts = new Map<string, number>();

const postLogout = async (token: string): Promise<number> => {
  const post = () =>
    fetch(`http://127.0.0.1:${gateway.port}/.curfew/backchannel-logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    });
  // A connection kept from before may be one that the gateway has just closed; then nobody has heard the token.
  const { status } = await post().catch(post);
  return status;
};

beforeAll(async () => {
  world = await ProtocolWorld.start({ CURFEW_VIRTUAL_CLOCK: 'true', CURFEW_SWEEP_INTERVAL: '1s' });
  upstream = await startUpstream();
  const port = await freePort();
  const prisma = world.database.prisma({ CURFEW_DATABASE_POOL_SIZE: '1' });
  const clients = new ClientService({
    prisma,
    clock: new HostClock(),
    rules: { allowPrivateAddresses: true },
  });
  const url = `http://127.0.0.1:${port}`;
  between = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', async () => {
        const token = new URLSearchParams(Buffer.concat(chunks).toString()).get('logout_token')!;
        // Nobody listens once the gateway has been stopped.
        const status = await postLogout(token).catch(() => 503);
        logouts.set(String(decodeJwt(token)['sid']), status);
        response.writeHead(status).end();
      });
  });
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
  const { port: betweenPort } = between.address() as AddressInfo;
  const { client, secret } = await clients.create({
    client_name: 'Shop',
    backchannel_logout_uri: `http://127.0.0.1:${betweenPort}/`,
    redirect_uris: [`${url}/.curfew/callback`],
    post_logout_redirect_uris: [`${url}/bye`],
    grant_types: ['authorization_code', 'refresh_token'],
    resources: [orders],
  });
  clientId = client.id;
  folder = await mkdtemp(join(tmpdir(), 'curfew-browser-'));
  await writeFile(join(folder, 'api'), world.clients.api.secret);
  await writeFile(join(folder, 'shop'), secret!);
  await writeFile(join(folder, 'cookies'), randomBytes(32).toString('hex'));
  await writeFile(
    join(folder, 'routes.yaml'),
    `
proxies: [127.0.0.1]
timeouts: { fresh: { maxAuthAge: 1s } }
apis:
  orders: { audience: ${orders}, clientId: ${world.clients.api.id}, clientSecretFile: api }
browsers:
  shop:
    api: orders
    clientId: ${client.id}
    clientSecretFile: shop
    cookieSecretFile: cookies
    scopes: [openid, 'orders:read']
    afterSignOut: /bye
routes:
  - { name: bye, hosts: ['127.0.0.1:${port}'], schemes: [http], path: /bye, public: true, upstream: '${upstream.url}' }
  - { name: secure, hosts: [shop.example.test], api: orders, browser: shop, upstream: '${upstream.url}' }
  - { name: stronger, hosts: ['127.0.0.1:${port}'], schemes: [http], path: /stronger, api: orders, browser: shop, acr: [gold], upstream: '${upstream.url}' }
  - { name: stepped, hosts: ['127.0.0.1:${port}'], schemes: [http], path: /stepped, api: orders, browser: shop, acr: ['urn:curfew:acr:mfa'], upstream: '${upstream.url}' }
  - { name: key, hosts: ['127.0.0.1:${port}'], schemes: [http], path: /key, api: orders, browser: shop, acr: [phr], upstream: '${upstream.url}' }
${authenticationContexts
  .map(
    (acr, index) =>
      `  - { name: class-${index}, hosts: [api.example.test], schemes: [http], path: /class-${index}, api: orders, acr: ['${acr}'], upstream: '${upstream.url}' }`,
  )
  .join('\n')}
  - { name: any, hosts: [api.example.test], schemes: [http], api: orders, upstream: '${upstream.url}' }
  - { name: fresh, hosts: ['127.0.0.1:${port}'], schemes: [http], path: /fresh, api: orders, browser: shop, timeouts: fresh, upstream: '${upstream.url}' }
  - { name: shop, hosts: ['127.0.0.1:${port}'], schemes: [http], api: orders, browser: shop, upstream: '${upstream.url}' }
`,
  );
  settings = { CURFEW_GATEWAY_URL: url, CURFEW_GATEWAY_ROUTES: join(folder, 'routes.yaml') };
  gateway = await startGateway(
    { environment: { ...world.server.environment } },
    { ...settings, CURFEW_GATEWAY_PORT: String(port) },
  );
}, 60_000);
afterAll(async () => {
  await gateway?.stop();
  between?.closeAllConnections();
  between?.close();
  await upstream?.stop();
  await world?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** A browser at the gateway; another one may stand behind the same name. */
class Browser extends GatewayBrowser {
  constructor(via = () => gateway.port) {
    super(`127.0.0.1:${gateway.port}`, via);
  }

  signIn(path = '/orders?page=2', person = world.person()): Promise<void> {
    return super.signInAs(person, path);
  }
}

const seenBy = (answer: { body: string }): Seen => JSON.parse(answer.body);
const refreshes = async (): Promise<number> => {
  const [row] = await world.database.query<{ sum: number }>(
    'SELECT coalesce(sum(generation), 0)::int AS sum FROM session WHERE client_id = $1',
    [clientId],
  );
  return row!.sum;
};

const until = async (holds: () => Promise<boolean> | boolean): Promise<void> => {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    expect(performance.now()).toBeLessThan(deadline);
    await pause(50);
  }
};
const moveClock = (minutes: number) =>
  advanceVirtualClock(world.database.prisma({ CURFEW_VIRTUAL_CLOCK: 'true' }), minutes * 60_000);
/** Moves the clock past the end of access tokens; the gateways at these ports have heard of it when they refresh for somebody. */
const outliveAccessTokens = async (...ports: number[]): Promise<void> => {
  const others = ports.map((port) => new Browser(() => port));
  for (const other of others) await other.signIn();
  const before = await refreshes();
  await moveClock(11);
  for (const [index, other] of others.entries())
    await until(async () => {
      await other.fetch('/orders');
      return (await refreshes()) > before + index;
    });
};

describe('a browser at the gateway', () => {
  it('is sent to sign in, and comes back to where it wanted to go', async () => {
    const browser = new Browser();
    await browser.signIn();
    const answer = await browser.navigate('/orders?page=2');
    const { headers, url } = seenBy(answer);
    expect([answer.status, url]).toEqual([200, '/orders?page=2']);
    expect(headers).toMatchObject({
      'x-curfew-client': clientId,
      'x-curfew-subject': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    // The application neither sees the token nor the cookie it is in.
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('cookie');
    expect(Number(answer.headers['x-session-idle-expires-in'])).toBeGreaterThan(0);
  });

  it('keeps the application’s own cookies apart', async () => {
    const browser = new Browser();
    await browser.signIn();
    browser.cookies.set('theme', 'dark');
    expect(seenBy(await browser.navigate('/orders')).headers.cookie).toBe('theme=dark');
  });

  it('keeps its tokens where only this host gets them, over TLS and by no script', async () => {
    const secure = { host: 'shop.example.test', 'x-forwarded-proto': 'https' };
    const answer = await send(
      `http://127.0.0.1:${gateway.port}`,
      { ...secure, accept: 'text/html', 'sec-fetch-mode': 'navigate' },
      { path: '/orders' },
    );
    const sent = new URL(answer.headers.location!).searchParams;
    expect(Object.fromEntries(sent)).toMatchObject({
      redirect_uri: 'https://shop.example.test/.curfew/callback',
      code_challenge_method: 'S256',
      state: expect.stringMatching(/^[\w-]{22}$/),
    });
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(
        /^__Host-curfew_way_[\w-]{12}=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=1800$/,
      ),
    ]);
  });

  /** The factors of the person who has some. */
  let app: Authenticator;
  let codes: readonly string[];
  let key: SoftwarePasskey;

  it('is sent to the factor that a route demands, and to nothing else (RFC 9470 §4)', async () => {
    const [row] = await world.database.query<{ ahead: number }>(
      'SELECT clock_offset_ms::float8 AS ahead FROM service_state',
    );
    const { username, password } = world.data.accounts[1]!;
    const ahead = () => Date.now() + row!.ahead;
    ({ app, codes } = await enrol(world.person(1), password, world.issuer, ahead));
    await world.database.query(
      `UPDATE account SET second_step_always = false WHERE username = '${username}'`,
    );
    const [browser, person] = [new Browser(), world.person(1)];
    await browser.signIn('/orders', person);
    const sent = await browser.navigate('/stepped');
    expect([sent.status, new URL(sent.headers.location!).searchParams.get('acr_values')]).toEqual([
      303,
      'urn:curfew:acr:mfa phr',
    ]);
    const page = await person.open(sent.headers.location!);
    expect([page.body.includes('name="code"'), page.body.includes('name="password"')]).toEqual([true, false]);
    const back = await person.goOn(await sendForm(person, page, { code: app.code(1) }));
    const end = await browser.navigate(`${back.url.pathname}${back.url.search}`);
    expect([end.status, end.headers.location]).toEqual([303, '/stepped']);
    expect((await browser.navigate('/stepped')).status).toBe(200);
  });

  it('is sent to a passkey where a route demands one, and a code does not help', async () => {
    const { password } = world.data.accounts[1]!;
    const [browser, person] = [new Browser(), world.person(1)];
    await browser.signIn('/orders', person);
    ({ key } = await addPasskey(person, world.issuer, { current: password, code: codes[0]! }));
    const sent = await browser.navigate('/key');
    expect(new URL(sent.headers.location!).searchParams.get('acr_values')).toBe('phr');
    const page = await person.open(sent.headers.location!);
    expect([page.body.includes('name="credential"'), page.body.includes('name="password"')]).toEqual([
      true,
      false,
    ]);
    const again = await showPasskey(person, page, key, { origin: 'https://evil.example.test' });
    expect([again.status, again.body.includes('was not accepted')]).toEqual([422, true]);
    const back = await person.goOn(await showPasskey(person, again, key));
    const end = await browser.navigate(`${back.url.pathname}${back.url.search}`);
    expect([end.status, end.headers.location]).toEqual([303, '/key']);
    expect((await browser.navigate('/key')).status).toBe(200);
  });

  it('is let through with what was proved for what is asked, at every place, and never below it', async () => {
    const compared = await compareProofs(world, gateway.port, { key, code: codes[1]! });
    expect([new Set(compared.places).size, compared.places.length]).toEqual([7, 105]);
    expect(compared.wrong).toEqual([]);
    // A refusal used nothing up: the proof given before is enough again.
    await until(async () => (await world.introspect(compared.weakest.access_token)).body.active);
    expect((await world.refresh(world.clients.web, compared.weakest.refresh_token)).status).toBe(200);
  }, 60_000);

  it('is led to set up a second step where a route needs one and the account has none', async () => {
    const [browser, person] = [new Browser(), world.person(2)];
    await browser.signIn('/orders', person);
    const sent = new URL((await browser.navigate('/stepped')).headers.location!);
    const refused = new URL(`http://127.0.0.1:${gateway.port}/.curfew/callback`);
    for (const [name, value] of Object.entries({
      error: 'unmet_authentication_requirements',
      state: sent.searchParams.get('state')!,
      iss: world.issuer,
    }))
      refused.searchParams.set(name, value);
    const page = await browser.navigate(`${refused.pathname}${refused.search}`);
    expect(page.status).toBe(403);
    const [sheet] = /\/\.curfew\/assets\/[\w-]+\.css/.exec(page.body)!;
    const { status, headers } = await browser.navigate(sheet);
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'text/css; charset=utf-8',
      'public, max-age=31536000, immutable',
    ]);
    expect(page.body).toContain('This needs a second step, and your account has none.');
    expect(page.body).toContain(
      `<a class="button full" href="${world.issuer}/second-step">Set up a second step</a>`,
    );
    expect(page.body).toContain('<a href="/stepped">Try again</a>');
  });

  it('is not sent round in circles where signing in again does not help', async () => {
    const browser = new Browser();
    await browser.signIn('/stronger');
    // The sign-in before this one was not asked for that class.
    await browser.signIn('/stronger');
    const answer = await browser.navigate('/stronger');
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining('acr_values="gold"'),
    ]);
  });

  it('comes back to this host only, whatever it asked for', async () => {
    for (const path of ['//evil.example.test', '/\\evil.example.test', 'https://evil.example.test/'])
      expect((await new Browser().navigate(path)).status).toBe(400);
  });

  it.each([900, 2_000, 3_000, 8_000])('signs in by a link of %i characters', async (length) => {
    const browser = new Browser();
    const link = `/orders?q=${'x'.repeat(length - 10)}`;
    const sent = await browser.navigate(link);
    for (const cookie of sent.headers['set-cookie'] ?? []) expect(cookie.length).toBeLessThanOrEqual(4_096);
    const page = await world.person().follow(sent.headers.location!);
    const back = await browser.navigate(`${page.url.pathname}${page.url.search}`);
    expect([back.status, back.headers.location]).toEqual([303, length > 2_048 ? '/' : link]);
    expect((await browser.navigate('/orders')).status).toBe(200);
  });

  it('opens many tabs before it signs in, one after the other or at once, and keeps a few ways back', async () => {
    const browser = new Browser();
    browser.cookies.set('curfew_way_of-long-ago_', 'x'.repeat(400));
    for (let tab = 0; tab < 66; tab++)
      await browser.navigate(`/orders?tab=${tab}&q=${'x'.repeat(tab % 2 ? 2_000 : 850)}`);
    await Promise.all(Array.from({ length: 66 }, (_, tab) => browser.navigate(`/orders?tab=${tab}`)));
    const sent = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    expect([browser.cookies.size, sent.length < 8_192]).toEqual([4, true]);
    await browser.signIn('/orders?tab=last');
    expect((await browser.navigate('/orders')).status).toBe(200);
  }, 60_000);

  it('is told 401 when a script asks, and not sent anywhere', async () => {
    const answer = await new Browser().fetch('/orders');
    expect([answer.status, answer.headers.location]).toEqual([401, undefined]);
    expect(answer.headers['www-authenticate']).toContain('Bearer');
  });

  it('learns how long its session lasts without prolonging it', async () => {
    const browser = new Browser();
    expect(JSON.parse((await browser.get('/.curfew/session')).body)).toEqual({ signed_in: false });
    await browser.signIn();
    expect(JSON.parse((await browser.get('/.curfew/session')).body)).toEqual({
      signed_in: true,
      idle_expires_in: expect.any(Number),
      idle_warning_in: expect.any(Number),
      absolute_expires_in: expect.any(Number),
    });
  });

  it('is signed out everywhere in the moment its session ends', async () => {
    const browser = new Browser();
    await browser.signIn();
    expect((await browser.fetch('/orders')).status).toBe(200);
    await world.database.query(
      `INSERT INTO not_before (kind, target, at, reason) VALUES ('client', $1, now(), 'client_disabled')
       ON CONFLICT (kind, target) DO UPDATE SET at = excluded.at`,
      [clientId],
    );
    const ended = performance.now();
    // An answer that was half sent at that moment breaks off; everything later is a plain 401.
    const status = () =>
      browser.fetch('/orders').then(
        (answer) => answer.status,
        () => 0,
      );
    while ((await status()) !== 401) expect(performance.now() - ended).toBeLessThan(2_000);
    expect((await browser.navigate('/orders')).status).toBe(303);
  });

  it('signs out, here and at the authorization server', async () => {
    const browser = new Browser();
    await browser.signIn();
    const stolen = new Map(browser.cookies);
    const own = { origin: `http://127.0.0.1:${gateway.port}`, 'sec-fetch-site': 'same-origin' };
    const answer = await browser.get('/.curfew/sign-out', own, 'POST');
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toMatch(new RegExp(`^${world.issuer}/logout\\?client_id=`));
    expect(browser.cookies.size).toBe(0);
    for (const [name, value] of stolen) browser.cookies.set(name, value);
    expect((await browser.fetch('/orders')).status).toBe(401);
  });
});

describe('what another site makes a browser do', () => {
  it.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example.test' },
    {},
  ])('is refused where it would change something: %j', async (headers) => {
    const browser = new Browser();
    await browser.signIn();
    const before = upstream.seen.length;
    expect((await browser.get('/orders', headers as Record<string, string>, 'POST')).status).toBe(403);
    expect((await browser.get('/.curfew/sign-out', headers as Record<string, string>, 'POST')).status).toBe(
      403,
    );
    expect(upstream.seen).toHaveLength(before);
    const own = { origin: `http://127.0.0.1:${gateway.port}` };
    expect((await browser.get('/orders', own, 'POST')).status).toBe(200);
  });

  it('is refused where it would open a WebSocket', async () => {
    const browser = new Browser();
    await browser.signIn();
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const url = `http://127.0.0.1:${gateway.port}/live`;
    expect(await upgrade(url, { cookie, origin: 'https://evil.example.test' })).toBe(403);
    expect(await upgrade(url, { cookie })).toBe(403);
    const socket = (await upgrade(url, { cookie, origin: `http://127.0.0.1:${gateway.port}` })) as Socket;
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    socket.destroy();
  });

  it('signs nobody in: a way back is good in the browser that began it, once, and from our issuer', async () => {
    const [victim, attacker] = [new Browser(), new Browser()];
    const sent = await attacker.navigate('/orders');
    const page = await world.person().follow(sent.headers.location!);
    const callback = `${page.url.pathname}${page.url.search}`;
    expect((await victim.navigate(callback)).status).toBe(400);
    const foreign = new URL(page.url);
    foreign.searchParams.set('iss', 'https://evil.example.test');
    expect((await attacker.navigate(`${foreign.pathname}${foreign.search}`)).status).toBe(403);
    expect((await attacker.navigate(callback)).status).toBe(400);
  });
});

describe('refreshing for a browser', () => {
  it('happens once, however many requests want it at the same time', async () => {
    const browser = new Browser();
    await browser.signIn();
    await outliveAccessTokens(gateway.port);
    const before = { refreshes: await refreshes(), cookies: new Map(browser.cookies) };
    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.fetch('/orders')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await refreshes()) - before.refreshes).toBe(1);
    // A shared cache must not keep an answer that carries somebody's cookies.
    expect(answers.map(({ headers }) => headers['cache-control'])).toEqual(Array(20).fill('no-store'));
    // Later, with the cookie from before: the same outcome, and not a theft.
    browser.cookies.clear();
    for (const [name, value] of before.cookies) browser.cookies.set(name, value);
    expect((await browser.fetch('/orders')).status).toBe(200);
    expect((await refreshes()) - before.refreshes).toBe(1);
  });

  it('has one successor, also where parallel requests reach two gateways', async () => {
    const other = await startGateway({ environment: { ...world.server.environment } }, settings);
    const browser = new Browser();
    await browser.signIn();
    const sealed = new Map(browser.cookies);
    await outliveAccessTokens(gateway.port, other.port);
    const tabs = Array.from({ length: 10 }, (_, at) => {
      const tab = new Browser(() => (at % 2 === 0 ? gateway.port : other.port));
      for (const [name, value] of sealed) tab.cookies.set(name, value);
      return tab;
    });
    const answers = await Promise.all(tabs.map((tab) => tab.fetch('/orders')));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    // Whichever answer came last, the browser goes on with its cookie.
    for (const tab of tabs) expect((await tab.fetch('/orders')).status).toBe(200);
    await other.stop();
  }, 30_000);
});

describe('an end, to a person behind the gateway', () => {
  type End = (person: ReturnType<typeof world.person>) => Promise<unknown>;
  const ends: [string, End][] = [
    ['after a silence', () => moveClock(31)],
    ['at an age', () => moveClock(12 * 60 + 1)],
    ['by the person, who ends this browser', (person) => person.press(`${world.issuer}/sessions`, 'End')],
    [
      'of everything of the account',
      () =>
        world.database.query(
          `INSERT INTO not_before (kind, target, at, reason)
             SELECT 'account', a.id::text, now() + make_interval(secs => s.clock_offset_ms / 1000.0), 'account_disabled'
             FROM account a, service_state s WHERE username = $1
           ON CONFLICT (kind, target) DO UPDATE SET at = excluded.at`,
          [world.data.accounts[0]!.username],
        ),
    ],
  ];

  it.each(ends)('%s asks for proof: nobody is led back in without signing in', async (_, end) => {
    const [browser, person] = [new Browser(), world.person()];
    await browser.signIn('/orders', person);
    expect((await browser.fetch('/orders')).status).toBe(200);
    await end(person);
    await until(async () => (await browser.fetch('/orders')).status === 401);
    const sent = await browser.navigate('/orders');
    expect(sent.status).toBe(303);
    const page = await person.open(sent.headers.location!);
    expect([page.url.origin, page.status]).toEqual([world.issuer, 200]);
    expect(page.body).toContain('type="password"');
    // With the password the person is where they wanted to go.
    await browser.signIn('/orders', person);
    expect((await browser.fetch('/orders')).status).toBe(200);
  });

  it('that is of no session of its browser leaves it alone: the person is led back in', async () => {
    const [browser, person] = [new Browser(), world.person()];
    await browser.signIn('/orders', person);
    browser.cookies.clear();
    const sent = await browser.navigate('/orders');
    const page = await person.open(sent.headers.location!);
    expect(page.url.origin).toBe(`http://127.0.0.1:${gateway.port}`);
  });
});

describe('activity', () => {
  it('is a request, but not one that says it is passive', async () => {
    const { access_token: token } = (
      await world.signIn(world.clients.web, { resource: orders, scope: 'openid orders:read' })
    ).body;
    const idleFor = async () => (await world.introspect(token, undefined, { touch: 'false' })).body.idle_for;
    const ask = (more: Record<string, string>) =>
      send(
        `http://127.0.0.1:${gateway.port}`,
        { authorization: `Bearer ${token}`, ...more },
        { path: '/orders' },
      );
    await moveClock(3);
    await until(async () => (await idleFor()) >= 180);
    for (let i = 0; i < 3; i++) expect((await ask({ 'x-session-activity': 'passive' })).status).toBe(200);
    expect(await idleFor()).toBeGreaterThanOrEqual(180);
    expect((await ask({})).status).toBe(200);
    expect(await idleFor()).toBeLessThan(10);
  });
});

describe('a connection that goes on', () => {
  it('is closed when its session has been idle for too long: its traffic is no activity', async () => {
    const { access_token: token } = (
      await world.signIn(world.clients.web, { resource: orders, scope: 'openid orders:read' })
    ).body;
    const bearer = { authorization: `Bearer ${token}` };
    const socket = (await upgrade(`http://127.0.0.1:${gateway.port}/live`, bearer)) as Socket;
    const closed = new Promise((resolve) => socket.on('error', () => {}).once('close', resolve));
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    const { idle_expires_in: left } = (await world.introspect(token, undefined, { touch: 'false' })).body;
    const prisma = world.database.prisma({ CURFEW_VIRTUAL_CLOCK: 'true' });
    await advanceVirtualClock(prisma, (left + 1) * 1_000);
    await closed;
  }, 30_000);
});

describe('back-channel logout (OpenID Connect)', () => {
  it('takes what the authorization server signed for this client, and nothing else', async () => {
    expect(await postLogout('nonsense')).toBe(400);
    const claims = {
      iss: world.issuer,
      aud: clientId,
      jti: 'one',
      sid: 'whatever',
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    };
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'logout+jwt', kid: 'robot-1' })
      .setIssuedAt()
      .sign(world.clients.robot.key);
    expect(await postLogout(forged)).toBe(400);
  });

  it('takes the word of the authorization server', async () => {
    const browser = new Browser();
    await browser.signIn();
    const session = String(seenBy(await browser.navigate('/orders')).headers['x-curfew-session']);
    const own = { origin: `http://127.0.0.1:${gateway.port}` };
    await browser.get('/.curfew/sign-out', own, 'POST');
    await until(() => logouts.has(session));
    expect(logouts.get(session)).toBe(200);
  });
});

it('tells nobody that they are signed out while their session lives on', async () => {
  const browser = new Browser();
  await browser.signIn();
  const own = { origin: `http://127.0.0.1:${gateway.port}` };
  process.kill(world.server.pid, 'SIGSTOP');
  try {
    const answer = await browser.get('/.curfew/sign-out', own, 'POST');
    expect([answer.status, answer.headers['set-cookie']]).toEqual([503, undefined]);
  } finally {
    process.kill(world.server.pid, 'SIGCONT');
  }
  await until(async () => (await browser.get('/.curfew/sign-out', own, 'POST')).status === 303);
}, 40_000);
