import { decodeJwt } from 'jose';
import { Browser } from '../../bench/load/browser.mjs';
import { Connection } from '../../bench/load/connection.mjs';
import { asHeader, authorizationRequest, orders, ProtocolWorld, pkce } from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start();
}, 60_000);
afterAll(() => world?.stop());

/** The response to an authorization request without a person: redirect or page. */
const ask = async (parameters: URLSearchParams | string) => {
  const { status, headers, body } = await world.get(`/authorize?${parameters}`, { accept: 'text/html' });
  const location = headers.get('location');
  return { status, body: String(body), location: location ? new URL(location, world.issuer) : undefined };
};
const request = (extra: Record<string, string> = {}) =>
  authorizationRequest(world.clients.web, world.callback, {
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
    ...extra,
  });

describe('the authorization endpoint', () => {
  it('answers with code, state and iss (RFC 9207)', async () => {
    const { query } = await world.authorize(world.clients.web);
    expect([...query.keys()].sort()).toEqual(['code', 'iss', 'state']);
    expect([query.get('iss'), query.get('state')]).toEqual([world.issuer, 'xyz']);
  });

  it('answers errors with iss and state too', async () => {
    const { location } = await ask(request({ prompt: 'none' }));
    expect(Object.fromEntries(location!.searchParams)).toMatchObject({
      error: 'login_required',
      iss: world.issuer,
      state: 'xyz',
    });
  });

  it.each([
    ['', 'S256'],
    [pkce().challenge, 'plain'],
    [pkce().challenge, ''],
  ])(
    'demands PKCE with S256 of every client: challenge "%s", method "%s"',
    async (code_challenge, code_challenge_method) => {
      for (const client of [world.clients.web, world.clients.spa]) {
        const parameters = authorizationRequest(client, world.callback, {
          code_challenge,
          code_challenge_method,
        });
        const { location } = await ask(parameters);
        expect(location?.searchParams.get('error')).toBe('invalid_request');
      }
    },
  );

  it('knows no response type but code', async () => {
    for (const response_type of ['token', 'id_token', 'code id_token', 'none']) {
      const { location } = await ask(request({ response_type, nonce: 'n' }));
      expect(location?.href).toMatch(/error=unsupported_response_type/);
    }
  });

  it('compares redirect URIs as exact strings and never sends anybody to another one', async () => {
    const registered = new URL(world.callback);
    const variants = [
      `${world.callback}/`,
      `${world.callback}?x=1`,
      `${world.callback}#f`,
      `${world.callback}.evil.test`,
      world.callback.replace('/callback', '/x/../callback'),
      world.callback.replace('/callback', '/callback/..;/callback'),
      world.callback.replace('/callback', '/%63allback'),
      world.callback.replace('http:', 'HTTP:'),
      `http://user@${registered.host}/callback`,
      `http://${registered.hostname}:1/callback`,
      'https://evil.test/callback',
    ];
    for (const redirect_uri of variants) {
      const { status, location, body } = await ask(request({ redirect_uri }));
      expect([redirect_uri, status, location]).toEqual([redirect_uri, 400, undefined]);
      expect(body).not.toContain('evil.test');
      // Help for a developer would help a stranger too, so it is for development only (ADR 41).
      expect(body).toContain('This link cannot return you to the application');
      expect(body).not.toMatch(/developer|mismatch|registered http/);
      expect(body).not.toContain(registered.host);
    }
  });

  it('refuses a request without redirect URI, an unknown client and a repeated parameter without redirecting', async () => {
    const repeated = `${request()}&scope=openid`;
    for (const parameters of [request({ redirect_uri: '' }), request({ client_id: 'nobody' }), repeated]) {
      const { status, location } = await ask(parameters);
      expect([
        status === 400 || (status === 303 && location!.origin === new URL(world.callback).origin),
        location?.searchParams.get('code'),
      ]).toEqual([true, location ? null : undefined]);
    }
  });

  it.each([
    ['no scope', { scope: '' }],
    ['no scope for an API that has some', { scope: '', resource: orders }],
    ['scopes that nothing here has', { scope: 'nonsense orders:destroy', resource: orders }],
    ['scopes of an API that is not asked for', { scope: 'orders:read' }],
    ['nothing but access while away, without asking for consent', { scope: 'offline_access' }],
  ])('asks nobody to sign in for %s (RFC 6749 §3.3)', async (_, wanted) => {
    const { status, location } = await ask(request(wanted));
    expect([status, location?.href.split('?')[0]]).toEqual([303, world.callback]);
    expect(Object.fromEntries(location!.searchParams)).toMatchObject({
      error: 'invalid_scope',
      error_description: expect.stringContaining('scope'),
      iss: world.issuer,
      state: 'xyz',
    });
    const pushed = await world.post('/par', request(wanted), asHeader(world.clients.web));
    expect([pushed.status, pushed.body.error]).toEqual([400, 'invalid_scope']);
  });

  it('grants an API’s scopes without any of OpenID Connect', async () => {
    const { query } = await world.authorize(world.clients.web, { scope: 'orders:read', resource: orders });
    expect(query.get('code')).not.toBeNull();
  });

  it('takes GET and POST (OpenID Connect Core §3.1.2.1)', async () => {
    // A form posted from another site comes without the browser's cookies, so it is sent round as a GET.
    const query = request();
    const posted = await world.post('/authorize', query, { accept: 'text/html' });
    expect(posted.status).toBe(303);
    const page = await world.person().follow(new URL(posted.headers.get('location')!, world.issuer).href);
    expect(page.url.searchParams.get('code')).not.toBeNull();
  });

  it('treats an empty parameter as left out and ignores unknown ones', async () => {
    const { query } = await world.authorize(world.clients.web, { unknown_parameter: 'x', display: '' });
    expect(query.get('code')).not.toBeNull();
  });

  it('answers prompt=none without asking once the person is signed in, and asks again with prompt=login', async () => {
    const { person } = await world.authorize(world.clients.web);
    const silent = await world.authorize(world.clients.web, { prompt: 'none' }, person);
    expect(silent.query.get('code')).not.toBeNull();
    const first = await world.signIn(world.clients.web, { max_age: '3600' }, person);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const again = await world.signIn(world.clients.web, { prompt: 'login', max_age: '3600' }, person);
    expect(decodeJwt(again.body.id_token)['auth_time']).toBeGreaterThan(
      decodeJwt(first.body.id_token)['auth_time'] as number,
    );
  });

  it('signs one person out before another one goes on in the same browser', async () => {
    const person = world.person();
    const { body } = await world.signIn(world.clients.web, { scope: 'openid' }, person);
    const other = world.data.accounts[1]!;
    const next = person.followedBy(other.username, other.password);
    const second = await world.signIn(world.clients.web, { scope: 'openid', prompt: 'login' }, next);
    expect(decodeJwt(second.body.id_token).sub).not.toBe(decodeJwt(body.id_token).sub);
    const refreshed = await world.refresh(world.clients.web, body.refresh_token);
    expect(refreshed.body.error).toBe('invalid_grant');
  });

  it('redirects with 303, and shows what it shows unframed and uncached', async () => {
    const refused = await ask(request({ prompt: 'none' }));
    expect(refused.status).toBe(303);
    const page = await world.get(`/authorize?${request({ client_id: 'nobody' })}`, { accept: 'text/html' });
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(page.headers.get('cache-control')).toContain('no-store');
  });

  it.each([
    ['de-AT en', 'en', 'de', 'Anmelden'],
    ['fr', 'de;q=0.9, en;q=0.8', 'de', 'Anmelden'],
    ['fr', 'pt', 'en', 'Sign in'],
    [undefined, 'de', 'de', 'Anmelden'],
  ])(
    'asks in the language of ui_locales %s, or else of Accept-Language %s',
    async (ui_locales, accepted, tag, heading) => {
      const parameters = request(ui_locales === undefined ? {} : { ui_locales });
      const headers = { accept: 'text/html', 'accept-language': accepted };
      const page = await world.get(`/authorize?${parameters}`, headers);
      expect(String(page.body)).toContain(`<html lang="${tag}">`);
      expect(String(page.body)).toContain(`<h1>${heading}</h1>`);
      expect([page.headers.get('content-language'), page.headers.get('vary')]).toEqual([
        tag,
        'Accept-Language',
      ]);
    },
  );

  it('refuses a person in the language that was asked for, and a program in English', async () => {
    const unknown = request({ client_id: 'nobody', ui_locales: 'de' });
    const page = await world.get(`/authorize?${unknown}`, { accept: 'text/html' });
    expect(String(page.body)).toContain('Diese Anwendung ist hier nicht bekannt');
    const json = await world.get('/interaction/none', {
      accept: 'application/json',
      'accept-language': 'de',
    });
    expect(json.body).toMatchObject({ title: 'This page has expired' });
  });

  it('signs in the person of the benchmark, whose browser knows no script', async () => {
    const { port } = new URL(world.issuer);
    const connection = new Connection(Number(port));
    const { code, verifier } = await new Browser().authorize(connection, {
      endpoint: `${world.issuer}/authorize`,
      client: world.clients.web,
      redirectUri: world.callback,
      scope: 'openid offline_access',
      person: world.data.accounts[0]!,
    });
    connection.close();
    expect((await world.redeem(world.clients.web, code, verifier)).status).toBe(200);
  });

  it('lets no other origin read it (RFC 9700 §2.6)', async () => {
    const answer = await world.get(`/authorize?${request()}`, { origin: 'https://app.example.test' });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('an authorization code', () => {
  it('becomes tokens, answered as JSON, never cached, with type and lifetime', async () => {
    const { status, body, headers } = await world.signIn(world.clients.web);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      token_type: 'Bearer',
      access_token: expect.stringMatching(/^cfw_at_/),
      refresh_token: expect.stringMatching(/^cfw_rt_/),
      scope: 'openid',
    });
    expect(body.expires_in).toBeGreaterThanOrEqual(240);
    expect(body.expires_in).toBeLessThanOrEqual(900);
    expect([headers.get('cache-control'), headers.get('content-type')]).toEqual([
      'no-store',
      'application/json; charset=utf-8',
    ]);
  });

  it('works once: used again it ends what the first use started', async () => {
    const { code, verifier } = await world.authorize(world.clients.web, {
      resource: orders,
      scope: 'openid orders:read',
    });
    const { body } = await world.redeem(world.clients.web, code, verifier);
    expect((await world.introspect(body.access_token)).body.active).toBe(true);
    expect(await world.redeem(world.clients.web, code, verifier)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect((await world.introspect(body.access_token)).body).toEqual({ active: false });
    expect((await world.refresh(world.clients.web, body.refresh_token)).body.error).toBe('invalid_grant');
  });

  it('redeemed 50 times at once gives at most one set of tokens, and none that lives', async () => {
    const { code, verifier } = await world.authorize(world.clients.web, {
      resource: orders,
      scope: 'openid orders:read',
    });
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => world.redeem(world.clients.web, code, verifier)),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won.length).toBeLessThanOrEqual(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(50 - won.length);
    for (const { body } of won)
      expect((await world.introspect(body.access_token)).body).toEqual({ active: false });
  });

  it('is not used up by a wrong verifier, redirect URI or client', async () => {
    const { web, other } = world.clients;
    const { code, verifier } = await world.authorize(web);
    for (const wrong of [
      await world.redeem(web, code, `${verifier}x`),
      await world.redeem(web, code, ''),
      await world.redeem(web, code, verifier, { redirect_uri: 'http://127.0.0.1:1/callback' }),
      await world.redeem(other, code, verifier),
    ])
      expect(wrong).toMatchObject({
        status: 400,
        body: { error: expect.stringMatching(/^invalid_(grant|request)$/) },
      });
    expect((await world.redeem(web, code, verifier)).status).toBe(200);
  });

  it('expires after 60 seconds at most', async () => {
    await world.authorize(world.clients.web);
    const [row] = await world.database.query<{ lives: number }>(
      `SELECT extract(epoch FROM max(expires_at) - now())::float AS lives FROM protocol_artifact WHERE kind = 'AuthorizationCode'`,
    );
    expect(row!.lives).toBeGreaterThan(0);
    expect(row!.lives).toBeLessThanOrEqual(61);
  });
});
