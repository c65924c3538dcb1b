import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { migrate } from '@curfew/persistence';
import { decodeJwt } from 'jose';
import { type EngineClient, EngineWorld, ledger, orders, type Tokens } from './engine-world.js';

let world: EngineWorld;
let web: EngineClient;
let api: EngineClient;
beforeAll(async () => {
  world = await EngineWorld.start();
  // Nothing but refreshes keeps these sessions alive, and they are over in minutes.
  web = await world.client(
    {},
    { accessTokenLifetime: '5m', inactivityTimeout: '6m', absoluteLifetime: '20m', activity: 'refresh' },
  );
  api = await world.client({ grant_types: [], redirect_uris: [], resources: [], resource: orders });
}, 90_000);
afterEach(() => world.check());
afterAll(() => world?.stop());

const refused = { status: 400, body: { error: 'invalid_grant' } };
const inMs = async (sid: string, column: 'expires_at' | 'absolute_deadline') =>
  (await world.row(sid))[column].getTime() as number;
/** Refreshed every five minutes until shortly before the absolute deadline, so that only that one is left. */
const nearItsEnd = async (): Promise<Tokens> => {
  let tokens = await world.signIn(web, { person: world.stranger() });
  for (let n = 0; n < 3; n++) {
    await world.pass(300);
    tokens = await world.refreshed(web, tokens.refresh_token);
  }
  return tokens;
};

describe.each([
  ['the inactivity timeout', 'inactivity_timeout', () => world.signIn(web)],
  ['the absolute lifetime', 'absolute_lifetime', nearItsEnd],
] as const)('%s, to the second and on both nodes', (_, reason, begin) => {
  it('at the token endpoint: a moment before it is 200', async () => {
    const tokens = await begin();
    await world.passTo((await inMs(tokens.sid, 'expires_at')) - 2_000);
    await world.refreshed(web, tokens.refresh_token, { node: 1 });
  });

  it('at the token endpoint: from then on it is invalid_grant, and the end is recorded once', async () => {
    const tokens = await begin();
    await world.passTo(await inMs(tokens.sid, 'expires_at'));
    for (const node of [0, 1, 0])
      expect(await world.refresh(web, tokens.refresh_token, { node })).toMatchObject(refused);
    expect((await world.events(tokens.sid, 'session.ended')).map(({ data }) => data.reason)).toEqual([
      reason,
    ]);
  });

  it('at introspection and userinfo: active a moment before, and not from then on', async () => {
    const tokens = await begin();
    const late = await world.refreshed(web, tokens.refresh_token);
    const deadline = await inMs(tokens.sid, 'expires_at');
    // An access token of its own would be over before an idle session is: this one is newer.
    await world.passTo(deadline - 200_000);
    const { access_token } =
      reason === 'absolute_lifetime' ? await world.refreshed(web, late.refresh_token) : late;
    const end = await inMs(tokens.sid, 'expires_at');
    await world.passTo(end - 2_000);
    const wasActive = await world.isActive(api, access_token, 1);
    expect(wasActive).toBe(reason === 'absolute_lifetime' ? true : wasActive);
    await world.passTo(end);
    for (const node of [0, 1]) {
      expect(await world.isActive(api, access_token, node)).toBe(false);
      expect((await world.userinfo(access_token, node)).status).toBe(401);
    }
  });
});

describe('access tokens', () => {
  it('never outlive the absolute deadline of their session, opaque or signed', async () => {
    for (const resource of [orders, ledger]) {
      let tokens = await world.signIn(web, {
        extra: { resource, scope: 'openid orders:read' },
        person: world.stranger(),
      });
      for (let n = 0; n < 3; n++) {
        await world.pass(300);
        tokens = await world.refreshed(web, tokens.refresh_token);
      }
      const deadline = await inMs(tokens.sid, 'absolute_deadline');
      await world.passTo(deadline - 100_000);
      const answer = await world.refresh(web, tokens.refresh_token);
      expect(answer.body.expires_in).toBeLessThanOrEqual(100);
      expect(answer.body.expires_in).toBeGreaterThan(80);
      const exp =
        resource === ledger
          ? decodeJwt(answer.body.access_token).exp
          : (await world.introspect(api, answer.body.access_token)).body.exp;
      expect(exp! * 1000).toBeLessThanOrEqual(deadline);
    }
  });

  it('in the very last seconds of a session still come, and die with it', async () => {
    const tokens = await nearItsEnd();
    const deadline = await inMs(tokens.sid, 'absolute_deadline');
    await world.passTo(deadline - 1_500);
    const answer = await world.refresh(web, tokens.refresh_token);
    expect([200, 400]).toContain(answer.status);
    if (answer.status === 200) expect(answer.body.expires_in).toBe(1);
    await world.passTo(deadline);
    expect(await world.refresh(web, tokens.refresh_token)).toMatchObject(refused);
  });
});

describe('use as activity', () => {
  it('by introspection keeps a session alive, on every node; asked with touch=false it does not', async () => {
    const client = await world.client(
      {},
      { accessTokenLifetime: '5m', inactivityTimeout: '6m', activity: 'use' },
    );
    const [watched, used] = [await world.signIn(client), await world.signIn(client)];
    await world.pass(200);
    await world.introspect(api, watched.access_token, { extra: { touch: 'false' } });
    const { body } = await world.introspect(api, used.access_token);
    expect(body.idle_expires_in).toBeGreaterThan(355);
    await world.until('it is written', async () => {
      const { last_active_at, signed_in_at } = await world.row(used.sid);
      return last_active_at - signed_in_at > 100_000;
    });
    await world.pass(170);
    expect(await world.refresh(client, watched.refresh_token, { node: 1 })).toMatchObject(refused);
    expect((await world.refresh(client, used.refresh_token, { node: 1 })).status).toBe(200);
  });

  it('says how much time is left, in seconds from now', async () => {
    const tokens = await world.signIn(web);
    await world.pass(100);
    const { body } = await world.introspect(api, tokens.access_token);
    expect(body.idle_expires_in).toBeGreaterThan(250);
    expect(body.idle_expires_in).toBeLessThanOrEqual(260);
    expect(body.absolute_expires_in).toBeLessThanOrEqual(1100);
  });
});

describe('a policy that is shortened', () => {
  it('applies to sessions that live, at once and on every node, and is not undone by a longer one later', async () => {
    const client = await world.client({}, { accessTokenLifetime: '5m', inactivityTimeout: '20m' });
    const tokens = await world.signIn(client);
    await world.policy(client.id, {
      accessTokenLifetime: '5m',
      inactivityTimeout: '6m',
      absoluteLifetime: '30m',
    });
    // Access tokens live up to a twentieth less than five minutes, so that they do not all end at once.
    await world.pass(280);
    expect(
      (await world.introspect(api, tokens.access_token, { node: 1, extra: { touch: 'false' } })).body
        .idle_expires_in,
    ).toBeLessThanOrEqual(80);
    await world.pass(81);
    expect(await world.refresh(client, tokens.refresh_token, { node: 1 })).toMatchObject(refused);
    await world.policy(client.id, { inactivityTimeout: '20m' });
    expect(await world.refresh(client, tokens.refresh_token)).toMatchObject(refused);
  });

  it('never gives a session more than it was signed in under', async () => {
    const client = await world.client(
      {},
      { accessTokenLifetime: '5m', inactivityTimeout: '6m', absoluteLifetime: '10m' },
    );
    const tokens = await world.signIn(client);
    await world.policy(client.id, { inactivityTimeout: '2h', absoluteLifetime: '10h' });
    await world.pass(300);
    const next = await world.refreshed(client, tokens.refresh_token);
    await world.pass(301);
    expect(await world.refresh(client, next.refresh_token)).toMatchObject(refused);
    expect(await world.endOf(tokens.sid)).toBe('absolute_lifetime');
  });
});

describe('a node whose clock is wrong', () => {
  it.each([300_000, -300_000])('by %s ms decides as all others do', async (skew) => {
    const preload = `const now=Date.now;Date.now=()=>now()+(${skew});`;
    await world.replace(1, { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}` });
    const tokens = await world.signIn(web);
    const answers = [0, 1].map((node) => world.introspect(api, tokens.access_token, { node }));
    const [right, wrong] = (await Promise.all(answers)).map(({ body }) => body);
    expect(wrong.active).toBe(true);
    expect(Math.abs(right.idle_expires_in - wrong.idle_expires_in)).toBeLessThanOrEqual(1);
    const next = await world.refreshed(web, tokens.refresh_token, { node: 1 });
    const issued = (await world.introspect(api, next.access_token)).body;
    expect(Math.abs(issued.iat * 1000 - world.clock.now())).toBeLessThan(5_000);
    await world.passTo((await inMs(tokens.sid, 'expires_at')) - 2_000);
    const last = await world.refreshed(web, next.refresh_token, { node: 1 });
    await world.passTo(await inMs(tokens.sid, 'expires_at'));
    expect(await world.refresh(web, last.refresh_token, { node: 1 })).toMatchObject(refused);
  });
});

describe('a newer version that has changed the structure already', () => {
  it('lets the nodes of this one serve, and start again, until they are replaced', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-newer-'));
    await cp('prisma/migrations', folder, { recursive: true });
    const newer = path.join(folder, '29991231000000_newer');
    await mkdir(newer);
    // All that the rule allows (docs/adr): columns that have a default or may be left out, tables, indexes.
    await writeFile(
      path.join(newer, 'migration.sql'),
      [
        'session',
        'client',
        'account',
        'resource',
        'policy',
        'consent',
        'browser_session',
        'protocol_artifact',
        'throttle',
        'signing_key',
        'event',
        'not_before',
        'revoked_token',
      ]
        .map(
          (table) =>
            `ALTER TABLE "${table}" ADD COLUMN "later" TEXT NOT NULL DEFAULT 'x', ADD COLUMN "perhaps" INTEGER; CREATE INDEX ON "${table}" ("perhaps");`,
        )
        .join('\n'),
    );
    const plain = await world.client();
    let tokens = await world.signIn(plain);
    let over = false;
    const serving = (async () => {
      for (let turn = 0; !over || turn < 20; turn += 1)
        tokens = await world.refreshed(plain, tokens.refresh_token, { node: turn % 2 });
    })();
    const { applied } = await migrate(world.database.url, { folder });
    over = true;
    await serving;
    expect(applied).toEqual(['29991231000000_newer']);
    await rm(folder, { recursive: true, force: true });
    await world.restart();
    for (const node of [0, 1]) {
      const again = await world.signIn(plain, { person: world.stranger(), node });
      expect((await world.refresh(plain, again.refresh_token, { node })).status).toBe(200);
      expect((await world.revoke(plain, again.refresh_token, node)).status).toBe(200);
      expect(await world.isActive(api, again.access_token, node)).toBe(false);
    }
    expect((await world.refresh(plain, tokens.refresh_token)).status).toBe(200);
  }, 60_000);
});
