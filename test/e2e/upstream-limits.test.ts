import { randomUUID } from 'node:crypto';
import { advanceVirtualClock } from '@curfew/persistence';
import type { IdentityProvider } from '../support/identity-provider.js';
import { Person } from '../support/person.js';
import type { AdminWorld } from './admin-world.js';
import { deviceGrant } from './protocol-world.js';
import { newcomer, UpstreamWorld, until } from './upstream-world.js';

/** Sign-ins elsewhere at the edges: at the last second, in many browsers, and with more providers than a page offers. */
let upstream: UpstreamWorld;
let world: AdminWorld;
let elsewhere: IdentityProvider;

beforeAll(async () => {
  const settings = { CURFEW_VIRTUAL_CLOCK: 'true', CURFEW_SWEEP_INTERVAL: '1h' };
  upstream = await UpstreamWorld.start(settings, { creates_accounts: true });
  ({ world, elsewhere } = upstream);
}, 120_000);

afterAll(() => upstream?.stop());

const epoch = () => Math.floor(Date.now() / 1000);

const liveBrowsers = async (key: string): Promise<number> => {
  const [row] = await world.database.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM browser_session WHERE $1 = ANY(upstream) AND ended_at IS NULL',
    [key],
  );
  return row!.count;
};

describe('a logout token', () => {
  it('ends every browser of its person, however many there are', async () => {
    const who = newcomer({ sid: undefined });
    const person = upstream.somebody();
    await upstream.signIn(person, who);
    const [row] = await world.database.query<{ uid: string; key: string }>(
      `SELECT b.uid, b.upstream[1] AS key FROM browser_session b, linked_identity l
       WHERE l.subject = $1 AND l.account_id = b.account_id AND b.ended_at IS NULL`,
      [who.subject],
    );
    // As many people share one account at a kiosk.
    await world.database.query(
      `INSERT INTO browser_session SELECT (jsonb_populate_record(b, jsonb_build_object(
         'uid', 'kiosk-' || n, 'id_hash', '\\x' || encode(sha256(convert_to('kiosk-' || n, 'UTF8')), 'hex')))).*
       FROM browser_session b, generate_series(1, 2100) AS n WHERE b.uid = $1`,
      [row!.uid],
    );
    expect(await liveBrowsers(row!.key)).toBe(2_101);
    const token = await elsewhere.logoutToken({ sid: randomUUID(), sub: who.subject });
    const answer = await fetch(`${upstream.signInPage}/upstream/elsewhere/logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    });
    expect(answer.status).toBe(200);
    expect(await liveBrowsers(row!.key)).toBe(0);
  }, 60_000);
});

describe('a sign-in that is over elsewhere', () => {
  it('brings nothing to a device that was approved before and asks after', async () => {
    const person = upstream.somebody();
    await upstream.signIn(person, newcomer({ session_expiry: epoch() + 120 }));
    const { client_id } = world.data.clients.device;
    const begin = async () => {
      const started = await world.form('/device/authorization', { client_id, scope: 'openid' });
      await person.follow(started['verification_uri_complete']!);
      return { grant_type: deviceGrant, client_id, device_code: started['device_code']! };
    };
    const [early, late] = [await begin(), await begin()];
    expect(await world.form('/token', early)).toMatchObject({ access_token: expect.any(String) });
    await advanceVirtualClock(world.database.prisma({}), 125_000);
    await until(async () => !(await upstream.isSignedIn(person)));
    const refused = await world.form('/token', late);
    expect(refused).toMatchObject({ error: 'invalid_grant' });
    expect(refused).not.toHaveProperty('access_token');
  });
});

describe('the page of sign-ins elsewhere', () => {
  const holder = async (number: number) => {
    const { username, password } = world.data.accounts[number]!;
    const person = new Person(username, password);
    await person.follow(upstream.signInPage, ({ url }) => url.pathname === '/');
    const home = async () => (await person.open(`${world.server.issuer}/`)).body;
    const own = async () => (await person.open(`${world.server.issuer}/identities`)).body;
    return { username, home, own };
  };
  const settingsOf = async (id: string) => (await world.get(`/v1/identity-providers/${id}`)).body;

  it('names and links the providers that the sign-in page has no room for', async () => {
    const { own } = await holder(0);
    for (let number = 10; number < 32; number += 1) {
      const issuer = `https://p${number}.example.test`;
      const settings = { id: `p${number}`, name: `Provider ${number}`, issuer, client_id: 'curfew' };
      const made = await world.post('/v1/identity-providers', { ...settings, client_secret: 'a secret' });
      expect(made.status).toBe(201);
    }
    await until(async () => (await own()).includes('link p31'));
    expect(await own()).toContain('Provider 31');
  });

  it('is named for somebody who has a link, also while no provider is open, and names that provider', async () => {
    const [linked, other] = [await holder(0), await holder(1)];
    await world.database.query(
      `INSERT INTO linked_identity (issuer, subject, account_id, created_at)
       SELECT 'https://p12.example.test', 'someone', id, now() FROM account WHERE username = $1`,
      [linked.username],
    );
    const { items } = (await world.get('/v1/identity-providers?limit=200')).body;
    for (const { id } of items) {
      const {
        version,
        redirect_uri: _a,
        created_at: _b,
        updated_at: _c,
        id: _d,
        ...rest
      } = await settingsOf(id);
      const call = { body: { ...rest, enabled: false }, headers: { 'if-match': `"${version}"` } };
      expect((await world.call('PUT', `/v1/identity-providers/${id}`, call)).status).toBe(200);
    }
    await until(async () => !(await other.home()).includes('/identities'));
    expect(await linked.home()).toContain('/identities');
    expect(await linked.own()).toContain('Provider 12');
    expect(await linked.own()).not.toContain('value="link ');
  });
});
