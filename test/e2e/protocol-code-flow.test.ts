import { decodeJwt } from 'jose';
import { asHeader, authorizationRequest, orders, ProtocolWorld, pkce } from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start();
}, 60_000);
afterAll(() => world?.stop());

/** What an authorization request without a person answers: redirect or page. */
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

  it('redirects with 303, and shows what it shows unframed and uncached', async () => {
    const started = await ask(request());
    expect(started.status).toBe(303);
    const page = await world.get(`/authorize?${request({ client_id: 'nobody' })}`, { accept: 'text/html' });
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(page.headers.get('cache-control')).toContain('no-store');
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

describe('client authentication', () => {
  const token = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    world.post('/token', { grant_type: 'refresh_token', refresh_token: 'cfw_rt_x', ...form }, headers);

  it('refuses two methods in one request', async () => {
    const { web } = world.clients;
    const answer = await token({ client_id: web.id, client_secret: web.secret }, asHeader(web));
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it('answers a wrong secret with 401 and a Basic challenge', async () => {
    const { status, body, headers } = await token({}, asHeader({ ...world.clients.web, secret: 'wrong' }));
    expect([status, body.error, headers.get('www-authenticate')?.split(' ')[0]]).toEqual([
      401,
      'invalid_client',
      'Basic',
    ]);
  });

  it('answers an unknown client like a wrong secret', async () => {
    const known = await token({}, asHeader({ ...world.clients.web, secret: 'wrong' }));
    const unknown = await token({}, asHeader({ ...world.clients.web, id: 'nobody', secret: 'wrong' }));
    expect([unknown.status, unknown.body]).toEqual([known.status, known.body]);
  });

  it('takes the secret in the header or the form', async () => {
    const { web } = world.clients;
    expect((await token({}, asHeader(web))).body.error).toBe('invalid_grant');
    expect((await token({ client_id: web.id, client_secret: web.secret })).body.error).toBe('invalid_grant');
  });

  it('never lets a confidential client refresh without it', async () => {
    const { body } = await world.signIn(world.clients.web);
    const bare = await token({ refresh_token: body.refresh_token, client_id: world.clients.web.id });
    expect(bare).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect((await world.refresh(world.clients.web, body.refresh_token)).status).toBe(200);
  });

  it('is throttled after too many failures, for that client and network only', async () => {
    const { other, web } = world.clients;
    const statuses = new Set<number>();
    for (let attempt = 0; attempt < 40; attempt += 1)
      statuses.add((await token({}, asHeader({ ...other, secret: 'guess' }))).status);
    expect(statuses).toEqual(new Set([401, 429]));
    const refused = await token({}, asHeader({ ...other, secret: 'guess' }));
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await token({}, asHeader(web))).status).toBe(400);
  });
});

describe('the token endpoint', () => {
  it('takes POST with a form only', async () => {
    const { web } = world.clients;
    expect((await world.get('/token?grant_type=client_credentials', asHeader(web))).status).toBe(404);
    for (const [type, body] of [
      ['application/json', '{"grant_type":"client_credentials"}'],
      [
        'multipart/form-data; boundary=x',
        '--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nclient_credentials\r\n--x--',
      ],
    ] as const) {
      const response = await fetch(`${world.issuer}/token`, {
        method: 'POST',
        body,
        headers: { 'content-type': type, ...asHeader(web) },
      });
      expect([type, response.status, (await response.json()).error]).toEqual([type, 400, 'invalid_request']);
    }
  });

  it('refuses a repeated parameter', async () => {
    const form = new URLSearchParams('grant_type=refresh_token&refresh_token=a&refresh_token=b');
    expect(await world.post('/token', form, asHeader(world.clients.web))).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
  });

  it('has no password grant and no unknown one', async () => {
    for (const grant_type of [
      'password',
      'implicit',
      'urn:ietf:params:oauth:grant-type:token-exchange',
      'nonsense',
    ])
      expect((await world.post('/token', { grant_type }, asHeader(world.clients.web))).body.error).toBe(
        'unsupported_grant_type',
      );
  });

  it('writes error descriptions in the characters RFC 6749 §5.2 allows, and repeats nothing of the request', async () => {
    const marked = '"<script>\\é';
    const answers = [
      await world.post('/token', { grant_type: marked }, asHeader(world.clients.web)),
      await world.refresh(world.clients.web, marked),
      await world.redeem(world.clients.web, marked, marked),
      await world.post(
        '/token',
        { grant_type: 'refresh_token', scope: marked, refresh_token: 'x' },
        asHeader(world.clients.web),
      ),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(400);
      expect(body.error_description ?? '').toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/);
      expect(JSON.stringify(body)).not.toContain('<scr');
    }
  });
});

describe('the userinfo endpoint', () => {
  const userinfo = (headers: Record<string, string>, query = '') => world.get(`/userinfo${query}`, headers);

  it('answers the person of a token, and 401 with a challenge for one that was revoked', async () => {
    const { body } = await world.signIn(world.clients.web, { scope: 'openid email' });
    const claims = await userinfo({ authorization: `Bearer ${body.access_token}` });
    expect(claims.body).toMatchObject({
      sub: decodeJwt(body.id_token).sub,
      email: world.data.accounts[0]!.username,
    });
    await world.revoke(world.clients.web, body.refresh_token);
    const refused = await userinfo({ authorization: `Bearer ${body.access_token}` });
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/^(DPoP|Bearer) .*error="invalid_token"/),
    ]);
  });

  it('never takes a token from the query, or by two ways at once', async () => {
    const { body } = await world.signIn(world.clients.web);
    const inQuery = await userinfo({}, `?access_token=${body.access_token}`);
    expect([inQuery.status, inQuery.body.sub]).toEqual([400, undefined]);
    const twice = await world.post(
      '/userinfo',
      { access_token: body.access_token },
      { authorization: `Bearer ${body.access_token}` },
    );
    expect(twice.status).toBe(400);
  });

  it('challenges a request without token, naming no error (RFC 6750 §3.1)', async () => {
    const { status, headers } = await userinfo({});
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toMatch(/^Bearer /);
    expect(headers.get('www-authenticate')).not.toContain('error=');
  });

  it('refuses a token that is meant for an API', async () => {
    const { body } = await world.signIn(world.clients.web, { resource: orders, scope: 'openid orders:read' });
    const { access_token } = (
      await world.refresh(world.clients.web, body.refresh_token, { resource: orders })
    ).body;
    const { status, body: answer } = await userinfo({ authorization: `Bearer ${access_token}` });
    expect([status, answer.sub]).toEqual([403, undefined]);
  });
});
