import { setTimeout as pause } from 'node:timers/promises';
import { startOwnDatabase } from '../chaos/own-cluster.js';
import type { TestDatabase } from '../support/database.js';
import { addPasskey, showPasskey } from '../support/software-passkey.js';
import { type EngineClient, EngineWorld, orders, type Tokens } from './engine-world.js';
import { pkce } from './protocol-world.js';

let database: TestDatabase;
let world: EngineWorld;
let web: EngineClient;
let api: EngineClient;
/** Long enough for what is done every ten seconds to be counted as often as it is done. */
const idleSeconds = 10;
/** The statements of a node by itself in that time, in which nobody asked anything. */
let whenIdle: readonly Statement[];
/** How long that was, in seconds. */
let idleFor = 0;
let ownStatements: ReadonlySet<string>;
beforeAll(async () => {
  database = await startOwnDatabase({ shared_preload_libraries: 'pg_stat_statements', autovacuum: 'off' });
  await database.query('CREATE EXTENSION pg_stat_statements');
  world = await EngineWorld.start({ nodes: 1, database });
  web = await world.client();
  api = await world.client({ grant_types: [], redirect_uris: [], resources: [], resource: orders });
  await world.signIn(web);
  await pause(1_500);
  await database.query('SELECT pg_stat_statements_reset()');
  const from = performance.now();
  await pause(idleSeconds * 1_000);
  whenIdle = await statements();
  idleFor = (performance.now() - from) / 1_000;
  ownStatements = new Set(whenIdle.map(({ query }) => query));
}, 90_000);
afterEach(() => world.check());
afterAll(() => (world ? world.stop() : database?.drop()));

interface Statement {
  readonly query: string;
  readonly calls: number;
}

const statements = () =>
  database.query<Statement>(
    `SELECT query, calls::int FROM pg_stat_statements
     WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );

/** How many reads and writes each of `times` requests costs. The work that a node does by itself is not counted. */
async function costOf(times: number, request: (index: number) => Promise<unknown>) {
  await database.query('SELECT pg_stat_statements_reset()');
  for (let index = 0; index < times; index++) await request(index);
  const isOfRequests = ({ query, calls }: Statement) => calls >= times / 2 && !ownStatements.has(query);
  const all = (await statements()).filter(isOfRequests);
  const isRead = ({ query }: Statement) =>
    /^\s*(WITH|SELECT)\b/i.test(query) && !/UPDATE|INSERT|DELETE/.test(query);
  const per = (some: Statement[]) => some.reduce((sum, { calls }) => sum + calls, 0) / times;
  return {
    reads: per(all.filter(isRead)),
    writes: per(all.filter((one) => !isRead(one) && !isControl(one))),
    transactions: per(all.filter(isControl)),
  };
}
const isChange = ({ query }: Statement) => /UPDATE (?!OF)|INSERT|DELETE/.test(query);
const isControl = ({ query }: Statement) => /^(BEGIN|COMMIT|ROLLBACK|START)\b/i.test(query);

/** Refreshes one session again and again. */
const refreshing = (from: Tokens) => {
  let tokens = from;
  return async () => {
    tokens = await world.refreshed(web, tokens.refresh_token);
  };
};

const chain = async (from: Tokens, times: number): Promise<Tokens> => {
  let tokens = from;
  for (let n = 0; n < times; n++) tokens = await world.refreshed(web, tokens.refresh_token);
  return tokens;
};

describe('what it costs', () => {
  it('nothing to speak of where nobody asks: a few looks a second, and fewer than two changes', () => {
    const perSecond = (some: readonly Statement[]) =>
      some.reduce((sum, { calls }) => sum + calls, 0) / idleFor;
    expect(perSecond(whenIdle)).toBeLessThan(10);
    expect(perSecond(whenIdle.filter(isChange))).toBeLessThan(2);
  });

  it('a refresh: one read, one write, which is its own commit', async () => {
    const again = refreshing(await world.signIn(web));
    await again();
    expect(await costOf(50, again)).toEqual({ reads: 1, writes: 1, transactions: 0 });
  });

  it('a refresh with personal claims in its ID token: one write all the same, and reads of the account beside the session', async () => {
    const extra = { resource: orders, scope: 'openid email orders:read' };
    const again = refreshing(await world.signIn(web, { extra }));
    await again();
    expect(await costOf(50, again)).toMatchObject({ writes: 1, transactions: 0 });
  });

  it('a sign-in by passkey: one read of everything about the person, and the commits of the page and of the sign-in', async () => {
    const [person, { password: current }] = [world.stranger(2), world.data.accounts[2]!];
    await world.code(web, { scope: 'openid' }, person);
    const { key } = await addPasskey(person, world.issuer, { current });
    const asked = new URLSearchParams({
      ...{ client_id: web.id, redirect_uri: world.callback, response_type: 'code', scope: 'openid' },
      ...{ code_challenge: pkce().challenge, code_challenge_method: 'S256' },
    });
    const signIn = async () => {
      const browser = world.stranger(2);
      const page = await browser.open(`${world.issuer}/authorize?${asked}`);
      const { url } = await showPasskey(browser, page, key);
      expect([url.origin + url.pathname, url.searchParams.has('code')]).toEqual([world.callback, true]);
    };
    await signIn();
    expect(await costOf(20, signIn)).toEqual({ reads: 1, writes: 2, transactions: 0 });
  });

  it('a retry within two seconds of its rotation: two reads, no write', async () => {
    const { refresh_token } = await world.signIn(web);
    await world.refreshed(web, refresh_token);
    const cost = await costOf(20, () => world.refreshed(web, refresh_token));
    expect(cost).toEqual({ reads: 2, writes: 0, transactions: 0 });
  });

  it('an introspection: one read', async () => {
    const { access_token } = await world.signIn(web);
    const cost = await costOf(50, () => world.introspect(api, access_token, { extra: { touch: 'false' } }));
    expect(cost).toEqual({ reads: 1, writes: 0, transactions: 0 });
  });

  it('a use that counts: one read, and a write now and then for all of them', async () => {
    const { access_token } = await world.signIn(web);
    const cost = await costOf(50, () => world.introspect(api, access_token));
    expect(cost).toEqual({ reads: 1, writes: 0, transactions: 0 });
  });

  it('a revocation of what is revoked already: one read, and a message of which nothing is kept, so that its answer waits', async () => {
    const { access_token } = await world.signIn(web);
    const again = () => world.revoke(web, access_token);
    expect((await again()).status).toBe(200);
    // The message is counted as a read: it changes nothing.
    expect(await costOf(20, again)).toEqual({ reads: 2, writes: 0, transactions: 0 });
  });

  it('garbage: nothing, at any endpoint', async () => {
    const { refresh_token, access_token } = await world.signIn(web);
    const spoilt = [
      (token: string) => token.slice(0, -1),
      (token: string) => `${token}=`,
      (token: string) => token.toUpperCase(),
      (token: string) => `${token.slice(0, -4)}AAAA`,
      () => 'x',
    ];
    const cost = await costOf(20, async (index) => {
      const spoil = spoilt[index % spoilt.length]!;
      expect((await world.refresh(web, spoil(refresh_token))).status).toBe(400);
      expect((await world.refresh(web, spoil(refresh_token), { extra: { resource: orders } })).status).toBe(
        400,
      );
      expect((await world.introspect(api, spoil(access_token))).body).toEqual({ active: false });
      expect((await world.introspect(api, spoil(refresh_token))).body).toEqual({ active: false });
      expect((await world.revoke(web, spoil(refresh_token))).status).toBe(200);
      expect((await world.userinfo(spoil(access_token))).status).toBe(401);
    });
    expect(cost).toEqual({ reads: 0, writes: 0, transactions: 0 });
  });

  it('a session over a thousand refreshes: the same one row of the same size, and nothing beside it', async () => {
    const measure = async ({ sid }: Tokens) => {
      const [row] = await database.query<Record<string, number>>(
        `SELECT (SELECT count(*) FROM session)::int AS sessions, (SELECT count(*) FROM protocol_artifact)::int AS artifacts,
           (SELECT count(*) FROM revoked_token)::int AS revoked, (SELECT count(*) FROM event WHERE session_id = $1)::int AS events,
           pg_column_size(s.*) AS bytes FROM session s WHERE id = $1`,
        [sid],
      );
      return row;
    };
    const first = await chain(await world.signIn(web), 2);
    await database.query('VACUUM session');
    const before = await measure(first);
    const [hot] = await database.query<{ n: number }>(`SELECT pg_total_relation_size('session')::int AS n`);
    const last = await chain(first, 1000);
    await database.query('VACUUM session');
    expect(await measure(last)).toEqual(before);
    const [after] = await database.query<{ n: number; indexed: number }>(
      `SELECT pg_total_relation_size('session')::int AS n FROM pg_class LIMIT 1`,
    );
    // Old versions of the row live on its own page until they are pruned, so a whole thousand of them needs a page or two.
    expect(after!.n - hot!.n).toBeLessThanOrEqual(4 * 8192);
    await world.until('the updates are counted', async () => (await updates()).all >= 1000);
    const { all, onTheirPage } = await updates();
    expect(onTheirPage / all).toBeGreaterThan(0.9);
  }, 60_000);
});

const updates = async () => {
  const [row] = await database.query<{ all: number; onTheirPage: number }>(
    `SELECT n_tup_upd::int AS all, n_tup_hot_upd::int AS "onTheirPage" FROM pg_stat_user_tables WHERE relname = 'session'`,
  );
  return row!;
};
