import { createServer, type Server } from 'node:http';
import { administratorMayUse, endReasonEntry, endReasons, reachOf } from '@curfew/session-policy';
import { assertInvariants } from '../support/database.js';
import type { Person } from '../support/person.js';
import { freePort } from '../support/ports.js';
import { AdminWorld, orders } from './admin-world.js';
import { authorizationRequest, pkce } from './protocol-world.js';

let world: AdminWorld;
let callbacks: Server;

beforeAll(async () => {
  const port = await freePort();
  callbacks = createServer((_, response) => response.end('back')).listen(port);
  world = await AdminWorld.start({ CURFEW_CALLBACK_PORT: String(port) });
}, 60_000);
afterEach(() => assertInvariants(world.database));
afterAll(async () => {
  callbacks?.closeAllConnections();
  callbacks?.close();
  await world?.stop();
});

/** The outcome of an authorization request of the web client in this browser: its code, or the error. */
async function authorized(person: Person, more: Record<string, string> = {}) {
  const { web } = world.data.clients;
  const { verifier, challenge } = pkce();
  const parameters = authorizationRequest({ id: web.client_id } as never, web.redirect_uris[0]!, {
    code_challenge: challenge,
    code_challenge_method: 'S256',
    resource: orders,
    ...more,
  });
  const address = `${world.server.issuer}/authorize?${parameters}`;
  const page = await (more['prompt'] === 'none' ? person.open(address) : person.follow(address));
  return { answer: Object.fromEntries(page.url.searchParams), verifier };
}

const silently = async (person: Person): Promise<string> =>
  (await authorized(person, { prompt: 'none', scope: 'openid orders:read' })).answer['error'] ?? 'a code';

/** Signs somebody in to the web client with a browser of their own. */
async function signedIn(person: Person, scope = 'openid orders:read') {
  const { web } = world.data.clients;
  const consent = scope.includes('offline_access') ? { prompt: 'consent' } : {};
  const { answer, verifier } = await authorized(person, { scope, ...consent });
  const tokens = await world.form(
    '/token',
    {
      grant_type: 'authorization_code',
      code: answer['code']!,
      redirect_uri: web.redirect_uris[0]!,
      code_verifier: verifier,
    },
    { authorization: `Basic ${btoa(`${web.client_id}:${web.client_secret}`)}` },
  );
  const { sid } = await world.introspect(tokens['access_token']!);
  return { sid: String(sid), token: tokens['access_token']! };
}

/** A person at a browser with two sessions, one of them offline. */
async function aBrowser() {
  const person = world.person();
  const first = await signedIn(person);
  const offline = await signedIn(person, 'openid offline_access orders:read');
  const { body } = await world.get(`/v1/sessions/${first.sid}`);
  return { person, first, offline, uid: String(body.browser), accountId: String(body.account_id) };
}

const standing = async (tokens: readonly string[]): Promise<boolean[]> =>
  Promise.all(tokens.map(async (token) => (await world.introspect(token)).active));

describe('the browser of a session', () => {
  it('is listed by account, shown with what it signed in, and named by its sessions', async () => {
    const { first, offline, uid, accountId } = await aBrowser();
    const listed = await world.get(`/v1/browsers?account=${accountId}&state=live`);
    expect(listed.body.items).toContainEqual(
      expect.objectContaining({ uid, account_id: accountId, state: 'live', end_reason: null }),
    );
    const { status, body } = await world.get(`/v1/browsers/${uid}`);
    expect(status).toBe(200);
    expect(body.sessions.map(({ id }: { id: string }) => id)).toEqual([offline.sid, first.sid]);
    expect(body.idle_expires_in).toBeGreaterThan(0);
    const told = body.timeline.map(({ type }: { type: string }) => type);
    expect(told).toEqual(['signin.succeeded', 'session.started', 'session.started']);
  });

  it('is listed page by page, also where nothing was signed in with it', async () => {
    const person = world.person(1);
    await person.follow(`${world.server.issuer}/sign-in`, ({ url }) => url.pathname === '/');
    await signedIn(world.person(1));
    const { username } = world.data.accounts[1]!;
    const found = await world.get(`/v1/accounts?prefix=${encodeURIComponent(username)}`);
    const account = found.body.items[0].id;
    const page = await world.get(`/v1/browsers?account=${account}&limit=1`);
    const next = await world.get(`/v1/browsers?account=${account}&limit=1&cursor=${page.body.next_cursor}`);
    const uids = [page.body.items[0].uid, next.body.items[0].uid];
    expect(new Set(uids).size).toBe(2);
    const shown = await Promise.all(uids.map((uid) => world.get(`/v1/browsers/${uid}`)));
    expect(shown.map(({ body }) => body.sessions.length).toSorted()).toEqual([0, 1]);
  });

  it.each([
    ['/v1/browsers', 'invalid_request'],
    ['/v1/browsers?account=x', 'invalid_request'],
    ['/v1/browsers/nobody-has-this-uid', 'unknown_browser'],
    ['/v1/browsers/%20', 'invalid_request'],
  ])('is asked for in vain: %s', async (path, code) => {
    expect((await world.get(path)).body.code).toBe(code);
  });
});

describe('an operator’s end of a session', () => {
  it('signs its browser out with everything it signed in, and says so; nobody comes back without a password', async () => {
    const { person, first, offline, uid } = await aBrowser();
    expect(await silently(person)).toBe('a code');
    const would = await world.call('DELETE', `/v1/sessions/${first.sid}?dry_run=true`);
    expect(would.body).toMatchObject({ ended: false, along: [offline.sid], browsers: [uid] });
    expect(await standing([first.token, offline.token])).toEqual([true, true]);
    const { body } = await world.call('DELETE', `/v1/sessions/${first.sid}?note=laptop%20stolen`);
    expect(body).toMatchObject({ ended: true, along: [offline.sid], browsers: [uid] });
    expect(await standing([first.token, offline.token])).toEqual([false, false]);
    expect(await silently(person)).toBe('login_required');
    const browser = (await world.get(`/v1/browsers/${uid}`)).body;
    expect(browser).toMatchObject({
      state: 'ended',
      end_reason: 'ended_by_administrator',
      end: { note: 'laptop stolen', because: first.sid, sessionsEnded: 2 },
    });
    const along = (await world.get(`/v1/sessions/${offline.sid}`)).body;
    expect(along.end).toMatchObject({ because: first.sid, note: 'laptop stolen' });
  });

  it('is narrowed by only_this_session: the browser goes on', async () => {
    const { person, first, offline } = await aBrowser();
    const path = `/v1/sessions/${first.sid}?only_this_session=true`;
    expect((await world.call('DELETE', `${path}&dry_run=true`)).body).toMatchObject({
      along: [],
      browsers: [],
    });
    const { body } = await world.call('DELETE', path);
    expect(body).toMatchObject({ ended: true, along: [], browsers: [] });
    expect(await standing([first.token, offline.token])).toEqual([false, true]);
    expect(await silently(person)).toBe('a code');
  });

  it('signs the browser out also where the session was over already', async () => {
    const { person, first, uid } = await aBrowser();
    await world.call('DELETE', `/v1/sessions/${first.sid}?only_this_session=true`);
    const { body } = await world.call('DELETE', `/v1/sessions/${first.sid}`);
    expect(body).toMatchObject({ ended: false, browsers: [uid], propagation: { durable: true } });
    expect(await silently(person)).toBe('login_required');
  });
});

describe('an operator’s end of many sessions', () => {
  const end = (selection: object, more: object = {}) =>
    world.post('/v1/sessions/end', { selection, ...more });

  it('reaches the browsers of those it names, and counts them before and after', async () => {
    const { person, first, accountId } = await aBrowser();
    for (const selection of [
      { ids: [first.sid] },
      { search: { account: accountId, client: world.data.clients.web.client_id } },
    ]) {
      const { body } = await end(selection, { dry_run: true });
      expect(body.browsers).toBeGreaterThanOrEqual(1);
    }
    const counted = await end({ ids: [first.sid] }, { dry_run: true });
    expect(counted.body).toMatchObject({ matched: 1, along: 1, browsers: 1 });
    const done = await end({ ids: [first.sid] });
    expect(done.body).toMatchObject({ matched: 1, recorded: 2, along: 1, browsers: 1 });
    expect(await silently(person)).toBe('login_required');
  });

  it('of an account takes all its browsers', async () => {
    const { person, accountId } = await aBrowser();
    const { body } = await end({ account: accountId });
    expect(body.browsers).toBeGreaterThanOrEqual(1);
    expect(await silently(person)).toBe('login_required');
    expect((await world.get(`/v1/browsers?account=${accountId}&state=live`)).body.items).toEqual([]);
  });

  it.each([{ account: '00000000-0000-4000-8000-000000000000' }, { client: 'web' }, { everyone: true }])(
    'is not narrowed where all of something is named: %j',
    async (selection) => {
      const { status, text } = await end(selection, { only_this_session: true, dry_run: true });
      expect([status, text]).toEqual([400, expect.stringContaining('only_this_session')]);
    },
  );
});

describe('an operator’s end of a browser', () => {
  it.each([
    ['', [false, false]],
    ['&keep_offline=true', [false, true]],
  ])('ends what it signed in, once; offline sessions stay where they are kept: %j', async (more, alive) => {
    const { person, first, offline, uid } = await aBrowser();
    const sids = alive[1] ? [first.sid] : [first.sid, offline.sid];
    const path = `/v1/browsers/${uid}?note=lost${more}`;
    const would = await world.call('DELETE', `${path}&dry_run=true`);
    expect(would.body.sessions.toSorted()).toEqual(sids.toSorted());
    const { body } = await world.call('DELETE', path);
    expect(body).toMatchObject({ ended: true, end_reason: 'ended_by_administrator' });
    expect(body.sessions.toSorted()).toEqual(sids.toSorted());
    expect(await standing([first.token, offline.token])).toEqual(alive);
    expect(await silently(person)).toBe('login_required');
    const again = await world.call('DELETE', path);
    expect(again.body).toMatchObject({ ended: false, sessions: [], propagation: null });
  });
});

describe('the table of reach', () => {
  it.each(endReasons.filter(administratorMayUse))(
    'holds for every reason an operator may give: %s',
    async (reason) => {
      const { person, first, offline, uid, accountId } = await aBrowser();
      const path = `/v1/sessions/${first.sid}?reason=${reason}`;
      const would = (await world.call('DELETE', `${path}&dry_run=true`)).body;
      const counts = [];
      const client = world.data.clients.web.client_id;
      for (const selection of [{ ids: [first.sid] }, { search: { account: accountId, client } }]) {
        const order = { selection, reason, dry_run: true };
        const { along, browsers } = (await world.post('/v1/sessions/end', order)).body;
        counts.push({ along, browsers });
      }
      const { along, browsers } = (await world.call('DELETE', path)).body;
      const [sids, uids] = reachOf(reason) === 'session' ? [[], []] : [[offline.sid], [uid]];
      expect({ along, browsers }).toEqual({ along: sids, browsers: uids });
      // A preview says for the same reason what the end does then.
      expect({ along: would.along, browsers: would.browsers }).toEqual({ along, browsers });
      expect(counts[0]).toEqual({ along: along.length, browsers: browsers.length });
      // Other tests left sessions of this account, whose browsers the search may reach.
      expect(counts[1]!.browsers > 0).toBe(browsers.length > 0);
      // The browser had one session of this client, so its sign-in is over there even where the browser is not.
      const isAsked = endReasonEntry(reason).silentReturn !== 'allowed';
      expect((await silently(person)) === 'login_required').toBe(isAsked);
    },
  );
});
