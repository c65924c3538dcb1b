import { randomUUID } from 'node:crypto';
import { enrol, sendForm } from '../support/authenticator.js';
import { type Deviation, IdentityProvider } from '../support/identity-provider.js';
import { formsOf, type Page, Person } from '../support/person.js';
import { AdminWorld } from './admin-world.js';

let world: AdminWorld;
let elsewhere: IdentityProvider;
let other: IdentityProvider;

const settings = (provider: IdentityProvider, more: object = {}) => ({
  issuer: provider.issuer,
  name: 'Elsewhere',
  client_id: provider.clientId,
  client_secret: provider.clientSecret,
  ...more,
});

beforeAll(async () => {
  [elsewhere, other] = [await IdentityProvider.start(), await IdentityProvider.start()];
  world = await AdminWorld.start({
    CURFEW_LOG_LEVEL: 'info',
    CURFEW_THROTTLE_SIGN_IN_NETWORK: '1000/1m',
    CURFEW_TRUSTED_HOPS: '1',
    // An application needs no more than an address that answers.
    CURFEW_CALLBACK_PORT: new URL(elsewhere.issuer).port,
  });
  await world.post('/v1/identity-providers', {
    id: 'elsewhere',
    ...settings(elsewhere, { creates_accounts: true }),
  });
  await world.post('/v1/identity-providers', { id: 'other', ...settings(other, { name: 'Other' }) });
  await offered('elsewhere');
}, 120_000);
afterAll(async () => {
  await world?.stop();
  await elsewhere?.close();
  await other?.close();
});

const somebody = () => new Person('unused', 'unused');
const signInPage = () => `${world.server.issuer}/sign-in`;

/** Waits until the sign-in page offers a provider. */
async function offered(id: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if ((await somebody().open(signInPage())).body.includes(`value="${id}"`)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${id} is not offered`);
}

/** Presses the button of a provider; the page is the provider's. */
async function go(person: Person, id = 'elsewhere', address = signInPage()): Promise<Page> {
  const page = await person.open(address);
  const form = formsOf(page.body).find(({ markup }) => markup.includes(`value="${id}"`));
  if (!form) throw new Error(page.body);
  return person.submit(page, { ...form, markup: '' }, { upstream: id });
}

/** A whole sign-in with a provider. */
async function signIn(person: Person, subject: string, deviation: Deviation = {}, id = 'elsewhere') {
  const there = await go(person, id);
  const provider = id === 'elsewhere' ? elsewhere : other;
  return person.open(provider.respond(there.url, subject, deviation));
}

const change = async (id: string, provider: IdentityProvider, more: object): Promise<void> => {
  const { headers } = await world.get(`/v1/identity-providers/${id}`);
  const { client_secret: _, ...body } = settings(provider, more);
  const changed = await world.call('PUT', `/v1/identity-providers/${id}`, {
    body,
    headers: { 'if-match': headers.get('etag')! },
  });
  if (changed.status !== 200) throw new Error(changed.text);
};

/** The last sign-in, as its event tells it. */
async function lastSignIn() {
  const [row] = await world.database.query<{ account: string; data: { acr: string; amr: string[] } }>(
    `SELECT account_id::text AS account, data FROM event WHERE type = 'signin.succeeded' ORDER BY xid DESC, id DESC LIMIT 1`,
  );
  return row!;
}

const mfa = 'urn:curfew:acr:mfa';
const hourAgo = () => Math.floor(Date.now() / 1000) - 3600;

/** The address at which the sample application asks for a sign-in. */
function authorization(more: Readonly<Record<string, string>>): string {
  const { client_id, redirect_uris } = world.data.clients.web;
  const parameters = new URLSearchParams({
    client_id,
    redirect_uri: redirect_uris[0]!,
    response_type: 'code',
    scope: 'openid',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
    ...more,
  });
  return `${world.server.issuer}/authorize?${parameters}`;
}

const linkBySql = (subject: string, username: string) =>
  world.database.query(
    `INSERT INTO linked_identity (issuer, subject, account_id, created_at)
     SELECT '${elsewhere.issuer}', '${subject}', id, now() FROM account WHERE username = '${username}'`,
  );

/** How many attempts of an address were counted as failed because of the provider, once they are written. */
async function refused(ip: string): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const [row] = await world.database.query<{ count: string }>(
    `SELECT COALESCE(sum((data ->> 'count')::int), 0)::text AS count FROM event_count
     WHERE type = 'signin.failed' AND data ->> 'cause' = 'upstream_refused' AND data -> 'signals' ->> 'ip' = '${ip}'`,
  );
  return row!.count;
}

const isSignedIn = (page: Page) => page.url.pathname === '/' && page.body.includes('Your account');

describe('the settings of an identity provider', () => {
  it('are kept without the secret being seen again, and name the address to register there', async () => {
    const made = await world.get('/v1/identity-providers/elsewhere');
    expect(made.body).toMatchObject({
      id: 'elsewhere',
      issuer: elsewhere.issuer,
      links_by_email: false,
      creates_accounts: true,
      single_sign_on: false,
      believes_amr: false,
      redirect_uri: `${world.server.issuer}/sign-in/upstream/elsewhere`,
    });
    expect(made.text).not.toContain(elsewhere.clientSecret);
    const [row] = await world.database.query<{ row: string }>(
      `SELECT t::text AS row FROM identity_provider t WHERE id = 'elsewhere'`,
    );
    const stored = Buffer.from(elsewhere.clientSecret);
    expect([row!.row.includes(stored.toString()), row!.row.includes(stored.toString('hex'))]).toEqual([
      false,
      false,
    ]);
    const list = await world.get('/v1/identity-providers');
    expect(list.body.items.map(({ id }: { id: string }) => id)).toEqual(['elsewhere', 'other']);
  });

  it.each([
    ['id', { id: 'Not A Word' }, 'invalid_request'],
    ['issuer', { issuer: 'http://idp.example.test' }, 'invalid_issuer'],
    ['issuer', { issuer: 'https://idp.example.test/?tenant=1' }, 'invalid_issuer'],
    ['issuer', { issuer: 'https://idp.example.test/.well-known/openid-configuration' }, 'invalid_issuer'],
    ['issuer', { issuer: 'https://IDP.example.test' }, 'invalid_issuer'],
    ['issuer', { issuer: 'https://idp.example.test:443/tenant' }, 'invalid_issuer'],
    ['client_secret', { client_secret: '' }, 'invalid_request'],
    ['acr_methods', { acr_methods: [{ acr: 'high', methods: ['fingerprint'] }] }, 'invalid_request'],
    ['scopes', { scopes: ['two words'] }, 'invalid_request'],
  ])('refuse a wrong %s by name and change nothing', async (member, wrong, code) => {
    const before = await world.get('/v1/identity-providers');
    const issuer = `https://${randomUUID()}.example.test`;
    const body = { id: 'another', ...settings(elsewhere), issuer, ...wrong };
    const answer = await world.post('/v1/identity-providers', body);
    expect([answer.status, answer.body.code]).toEqual([400, code]);
    expect(JSON.stringify(answer.body)).toContain(member);
    expect((await world.get('/v1/identity-providers')).body).toEqual(before.body);
  });

  it('are one for each issuer, and send a secret to no other one', async () => {
    const twice = await world.post('/v1/identity-providers', { id: 'twice', ...settings(elsewhere) });
    expect([twice.status, twice.body.code]).toEqual([409, 'identity_provider_exists']);
    const { headers } = await world.get('/v1/identity-providers/other');
    const { client_secret: _, ...body } = { ...settings(other), issuer: 'https://elsewhere.example.test' };
    const moved = await world.call('PUT', '/v1/identity-providers/other', {
      body,
      headers: { 'if-match': headers.get('etag')! },
    });
    expect([moved.status, moved.body.code]).toEqual([400, 'secret_missing']);
    const onto = await world.call('PUT', '/v1/identity-providers/other', {
      body: { ...settings(other), issuer: elsewhere.issuer },
      headers: { 'if-match': headers.get('etag')! },
    });
    expect([onto.status, onto.body.code]).toEqual([409, 'identity_provider_exists']);
  });
});

/** A provider of a test's own, under an id of its own, which is gone afterwards. */
async function withProvider(id: string, work: (provider: IdentityProvider) => Promise<void>): Promise<void> {
  const provider = await IdentityProvider.start();
  await world.post('/v1/identity-providers', { id, ...settings(provider, { name: id }) });
  await offered(id);
  try {
    await work(provider);
  } finally {
    await remove(id);
    await provider.close();
  }
}

const remove = async (id: string): Promise<void> => {
  const { headers } = await world.get(`/v1/identity-providers/${id}`);
  const etag = headers.get('etag')!;
  await world.call('DELETE', `/v1/identity-providers/${id}`, { headers: { 'if-match': etag } });
};

describe('identity providers', () => {
  it('are forgotten when they are deleted: another provider under the id is asked itself', async () => {
    const successor = await IdentityProvider.start();
    await withProvider('again', async (first) => {
      expect((await go(somebody(), 'again')).url.origin).toBe(first.issuer);
      const begun = somebody();
      const there = await go(begun, 'again');
      await remove('again');
      await world.post('/v1/identity-providers', { id: 'again', ...settings(successor) });
      await offered('again');
      expect((await go(somebody(), 'again')).url.origin).toBe(successor.issuer);
      // A response of the old one is not taken for the new one.
      const back = await begun.open(first.respond(there.url, 'one', { iss: successor.issuer }));
      expect(back.body).toContain('The sign-in there did not succeed.');
    });
    await successor.close();
  });

  it('takes no metadata and no token of an issuer that is spelled otherwise', async () => {
    await withProvider('spelled', async (provider) => {
      provider.stated = `${provider.issuer}/`;
      const told = await go(somebody(), 'spelled');
      expect([told.url.pathname, told.body.includes('The sign-in there did not succeed.')]).toEqual([
        '/sign-in',
        true,
      ]);
    });
  });

  it('that take no secret from a client are sent none', async () => {
    await withProvider('keyed', async (provider) => {
      provider.authMethods = ['private_key_jwt'];
      expect((await go(somebody(), 'keyed')).body).toContain('The sign-in there did not succeed.');
    });
  });
});

describe('a sign-in that fails', () => {
  it('is counted as an attempt where its response is forged, and not where the provider is away', async () => {
    const from = (ip: string) => new Person('unused', 'unused', { 'x-forwarded-for': ip });
    await withProvider('away', async (provider) => {
      await provider.close();
      expect((await go(from('198.51.101.7'), 'away')).body).toContain('The sign-in there did not succeed.');
      await provider.open();
    });
    await signIn(from('198.51.101.8'), 'one', { isForged: true });
    expect([await refused('198.51.101.7'), await refused('198.51.101.8')]).toEqual(['0', '1']);
  });
});

describe('the link of an account', () => {
  it('is shown with the account, and taken away with everything that the account has', async () => {
    const person = somebody();
    const username = `${randomUUID()}@example.test`;
    await signIn(person, 'leaver', { claims: { preferred_username: username } });
    const { account } = await lastSignIn();
    const path = `/v1/accounts/${account}`;
    const identity = { issuer: elsewhere.issuer, subject: 'leaver' };
    expect((await world.get(path)).body.identities).toEqual([
      { ...identity, created_at: expect.any(String), last_used_at: null },
    ]);
    expect((await person.open(`${world.server.issuer}/sessions`)).url.pathname).toBe('/sessions');
    const unlink = (subject: string) =>
      world.post(`${path}/unlink-identity`, { ...identity, subject, note: 'left the company' });
    expect((await unlink('nobody')).body).toEqual({ unlinked: false, allowed: false, ended: null });
    expect((await person.open(`${world.server.issuer}/sessions`)).url.pathname).toBe('/sessions');
    expect((await unlink('leaver')).body).toMatchObject({ unlinked: true, ended: expect.any(Object) });
    expect((await world.get(path)).body.identities).toEqual([]);
    expect((await person.open(`${world.server.issuer}/sessions`)).url.pathname).toBe('/sign-in');
    expect((await signIn(somebody(), 'leaver')).body).toContain('belongs to no account here.');
    const told = await world.database.query<{ change: string }>(
      `SELECT data ->> 'change' AS change FROM event WHERE type = 'account.changed' AND account_id = '${account}' ORDER BY xid, id`,
    );
    expect(told.map(({ change }) => change).toSorted()).toEqual([
      'created',
      'identity_linked',
      'identity_unlinked',
    ]);
  });

  it('is one of twenty at most, also where many are made at once', async () => {
    const email = `${randomUUID()}@example.test`;
    const { body } = await world.post('/v1/accounts', { username: email, email, email_verified: true });
    await world.database.query(
      `INSERT INTO linked_identity (issuer, subject, account_id, created_at)
       SELECT 'https://idp.example.test', n::text, '${body.id}', now() FROM generate_series(1, 19) n`,
    );
    await change('other', other, { name: 'Other', links_by_email: true });
    const claims = { email, email_verified: true };
    await Promise.all(
      Array.from({ length: 8 }, (_, at) => signIn(somebody(), `many-${at}`, { claims }, 'other')),
    );
    const [row] = await world.database.query<{ count: string }>(
      `SELECT count(*)::text AS count FROM linked_identity WHERE account_id = '${body.id}'`,
    );
    expect(row!.count).toBe('20');
    await change('other', other, { name: 'Other' });
  });
});

describe('a sign-in with another identity provider', () => {
  it('asks there for a new proof, with PKCE, a nonce and a state, and leads to one account each time', async () => {
    const person = somebody();
    const there = await go(person);
    expect(Object.fromEntries(there.url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: elsewhere.clientId,
      redirect_uri: `${world.server.issuer}/sign-in/upstream/elsewhere`,
      scope: 'openid profile email',
      code_challenge_method: 'S256',
      prompt: 'login',
      max_age: '0',
    });
    const username = `${randomUUID()}@example.test`;
    const claims = { preferred_username: username, name: 'Somebody Else', amr: ['pwd', 'otp', 'mfa'] };
    const page = await person.open(elsewhere.respond(there.url, 'one', { claims }));
    expect(isSignedIn(page)).toBe(true);
    expect(page.body).toContain(username);
    const first = await lastSignIn();
    // Nothing that is told there is believed unless the settings say so.
    expect(first.data).toMatchObject({ acr: null, amr: [] });
    expect(isSignedIn(await signIn(somebody(), 'one'))).toBe(true);
    expect((await lastSignIn()).account).toBe(first.account);
    expect(elsewhere.keySetRequests).toBe(1);
  });

  const wrong: Readonly<Record<string, Deviation>> = {
    'another nonce': { claims: { nonce: 'another' } },
    'no nonce': { claims: { nonce: undefined } },
    'a forged signature': { isForged: true },
    'another audience': { claims: { aud: 'somebody-else' } },
    'another issuer in the token': { claims: { iss: 'https://elsewhere.example.test' } },
    'another issuer in the response': { iss: 'https://elsewhere.example.test' },
    'no issuer in the response': { iss: null },
    'an expired token': { claims: { exp: Math.floor(Date.now() / 1000) - 3600 } },
    'an old proof': { claims: { auth_time: Math.floor(Date.now() / 1000) - 3600 } },
    'no time of the proof': { claims: { auth_time: undefined } },
    'a refusal': { error: 'server_error' },
  };
  it.each(Object.entries(wrong))('lets nobody in with %s', async (_, deviation) => {
    await signIn(somebody(), 'known', { claims: { preferred_username: `${randomUUID()}@example.test` } });
    const person = somebody();
    const page = await signIn(person, 'known', deviation);
    expect([page.url.pathname, page.status]).toEqual(['/sign-in', 422]);
    expect(page.body).toContain('The sign-in there did not succeed.');
    expect((await person.open(`${world.server.issuer}/sessions`)).url.pathname).toBe('/sign-in');
  });

  it('says so where the person declined there', async () => {
    const page = await signIn(somebody(), 'known', { error: 'access_denied' });
    expect(page.body).toContain('You were not signed in there.');
  });

  it('takes a response once, of the browser that began it, at the address of its provider', async () => {
    const person = somebody();
    const there = await go(person);
    const back = elsewhere.respond(there.url, 'one');
    const stranger = await somebody().open(back);
    expect([stranger.status, stranger.url.pathname]).toEqual([400, '/sign-in/upstream/elsewhere']);
    // Another state than the one that this browser keeps, and the right one at another provider's address (RFC 9700 §4.4).
    const foreign = await go(somebody());
    const crossed = elsewhere.respond(there.url, 'one', { state: foreign.url.searchParams.get('state')! });
    expect((await person.open(crossed)).status).toBe(400);
    const mixedUp = back.replace('/upstream/elsewhere', '/upstream/other');
    expect((await person.open(mixedUp)).status).toBe(400);
    const cookie = person.cookieFor('/sign-in/upstream/elsewhere');
    expect(isSignedIn(await person.open(back))).toBe(true);
    expect((await somebody().open(back)).status).toBe(400);
    // With the cookie as it was: the state is used up, also for somebody who copied both.
    const code = elsewhere.respond(there.url, 'one');
    const again = await fetch(code, { headers: { cookie }, redirect: 'manual' });
    const notice = again.headers.getSetCookie().map((line) => line.split(';')[0]!);
    const told = await fetch(new URL(again.headers.get('location')!, world.server.issuer), {
      headers: { cookie: [cookie, ...notice].join('; ') },
    });
    expect(await told.text()).not.toContain('Your account');
  });

  it('of fifty at once, one is taken', async () => {
    const person = somebody();
    const there = await go(person);
    const cookie = person.cookieFor('/sign-in/upstream/elsewhere');
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        fetch(elsewhere.respond(there.url, 'one'), { headers: { cookie }, redirect: 'manual' }),
      ),
    );
    const kept = answers.flatMap(({ headers }) =>
      headers.getSetCookie().filter((one) => /_notice=/.test(one)),
    );
    const notices = kept.map((one) =>
      Buffer.from(/_notice=([\w-]+)\./.exec(one)![1]!, 'base64url').toString(),
    );
    expect(notices).toHaveLength(50);
    expect(notices.filter((text) => text.includes('"upstream"'))).toHaveLength(1);
  });

  it('refuses who is unknown, and takes over no name that somebody has', async () => {
    const unknown = await signIn(somebody(), 'nobody', {}, 'other');
    expect(unknown.body).toContain('That sign-in belongs to no account here.');
    const { username } = world.data.accounts[0]!;
    const named = await signIn(somebody(), 'impostor', { claims: { preferred_username: username } });
    expect(named.body).toContain('That sign-in belongs to no account here.');
  });

  it('links by an address only where the settings say so, and both sides have verified it', async () => {
    const email = `${randomUUID()}@example.test`;
    const body = {
      username: email,
      email,
      email_verified: true,
      password: randomUUID(),
      must_change_password: false,
    };
    const made = await world.post('/v1/accounts', body);
    expect(made.status).toBe(201);
    const verified = { claims: { email, email_verified: true } };
    const before = await signIn(somebody(), 'by-mail', verified, 'other');
    expect(before.body).toContain('That sign-in belongs to no account here.');
    await change('other', other, { name: 'Other', links_by_email: true });
    const claimed = { claims: { email, email_verified: false } };
    expect((await signIn(somebody(), 'by-mail', claimed, 'other')).body).toContain('belongs to no account');
    expect(isSignedIn(await signIn(somebody(), 'by-mail', verified, 'other'))).toBe(true);
    expect((await lastSignIn()).account).toBe(made.body.id);
    // The link stands from now on, whatever becomes of the address.
    await change('other', other, { name: 'Other' });
    expect(isSignedIn(await signIn(somebody(), 'by-mail', {}, 'other'))).toBe(true);
    await world.call('POST', `/v1/accounts/${made.body.id}/disable`, { body: {} });
    expect((await signIn(somebody(), 'by-mail', {}, 'other')).body).toContain('belongs to no account');
  });

  it('tells no more than was proved, and asks for the second step that the account has', async () => {
    const claims = { preferred_username: `${randomUUID()}@example.test` };
    await signIn(somebody(), 'careful', { claims });
    const { account } = await lastSignIn();
    await change('elsewhere', elsewhere, {
      creates_accounts: true,
      believes_amr: true,
      acr_methods: [{ acr: 'gold', methods: ['pwd', 'otp', 'mfa'] }],
    });
    const proved = async (more: Readonly<Record<string, unknown>>) => {
      expect(isSignedIn(await signIn(somebody(), 'careful', { claims: more }))).toBe(true);
      return (await lastSignIn()).data;
    };
    expect(await proved({ amr: ['pwd', 'face'] })).toMatchObject({ acr: 'urn:curfew:acr:sfa', amr: ['pwd'] });
    expect(await proved({ amr: ['hwk', 'user', 'mfa'] })).toMatchObject({ acr: 'phr' });
    expect(await proved({ acr: 'gold' })).toMatchObject({ acr: 'urn:curfew:acr:mfa' });
    expect(await proved({ acr: 'silver' })).toMatchObject({ acr: null, amr: [] });
    await world.database.query(`UPDATE account SET second_factors = '{totp}' WHERE id = '${account}'`);
    const asked = await signIn(somebody(), 'careful', { claims: { amr: ['pwd'] } });
    expect(asked.body).toContain('name="code"');
    expect(isSignedIn(await signIn(somebody(), 'careful', { claims: { acr: 'gold' } }))).toBe(true);
  });

  it('takes a sign-in that the provider has, with its own time, only where the settings say so', async () => {
    await change('elsewhere', elsewhere, { creates_accounts: true, single_sign_on: true });
    const person = somebody();
    const there = await go(person);
    expect(there.url.searchParams.get('prompt')).toBe(null);
    expect(Number(there.url.searchParams.get('max_age'))).toBeGreaterThan(0);
    const auth_time = Math.floor(Date.now() / 1000) - 600;
    expect(
      isSignedIn(await person.open(elsewhere.respond(there.url, 'one', { claims: { auth_time } }))),
    ).toBe(true);
    const { account } = await lastSignIn();
    const [row] = await world.database.query<{ at: string }>(
      `SELECT extract(epoch FROM max(signed_in_at))::text AS at FROM browser_session
       WHERE account_id = '${account}' AND signed_in_at < now() - interval '5 minutes'`,
    );
    expect(Number(row!.at)).toBe(auth_time);
    await change('elsewhere', elsewhere, { creates_accounts: true });
  });

  it('makes no second account for somebody whose account is disabled', async () => {
    const email = `${randomUUID()}@example.test`;
    const { body } = await world.post('/v1/accounts', { username: email, email, email_verified: true });
    await world.call('POST', `/v1/accounts/${body.id}/disable`, { body: {} });
    const claims = { email, email_verified: true, preferred_username: `${randomUUID()}@example.test` };
    const told = await signIn(somebody(), 'second-life', { claims });
    expect(told.body).toContain('belongs to no account here.');
  });

  it('leaves a new password that is due to a sign-in by the old one', async () => {
    const claims = { preferred_username: `${randomUUID()}@example.test` };
    await signIn(somebody(), 'due', { claims });
    const { account } = await lastSignIn();
    const of = `WHERE id = '${account}'`;
    await world.database.query(`UPDATE account SET must_change_password = true ${of}`);
    expect(isSignedIn(await signIn(somebody(), 'due'))).toBe(true);
    const [row] = await world.database.query<{ due: boolean }>(
      `SELECT must_change_password AS due FROM account ${of}`,
    );
    expect(row!.due).toBe(true);
  });

  it('counts from the proof that was brought, and as activity from now on', async () => {
    await change('elsewhere', elsewhere, { creates_accounts: true, single_sign_on: true });
    const claims = { preferred_username: `${randomUUID()}@example.test`, auth_time: hourAgo() };
    const person = somebody();
    // Longer ago than the inactivity timeout of the standard policy.
    expect(isSignedIn(await signIn(person, 'settled', { claims }))).toBe(true);
    expect((await person.open(`${world.server.issuer}/sessions`)).url.pathname).toBe('/sessions');
    await change('elsewhere', elsewhere, { creates_accounts: true });
  });

  it('asks for a new proof where everything was ended since the one that is brought', async () => {
    await change('elsewhere', elsewhere, { creates_accounts: true, single_sign_on: true });
    const claims = { preferred_username: `${randomUUID()}@example.test`, auth_time: hourAgo() };
    const person = somebody();
    await signIn(person, 'returning', { claims });
    const { account } = await lastSignIn();
    await world.database.query(
      `INSERT INTO not_before (kind, target, at, reason) VALUES ('account', '${account}', now(), 'ended_by_administrator')`,
    );
    const there = await signIn(person, 'returning', { claims });
    expect([there.url.origin, Object.fromEntries(there.url.searchParams)]).toEqual([
      elsewhere.issuer,
      expect.objectContaining({ prompt: 'login', max_age: '0' }),
    ]);
    expect(isSignedIn(await person.open(elsewhere.respond(there.url, 'returning')))).toBe(true);
    await change('elsewhere', elsewhere, { creates_accounts: true });
  });

  it('goes on to a second step however old its proof is, and to a step-up that can be met', async () => {
    const { username, password } = world.data.accounts[1]!;
    const { codes } = await enrol(world.person(1), password, world.server.issuer, Date.now);
    await linkBySql('seasoned', username);
    await change('elsewhere', elsewhere, { creates_accounts: true, single_sign_on: true });
    const person = somebody();
    const asked = await signIn(person, 'seasoned', { claims: { auth_time: hourAgo() } });
    expect(asked.body).toContain('name="code"');
    expect(isSignedIn(await sendForm(person, asked, { code: codes[0]! }))).toBe(true);
    await change('elsewhere', elsewhere, { creates_accounts: true });
    // A code alone is one factor, so that the password is asked for first.
    await world.database.query(
      `UPDATE account SET second_step_always = false WHERE username = '${username}'`,
    );
    const again = world.person(1);
    const there = await go(again, 'elsewhere', authorization({ acr_values: mfa }));
    const back = await again.open(elsewhere.respond(there.url, 'seasoned'));
    expect(back.body).toContain('name="password"');
    const step = await sendForm(again, back, { username });
    expect([step.body.includes('name="code"'), step.body.includes('name="password"')]).toEqual([true, false]);
    const done = await again.goOn(await sendForm(again, step, { code: codes[1]! }));
    expect(done.url.searchParams.has('code')).toBe(true);
  });

  it('tells the application where an account without a password cannot prove two factors', async () => {
    const claims = { preferred_username: `${randomUUID()}@example.test` };
    await signIn(somebody(), 'codes-alone', { claims });
    const { account } = await lastSignIn();
    await world.database.query(
      `UPDATE account SET second_factors = '{totp}', second_step_always = false WHERE id = '${account}'`,
    );
    const outcome = async (more: Readonly<Record<string, string>>) => {
      const person = somebody();
      const there = await go(person, 'elsewhere', authorization(more));
      return (await person.goOn(await person.open(elsewhere.respond(there.url, 'codes-alone')))).url
        .searchParams;
    };
    const demand = JSON.stringify({ id_token: { acr: { essential: true, value: mfa } } });
    expect((await outcome({ claims: demand })).get('error')).toBe('unmet_authentication_requirements');
    expect((await outcome({ acr_values: mfa })).has('code')).toBe(true);
  });

  it('lets forms lead to a provider from the page that has its button, and from no other page', async () => {
    const { username, password } = world.data.accounts[1]!;
    await world.database.query(`UPDATE account SET second_step_always = true WHERE username = '${username}'`);
    const person = somebody();
    const page = await person.open(signInPage());
    const [form] = formsOf(page.body);
    const cookie = person.cookieFor('/sign-in');
    const sent = await fetch(signInPage(), {
      method: 'POST',
      body: new URLSearchParams({ ...form!.fields, username, password }),
      headers: { cookie, origin: world.server.issuer },
      redirect: 'manual',
    });
    const given = sent.headers.getSetCookie().map((line) => line.split(';')[0]!);
    const policyOf = async (address: URL | string, cookies: readonly string[]) => {
      const shown = await fetch(address, { headers: { cookie: cookies.join('; ') } });
      return [(await shown.text()).includes('name="code"'), shown.headers.get('content-security-policy')];
    };
    const step = new URL(sent.headers.get('location')!, world.server.issuer);
    expect(await policyOf(step, [cookie, ...given])).toEqual([
      true,
      expect.stringContaining("form-action 'self'"),
    ]);
    expect(await policyOf(signInPage(), [cookie])).toEqual([
      false,
      expect.not.stringContaining('form-action'),
    ]);
  });

  it('leads nowhere while the provider is switched off or gone, and says so while it is away or hangs', async () => {
    const person = world.person();
    const page = await person.open(signInPage());
    const form = formsOf(page.body).find(({ markup }) => markup.includes('value="elsewhere"'))!;
    const press = () => person.submit(page, { ...form, markup: '' }, { upstream: 'elsewhere' });
    await change('elsewhere', elsewhere, { creates_accounts: true, enabled: false });
    expect((await press()).body).toContain('The sign-in there did not succeed.');
    // A version that no metadata are kept of.
    await change('elsewhere', elsewhere, { creates_accounts: true });
    await elsewhere.close();
    expect((await press()).body).toContain('The sign-in there did not succeed.');
    await elsewhere.open();
    elsewhere.hangs = true;
    const begun = performance.now();
    const told = await press();
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(told.body).toContain('The sign-in there did not succeed.');
    elsewhere.hangs = false;
    // The other ways go on.
    expect(isSignedIn(await person.submit(told, formsOf(told.body)[0]!))).toBe(true);
    expect((await go(somebody())).url.origin).toBe(elsewhere.issuer);
  });

  it('are offered up to twenty, in the order of their ids', async () => {
    for (let number = 10; number < 32; number += 1) {
      const issuer = `https://p${number}.example.test`;
      await world.post('/v1/identity-providers', { id: `p${number}`, ...settings(elsewhere), issuer });
    }
    await offered('p27');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { body } = await somebody().open(signInPage());
    const ids = [...body.matchAll(/name="upstream" value="([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toEqual(['elsewhere', 'other', ...Array.from({ length: 18 }, (_, at) => `p${at + 10}`)]);
  });

  it('leaves no secret in a log', () => {
    const log = world.server.output() + world.admin.output();
    expect(log).toContain('upstream_failed');
    expect([...elsewhere.secrets, ...other.secrets].filter((one) => one !== '' && log.includes(one))).toEqual(
      [],
    );
  });
});
