import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PolicyService } from '@curfew/clients';
import { endReasonEntry, endReasons, formatPolicy, seconds } from '@curfew/session-policy';
import { profiles } from '@curfew/session-policy/settings';
import { BrowserSessionSweeper } from '@curfew/sessions';
import { decodeJwt } from 'jose';
import { endsOfBrowsersInRaces } from '../chaos/browser-races.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { GatewayBrowser } from '../support/gateway-browser.js';
import type { Page, Person } from '../support/person.js';
import { freePort } from '../support/ports.js';
import { sessionStores } from '../support/session-stores.js';
import { startUpstream, type Upstream } from '../support/upstream.js';
import { clocksFor, endForReason } from './end-for-reason.js';
import { type EngineClient, EngineWorld, orders, RegistryPolicies } from './engine-world.js';
import { authorizationRequest, pkce } from './protocol-world.js';

let world: EngineWorld;
let plain: EngineClient;
let strict: EngineClient;
let api: EngineClient;
beforeAll(async () => {
  world = await EngineWorld.start();
  plain = await world.client();
  strict = await world.client(
    {},
    { accessTokenLifetime: '5m', inactivityTimeout: '6m', absoluteLifetime: '20m' },
  );
  api = await world.client({ grant_types: [], redirect_uris: [], resources: [], resource: orders });
  // A person is not asked again for consent that was given once.
  for (const client of [plain, strict]) await world.signIn(client, { person: world.stranger(1) });
}, 90_000);
beforeEach(() => everyone({}));
afterEach(() => world.check());
afterAll(() => world?.stop());

const minute = 60;
const hour = 60 * minute;

/** Writes the next revision of everyone's policy, based on `standard`, and has the nodes know it. */
async function everyone(settings: Readonly<Record<string, unknown>>): Promise<void> {
  const policies = new PolicyService(world.prisma, world.clock);
  const previous = (await policies.find('of-everyone'))?.version ?? 0;
  const base = formatPolicy(profiles.standard.policy);
  const revision = { name: 'of-everyone', previous, settings: { ...base, ...settings }, createdBy: 'test' };
  await policies.save(revision);
  await policies.attach({ kind: 'everyone' }, 'of-everyone');
  await world.until('the nodes know the policy', async () => {
    const absolute = world.nodes.map(
      async (_, node) => (await world.send(node, 'GET', '/health/ready')).status,
    );
    return (await Promise.all(absolute)).every((status) => status === 200);
  });
}

const isSignIn = ({ body }: Page): boolean => /<input id="password"/.test(body);

/** An authorization request as an application sends it, followed to its last page. */
async function authorize(client: EngineClient, person: Person, extra: Record<string, string> = {}) {
  const { verifier, challenge } = pkce();
  const code = { code_challenge: challenge, code_challenge_method: 'S256' };
  const parameters = authorizationRequest(client as never, world.callback, { ...code, ...extra });
  const page = await person.open(`${world.issuer}/authorize?${parameters}`);
  const query = page.url.searchParams;
  return { page, verifier, code: query.get('code'), error: query.get('error') };
}

/** The outcome of a request without a page: 'code', or the error the application gets. */
async function silently(client: EngineClient, person: Person, extra: Record<string, string> = {}) {
  const { code, error } = await authorize(client, person, { prompt: 'none', ...extra });
  return code ? 'code' : error;
}

const newcomer = async (client = plain): Promise<Person> => {
  const person = world.stranger(1);
  await world.signIn(client, { person });
  return person;
};

const browsers = async () =>
  world.database.query<{ uid: string; end_reason: string | null; expires_at: Date; last_active_at: Date }>(
    'SELECT * FROM browser_session WHERE account_id = $1 ORDER BY signed_in_at DESC',
    [await world.accountId(1)],
  );
const newest = async () => (await browsers())[0]!;
const ends = async (uid: string) =>
  (
    await world.database.query<{ reason: string }>(
      `SELECT data ->> 'reason' AS reason FROM event WHERE type = 'signin.ended' AND data ->> 'browserSessionUid' = $1`,
      [uid],
    )
  ).map(({ reason }) => reason);

/** An operator ends this browser. */
const end = (uid: string) =>
  world.engine().end([], 'ended_by_administrator', {}, world.clock.now(), { browserSessionUids: [uid] });
/** An operator ends everything of the account. */
const endAccount = async () => {
  const all = {
    kind: 'account',
    target: await world.accountId(1),
    reason: 'ended_by_administrator',
  } as const;
  return world.engine().endAll({ ...all, detail: {}, at: world.clock.now() });
};

describe('the sign-in of a browser', () => {
  it('is counted after a timeout, step by step: the page, the password, the session', async () => {
    const client = await world.client();
    const person = await newcomer(client);
    await world.pass(31 * minute);
    await world.signIn(client, { person });
    const steps = () =>
      world.database.query<{ kind: string; count: number }>(
        `SELECT kind, sum(c)::int AS count FROM gap_histogram, unnest(counts) c
          WHERE client_id = $1 AND kind IN ('shown', 'proved', 'resumed') GROUP BY kind ORDER BY kind`,
        [client.id],
      );
    await world.until('the steps are written', async () => (await steps()).length === 3, 60_000);
    expect(await steps()).toEqual(['proved', 'resumed', 'shown'].map((kind) => ({ kind, count: 1 })));
  }, 90_000);

  it('answers without a page while the policy allows it', async () => {
    const person = await newcomer();
    await world.pass(29 * minute);
    expect(await silently(plain, person)).toBe('code');
  });

  it('does not after the silence that the policy of everyone allows, and ends with reason and event', async () => {
    const person = await newcomer();
    const { uid } = await newest();
    await world.pass(30 * minute);
    expect(await silently(plain, person)).toBe('login_required');
    expect(await newest()).toMatchObject({ uid, end_reason: 'inactivity_timeout' });
    expect(await ends(uid)).toEqual(['inactivity_timeout']);
    const { page } = await authorize(plain, person);
    expect(isSignIn(page)).toBe(true);
  });

  it('does not at the age that the policy of everyone allows, however active the person was', async () => {
    await everyone({ absoluteLifetime: '1h' });
    const person = await newcomer();
    const { uid } = await newest();
    for (let turn = 0; turn < 3; turn += 1) {
      await world.pass(19 * minute);
      expect((await person.open(`${world.issuer}/sessions`)).body).toContain('Your sessions');
    }
    await world.pass(4 * minute);
    expect(await silently(plain, person)).toBe('login_required');
    expect(await ends(uid)).toEqual(['absolute_lifetime']);
  });

  it('is asked for proof by a strict client, where a lesser one still signs in silently', async () => {
    const person = await newcomer();
    expect(await silently(strict, person)).toBe('code');
    await world.pass(6 * minute);
    expect(await silently(strict, person)).toBe('login_required');
    expect(await silently(plain, person)).toBe('code');
    const { page } = await authorize(strict, person);
    expect(isSignIn(page)).toBe(true);
    expect(page.body).toContain(`value="${world.data.accounts[1]!.username}"`);
    const back = await person.goOn(page);
    expect(back.url.searchParams.get('code')).not.toBeNull();
    expect(await silently(strict, person)).toBe('code');
  });

  it('keeps one row however often its person proves who they are', async () => {
    const person = await newcomer();
    const { uid } = await newest();
    await world.pass(7 * minute);
    await person.goOn((await authorize(strict, person)).page);
    expect((await browsers()).filter((row) => row.uid === uid)).toHaveLength(1);
    expect((await newest()).uid).toBe(uid);
  });

  it.each([
    ['0', 0, 'login_required'],
    ['60', 59, 'code'],
    ['60', 61, 'login_required'],
  ])('with max_age=%s after %i seconds: %s', async (maxAge, age, outcome) => {
    const person = await newcomer();
    await world.pass(age);
    expect(await silently(plain, person, { max_age: maxAge })).toBe(outcome);
    const { page } = await authorize(plain, person, { max_age: maxAge });
    expect((await person.goOn(page)).url.searchParams.get('code')).not.toBeNull();
  });
});

describe('what a person does', () => {
  it.each(['', 'sessions', 'applications', 'password'])(
    'on the page /%s keeps the browser signed in',
    async (path) => {
      const person = await newcomer();
      await world.pass(20 * minute);
      await person.open(`${world.issuer}/${path}`);
      await world.pass(20 * minute);
      expect(isSignIn(await person.open(`${world.issuer}/sessions`))).toBe(false);
    },
  );

  it('with a session of this browser keeps it signed in, where the policy counts that as activity', async () => {
    const person = world.stranger(1);
    const tokens = await world.signIn(plain, { person });
    await world.pass(20 * minute);
    await world.refreshed(plain, tokens.refresh_token);
    await world.pass(20 * minute);
    expect(await silently(plain, person)).toBe('code');
  });

  it('is nothing that a request without a page does: silence goes on', async () => {
    const person = await newcomer();
    for (let turn = 0; turn < 2; turn += 1) {
      await world.pass(10 * minute);
      expect(await silently(plain, person)).toBe('code');
      await authorize(plain, person);
    }
    await world.pass(10 * minute);
    expect(await silently(plain, person)).toBe('login_required');
  });
});

describe('a session that began without a page', () => {
  it('counts its absolute lifetime from the proof of the person, as do its tokens', async () => {
    const person = await newcomer(strict);
    await world.pass(5 * minute);
    await person.open(`${world.issuer}/sessions`);
    const asked = await authorize(strict, person, {
      ...{ prompt: 'none', max_age: '3600' },
      ...{ resource: orders, scope: 'openid orders:read' },
    });
    const { body } = await world.redeem(strict, { code: asked.code!, verifier: asked.verifier });
    const { sid, auth_time: provedAt } = decodeJwt(body.id_token) as { sid: string; auth_time: number };
    const row = await world.row(sid);
    expect(row.absolute_deadline.getTime()).toBe((provedAt + 20 * minute) * 1000);
    expect(row.signed_in_at.getTime() - row.authenticated_at.getTime()).toBeGreaterThanOrEqual(
      5 * minute * 1000,
    );
    const { body: seen } = await world.introspect(api, body.access_token);
    expect(seen.absolute_expires_in).toBeLessThanOrEqual(15 * minute);
    expect(seen.exp).toBeLessThanOrEqual(provedAt + 20 * minute);
  });

  it('is ended by a shorter policy that counts from there', async () => {
    const client = await world.client({}, { absoluteLifetime: '10h' });
    const person = world.stranger(1);
    await world.signIn(client, { person });
    await world.pass(25 * minute);
    const later = await world.signIn(client, { person });
    await world.policy(client.id, {
      accessTokenLifetime: '5m',
      inactivityTimeout: '6m',
      absoluteLifetime: '25m',
    });
    expect((await world.refresh(client, later.refresh_token)).body.error).toBe('invalid_grant');
    expect(await world.endOf(later.sid)).toBe('absolute_lifetime');
  });

  it('leaves those before it idle behind it, and that is no sign that the person has gone', async () => {
    const person = await newcomer(strict);
    for (let turn = 0; turn < 3; turn += 1) {
      await world.pass(4 * minute);
      await person.open(`${world.issuer}/sessions`);
      expect(await silently(strict, person)).toBe('code');
      await world.signIn(strict, { person });
    }
  });
});

describe('an end by the clock of one session', () => {
  it('asks for proof wherever that policy or a stricter one applies, and nowhere else', async () => {
    const [first, second] = [
      await world.client({}, { accessTokenLifetime: '5m', inactivityTimeout: '10m' }),
      await world.client({}, { accessTokenLifetime: '5m', inactivityTimeout: '10m' }),
    ];
    const person = world.stranger(1);
    await world.signIn(first, { person });
    for (let turn = 0; turn < 2; turn += 1) {
      await world.pass(6 * minute);
      await person.open(`${world.issuer}/sessions`);
    }
    expect(await silently(first, person)).toBe('login_required');
    expect(await silently(second, person)).toBe('login_required');
    expect(await silently(strict, person)).toBe('login_required');
    expect(await silently(plain, person)).toBe('code');
  });
});

describe('an outstanding step-up', () => {
  it('asks every application in that browser for proof, until the person has given it', async () => {
    const person = world.stranger(1);
    const tokens = await world.signIn(plain, { person });
    await world.database.query('UPDATE session SET step_up_required_at = $2 WHERE id = $1', [
      tokens.sid,
      new Date(world.clock.now()),
    ]);
    expect(await silently(strict, person)).toBe('login_required');
    await world.pass(2);
    await person.goOn((await authorize(plain, person)).page);
    expect(await silently(strict, person)).toBe('code');
  });
});

describe('the end of everything of a client', () => {
  it('asks for proof at that client, and at no other', async () => {
    const client = await world.client();
    const person = world.stranger(1);
    await world.signIn(client, { person });
    const end = { kind: 'client', target: client.id, reason: 'ended_by_administrator', detail: {} } as const;
    await world.pass(1);
    await world.engine().endAll({ ...end, at: world.clock.now() });
    expect(await silently(client, person)).toBe('login_required');
    expect(await silently(plain, person)).toBe('code');
  });
});

describe('the limits of a browser', () => {
  const sweep = async () => {
    await world.clock.remeasure();
    const policies = new RegistryPolicies(world.registry());
    // A walk that looks at one row with each statement comes to every one of them.
    const { ends } = sessionStores(world.prisma, { retention: { ended: seconds(hour) } });
    const sweeper = new BrowserSessionSweeper(world.prisma, policies, ends, 1);
    await sweeper.run(world.clock.now());
  };

  it('are recorded by the sweeper when nobody asks, once, and the row goes after its retention', async () => {
    await newcomer();
    const { uid } = await newest();
    await world.pass(31 * minute);
    await Promise.all([sweep(), sweep()]);
    expect(await newest()).toMatchObject({ uid, end_reason: 'inactivity_timeout' });
    expect(await ends(uid)).toEqual(['inactivity_timeout']);
    await world.pass(hour);
    await sweep();
    expect((await browsers()).map((row) => row.uid)).not.toContain(uid);
  });

  it('move with what its sessions do', async () => {
    const person = world.stranger(1);
    const tokens = await world.signIn(plain, { person });
    const { uid } = await newest();
    await world.pass(20 * minute);
    await world.refreshed(plain, tokens.refresh_token);
    await world.pass(11 * minute);
    await sweep();
    expect(await newest()).toMatchObject({ uid, end_reason: null });
    expect((await newest()).expires_at.getTime()).toBeGreaterThan(world.clock.now() + 18 * minute * 1000);
  });

  it('hold once they were written: a longer policy does not bring back what a shorter one would have ended', async () => {
    const person = await newcomer();
    await everyone({ inactivityTimeout: '16m' });
    await sweep();
    await everyone({ inactivityTimeout: '2h' });
    await sweep();
    await world.pass(16 * minute);
    expect(await silently(plain, person)).toBe('login_required');
  });

  it('end the pages of the account too', async () => {
    const person = await newcomer();
    await world.pass(31 * minute);
    for (const path of ['', 'sessions', 'password', 'applications', 'device'])
      expect(isSignIn(await person.open(`${world.issuer}/${path}`)) || path === 'device').toBe(true);
  });

  it('are not longer for somebody who wants to be kept signed in', async () => {
    const person = world.stranger(1);
    const { page } = await authorize(plain, person);
    await person.goOn({ ...page, body: page.body.replace('type="checkbox"', 'type="hidden"') });
    await world.pass(30 * minute);
    expect(await silently(plain, person)).toBe('login_required');
  });
});

describe('a sign-in page that was left open while the sign-in of its browser ended', () => {
  const endings: [string, (uid: string) => Promise<unknown>][] = [
    ['at a limit of the browser', () => world.pass(11 * minute)],
    ['by an operator', (uid) => end(uid)],
    ['with everything of the account', () => endAccount()],
  ];

  it.each(endings)('%s leads on, as whoever answers it proves who they are', async (_, ending) => {
    const person = await newcomer(strict);
    const { uid } = await newest();
    await world.pass(20 * minute);
    const { page } = await authorize(strict, person);
    expect(isSignIn(page)).toBe(true);
    await ending(uid);
    const back = await person.goOn(page);
    expect(back.url.searchParams.get('code')).not.toBeNull();
    expect((await newest()).uid).not.toBe(uid);
    expect(await ends(uid)).toHaveLength(1);
    expect(await silently(plain, person)).toBe('code');
  });

  it('asks for a password that is right', async () => {
    const person = await newcomer(strict);
    await world.pass(20 * minute);
    const { page } = await authorize(strict, person);
    await world.pass(11 * minute);
    const { username } = world.data.accounts[1]!;
    const wrong = await person.followedBy(username, 'not the password').goOn(page, isSignIn);
    expect([wrong.url.origin, isSignIn(wrong)]).toEqual([world.issuer, true]);
    expect(await silently(plain, person)).toBe('login_required');
  });
});

describe('an end of a browser that races with requests of it', () => {
  it('leaves no code and no session after it was acknowledged, on any node, in 6 rounds', async () => {
    await endsOfBrowsersInRaces(world, plain, 6);
  }, 120_000);

  it.each(['client', 'everyone'] as const)(
    'of everything of a %s, not committed yet, leaves a code that leads to nothing after it',
    async (kind) => {
      const client = await world.client();
      const person = world.stranger(1);
      await world.signIn(client, { person });
      await world.pass(1);
      const whole = { kind, target: kind === 'client' ? client.id : '', detail: {} } as const;
      const given = await world.prisma.$transaction(async (transaction) => {
        const all = { ...whole, reason: 'ended_by_administrator', at: world.clock.now() } as const;
        await world.engine().endAll(all, transaction);
        await world.pass(1);
        return authorize(client, person, { prompt: 'none' });
      });
      expect(given.error).toBeNull();
      const redeemed = await world.redeem(client, { code: given.code!, verifier: given.verifier });
      expect(redeemed.body.error).toBe('invalid_grant');
    },
  );

  it('with everything of its account takes along a session that began without a page while the end was on its way', async () => {
    const person = await newcomer();
    await world.pass(1);
    const at = world.clock.now();
    await world.pass(1);
    const begun = await world.signIn(plain, { person });
    const target = await world.accountId(1);
    const all = { kind: 'account', target, reason: 'ended_by_administrator', detail: {}, at } as const;
    await world.engine().endAll(all);
    expect(await world.endOf(begun.sid)).toBe('ended_by_administrator');
    expect((await world.refresh(plain, begun.refresh_token)).body.error).toBe('invalid_grant');
  });

  it('finds an interaction in another tab over, and its answer is not taken', async () => {
    const person = await newcomer();
    const { uid } = await newest();
    const { page } = await authorize(plain, person, { prompt: 'consent' });
    await end(uid);
    expect((await person.goOn(page)).status).toBe(403);
  });
});

describe.each(endReasons)('after an end for the reason %s', (reason) => {
  it('nobody returns without the proof that the table of reach asks for, at any endpoint and node', async () => {
    const client = await world.client({}, clocksFor(reason));
    const person = world.stranger(1);
    const tokens = await world.signIn(client, { person });
    await world.pass(1);
    await endForReason(world, reason, { client, sid: tokens.sid, person });
    const { silentReturn } = endReasonEntry(reason);
    expect(await silently(client, person)).toBe(silentReturn === 'allowed' ? 'code' : 'login_required');
    expect(await silently(plain, person)).toBe(silentReturn === 'proof' ? 'login_required' : 'code');
    expect(isSignIn((await authorize(client, person)).page)).toBe(silentReturn !== 'allowed');
    expect(isSignIn(await person.open(`${world.issuer}/sessions`))).toBe(silentReturn === 'proof');
    for (const node of [0, 1]) {
      expect((await world.refresh(client, tokens.refresh_token, { node })).body.error).toBe('invalid_grant');
      expect(await world.isActive(api, tokens.access_token, node)).toBe(false);
      expect((await world.userinfo(tokens.access_token, node)).status).toBe(401);
    }
  });
});

describe('a browser at the gateway', () => {
  /** One host signs in with a client whose sessions end by silence first, the other with one whose sessions end by their age. */
  const hosts = { '127.0.0.1': 'inactivity_timeout', '127.0.0.2': 'absolute_lifetime' } as const;
  const clients = new Map<string, EngineClient>();
  let gateway: RunningGateway;
  let upstream: Upstream;
  let folder: string;
  beforeAll(async () => {
    upstream = await startUpstream();
    folder = await mkdtemp(join(tmpdir(), 'curfew-reasons-'));
    const port = await freePort();
    await writeFile(join(folder, 'api'), api.secret);
    await writeFile(join(folder, 'cookies'), randomBytes(32).toString('hex'));
    const browsers: Record<string, unknown> = {};
    const routes: unknown[] = [];
    for (const [host, reason] of Object.entries(hosts)) {
      const redirectUri = `http://${host}:${port}/.curfew/callback`;
      // Nothing is kept, so what was ended is refused at the next request and the test waits for no announcement.
      const client = await world.client(
        { redirect_uris: [redirectUri] },
        { ...clocksFor(reason), introspectionCache: '0s' },
      );
      clients.set(host, client);
      await writeFile(join(folder, client.id), client.secret);
      const named = { clientId: client.id, clientSecretFile: client.id, cookieSecretFile: 'cookies' };
      browsers[client.id] = { api: 'orders', ...named, scopes: ['openid', 'orders:read'] };
      const asked = { hosts: [`${host}:${port}`], schemes: ['http'], api: 'orders', browser: client.id };
      routes.push({ name: client.id, ...asked, upstream: upstream.url });
    }
    const apis = { orders: { audience: orders, clientId: api.id, clientSecretFile: 'api' } };
    await writeFile(join(folder, 'routes.yaml'), JSON.stringify({ apis, browsers, routes }));
    gateway = await startGateway(world.nodes[0]!, {
      CURFEW_GATEWAY_PORT: String(port),
      CURFEW_GATEWAY_HOST: '0.0.0.0',
      CURFEW_GATEWAY_URL: `http://127.0.0.1:${port}`,
      CURFEW_GATEWAY_ROUTES: join(folder, 'routes.yaml'),
    });
  }, 60_000);
  afterAll(async () => {
    await gateway?.stop();
    await upstream?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it.each(endReasons)(
    'after an end for the reason %s is let in again only as the table of reach says',
    async (reason) => {
      const host = reason === 'inactivity_timeout' ? '127.0.0.1' : '127.0.0.2';
      const [browser, person] = [new GatewayBrowser(`${host}:${gateway.port}`), world.stranger(1)];
      await browser.signInAs(person, '/orders');
      const { headers } = JSON.parse((await browser.fetch('/orders')).body);
      const sealed = new Map(browser.cookies);
      await world.pass(1);
      await endForReason(world, reason, {
        client: clients.get(host)!,
        sid: headers['x-curfew-session'],
        person,
      });
      const served = upstream.seen.length;
      const script = await browser.fetch('/orders');
      expect([script.status, script.headers.location]).toEqual([401, undefined]);
      const sent = await browser.navigate('/orders');
      expect(sent.status).toBe(303);
      expect(upstream.seen).toHaveLength(served);
      const { silentReturn } = endReasonEntry(reason);
      const page = await person.open(sent.headers.location!);
      expect(isSignIn(page)).toBe(silentReturn !== 'allowed');
      const back = await person.goOn(page);
      expect((await browser.navigate(`${back.url.pathname}${back.url.search}`)).headers.location).toBe(
        '/orders',
      );
      expect((await browser.fetch('/orders')).status).toBe(200);
      // Values that the ended session had sealed stay worthless beside the new one.
      browser.cookies.clear();
      for (const [name, value] of sealed) browser.cookies.set(name, value);
      expect((await browser.fetch('/orders')).status).toBe(401);
    },
  );
});
