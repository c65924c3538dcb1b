import { randomUUID } from 'node:crypto';
import { formsOf, type Page, Person } from '../support/person.js';
import { AdminWorld } from './admin-world.js';
import { newcomer, UpstreamWorld, until } from './upstream-world.js';

describe('another installation of this product as the identity provider', () => {
  let house: AdminWorld;
  let elsewhere: AdminWorld;

  beforeAll(async () => {
    const quick = { CURFEW_DELIVERY_INTERVAL: '50ms', CURFEW_DELIVERY_FIRST_RETRY: '200ms' };
    [house, elsewhere] = await Promise.all([
      AdminWorld.start({ CURFEW_LOG_LEVEL: 'info' }),
      AdminWorld.start(quick),
    ]);
    const there = `${house.server.issuer}/sign-in/upstream/curfew`;
    const client = await elsewhere.post('/v1/clients', {
      ...{ client_name: 'The other house', redirect_uris: [there], grant_types: ['authorization_code'] },
      ...{ backchannel_logout_uri: `${there}/logout`, token_endpoint_auth_method: 'client_secret_basic' },
    });
    expect([client.status, client.body]).toEqual([
      201,
      expect.objectContaining({ client_id: expect.any(String) }),
    ]);
    // Names that nobody has here.
    await elsewhere.database.query(`UPDATE account SET username = 'elsewhere-' || username`);
    const made = await house.post('/v1/identity-providers', {
      ...{ id: 'curfew', name: 'Elsewhere', issuer: elsewhere.server.issuer, scopes: ['profile', 'email'] },
      ...{ client_id: client.body.client_id, client_secret: client.body.client_secret },
      ...{ creates_accounts: true, believes_amr: true },
    });
    expect([made.status, made.body]).toEqual([201, expect.anything()]);
    await until(async () =>
      (await nobody().open(`${house.server.issuer}/sign-in`)).body.includes('value="curfew"'),
    );
  }, 180_000);

  afterAll(async () => {
    await house?.stop();
    await elsewhere?.stop();
  });

  const nobody = () => new Person('unused', 'unused');

  /** Somebody with an account at the other house, signing in here with it. */
  async function signIn(person: Person, account: number): Promise<Page> {
    const page = await person.open(`${house.server.issuer}/sign-in`);
    const form = formsOf(page.body).find(({ markup }) => markup.includes('value="curfew"'))!;
    const there = await person.submit(page, { ...form, markup: '' }, { upstream: 'curfew' });
    expect(there.url.origin).toBe(elsewhere.server.issuer);
    const { username, password } = elsewhere.data.accounts[account]!;
    const back = await new Person(`elsewhere-${username}`, password).follow(there.url.href);
    expect(back.url.origin).toBe(house.server.issuer);
    expect(back.url.searchParams.get('error')).toBe(null);
    return person.open(back.url.href);
  }

  const isSignedIn = async (person: Person) =>
    (await person.open(`${house.server.issuer}/sessions`)).url.pathname === '/sessions';

  const lastSignIn = async () => {
    const [row] = await house.database.query<{ account: string; data: { acr: string; amr: string[] } }>(
      `SELECT account_id::text AS account, data FROM event WHERE type = 'signin.succeeded' ORDER BY xid DESC, id DESC LIMIT 1`,
    );
    return row!;
  };

  it('signs somebody in who is named at the userinfo endpoint alone, with what was proved there, to one account', async () => {
    const person = nobody();
    await signIn(person, 0);
    expect(await isSignedIn(person)).toBe(true);
    const { account, data } = await lastSignIn();
    expect(data).toMatchObject({ acr: 'urn:curfew:acr:sfa', amr: ['pwd'] });
    const known = await house.get(`/v1/accounts/${account}`);
    expect(known.body.username).toBe(`elsewhere-${elsewhere.data.accounts[0]!.username}`);
    await signIn(nobody(), 0);
    expect((await lastSignIn()).account).toBe(account);
  });

  it('has the sign-in end no later than the session there does', async () => {
    const person = nobody();
    await signIn(person, 1);
    const { account } = await lastSignIn();
    const [here] = await house.database.query<{ at: Date }>(
      `SELECT absolute_deadline AS at FROM browser_session WHERE account_id = '${account}' ORDER BY signed_in_at DESC LIMIT 1`,
    );
    const [there] = await elsewhere.database.query<{ at: Date }>(
      `SELECT absolute_deadline AS at FROM session WHERE ended_at IS NULL ORDER BY started_at DESC LIMIT 1`,
    );
    expect(here!.at.getTime()).toBeLessThanOrEqual(there!.at.getTime());
  });

  it('ends what came of a session when that ends there', async () => {
    const [person, another] = [nobody(), nobody()];
    await signIn(another, 0);
    await signIn(person, 0);
    const [session] = await elsewhere.database.query<{ id: string }>(
      `SELECT id::text AS id FROM session WHERE ended_at IS NULL ORDER BY started_at DESC LIMIT 1`,
    );
    const ended = await elsewhere.call('DELETE', `/v1/sessions/${session!.id}`);
    expect(ended.status).toBe(200);
    await until(async () => !(await isSignedIn(person)));
    expect(await isSignedIn(another)).toBe(true);
  });
});

describe('the userinfo endpoint of a provider', () => {
  let upstream: UpstreamWorld;

  beforeAll(async () => {
    // Its metadata are read at the first sign-in.
    upstream = await UpstreamWorld.start({}, { creates_accounts: true, links_by_email: true });
    upstream.elsewhere.hasUserinfo = true;
  }, 120_000);

  afterAll(() => upstream?.stop());

  const signedIn = async (
    claims: object,
    userinfo: Readonly<Record<string, unknown>>,
    subject = randomUUID(),
  ) => {
    const person = upstream.somebody();
    const told = { subject, deviation: { claims: { ...claims }, userinfo } };
    const page = await upstream.signIn(person, told);
    return { page, subject, isSignedIn: await upstream.isSignedIn(person) };
  };

  it('is asked about somebody unknown where the ID token does not name them, and not afterwards', async () => {
    const { elsewhere } = upstream;
    const before = elsewhere.userinfoRequests;
    const name = `${randomUUID()}@example.test`;
    const first = await signedIn({}, { preferred_username: name });
    expect([first.isSignedIn, elsewhere.userinfoRequests - before]).toEqual([true, 1]);
    const again = await signedIn({}, { preferred_username: name }, first.subject);
    expect([again.isSignedIn, elsewhere.userinfoRequests - before]).toEqual([true, 1]);
    const named = newcomer({ email: `${randomUUID()}@example.test`, email_verified: false });
    expect((await signedIn(named.deviation.claims!, {})).isSignedIn).toBe(true);
    expect(elsewhere.userinfoRequests - before).toBe(1);
  });

  it('links by the address that it says is verified, and by no other', async () => {
    const email = `${randomUUID()}@example.test`;
    const { body } = await upstream.world.post('/v1/accounts', {
      username: email,
      email,
      email_verified: true,
    });
    const claimed = await signedIn({}, { email, email_verified: false });
    expect(claimed.isSignedIn).toBe(false);
    // An ID token that speaks of an address is not overruled.
    const denied = await signedIn({ email, email_verified: false }, { email, email_verified: true });
    expect(denied.isSignedIn).toBe(false);
    // Core §5.1: the word that an address is verified is about the one beside which it stands.
    const own = { email: `${randomUUID()}@example.test`, email_verified: true };
    expect((await signedIn({ email }, own)).isSignedIn).toBe(false);
    expect((await signedIn({ email_verified: true }, { email })).isSignedIn).toBe(false);
    expect((await signedIn({}, { email, email_verified: true })).isSignedIn).toBe(true);
    const shown = await upstream.world.get(`/v1/accounts/${body.id}`);
    expect(shown.body.identities).toHaveLength(1);
  });

  it('that speaks of somebody else signs nobody in', async () => {
    const named = { preferred_username: `${randomUUID()}@example.test`, sub: randomUUID() };
    const { page, isSignedIn } = await signedIn({}, named);
    expect([page.body.includes('The sign-in there did not succeed.'), isSignedIn]).toEqual([true, false]);
  });

  it('of a provider that goes away before its response is redeemed costs no more than a sentence', async () => {
    const person = upstream.somebody();
    const there = await upstream.go(person);
    await upstream.elsewhere.close();
    const told = await person.open(upstream.elsewhere.respond(there.url, randomUUID()));
    expect([told.status, told.body.includes('The sign-in there did not succeed.')]).toEqual([422, true]);
    await upstream.elsewhere.open();
  });

  it('says to operators where the secret of one does not open any more', async () => {
    const found = async () => {
      const { body } = await upstream.world.get('/v1/doctor');
      return body.items.find(({ name }: { name: string }) => name === 'identity providers');
    };
    expect(await found()).toMatchObject({ state: 'ok', detail: '2 can be signed in with' });
    await upstream.world.database.query(`UPDATE identity_provider SET secret = '\\x00' WHERE id = 'other'`);
    // A run of the checks is shared by everybody who asks within three seconds.
    await until(async () => (await found()).state === 'wrong');
    expect(await found()).toMatchObject({
      detail: 'the client secret does not open: other',
      advice: expect.stringContaining('key-encryption secret'),
    });
  });
});

describe('logout tokens of a provider that is away', () => {
  it('are refused, and have it asked no more often than sign-ins of one network do', async () => {
    const upstream = await UpstreamWorld.start({ CURFEW_THROTTLE_SIGN_IN_NETWORK: '5/1m' }, {});
    try {
      const logout_token = await upstream.elsewhere.logoutToken({ sid: randomUUID() }, { isForged: true });
      await upstream.elsewhere.close();
      const send = async () => {
        const body = new URLSearchParams({ logout_token });
        const answer = await fetch(`${upstream.signInPage}/upstream/elsewhere/logout`, {
          method: 'POST',
          body,
        });
        const seconds = Number(answer.headers.get('retry-after'));
        return [answer.status, ((await answer.json()) as { error: string }).error, seconds > 0];
      };
      const answers: unknown[] = [];
      for (let time = 0; time < 8; time += 1) answers.push(await send());
      const [away, throttled] = [
        [503, 'temporarily_unavailable', true],
        [429, 'invalid_request', true],
      ];
      expect(answers).toEqual([away, away, away, away, away, throttled, throttled, throttled]);
    } finally {
      await upstream.stop();
    }
  }, 120_000);
});
