import { decodeJwt } from 'jose';
import type { TestClient } from './protocol-registrations.js';
import { asHeader, authorizationRequest, orders, ProtocolWorld, pkce } from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start();
}, 60_000);
afterAll(() => world?.stop());

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
    expect((await world.get('/token?grant_type=client_credentials', asHeader(web))).status).toBe(405);
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

  it.each([
    ['/token', 'grant_type=refresh_token&refresh_token=a&refresh_token=b'],
    ['/token', `grant_type=refresh_token&refresh_token=a${'&a=b'.repeat(2_000)}&refresh_token=b`],
    ['/introspection', 'token=a&touch=false&touch=false'],
    ['/revocation', 'token=a&confirm=true&confirm=true'],
  ])('refuses a repeated parameter, wherever it stands: %s', async (path, form) => {
    expect(await world.post(path, new URLSearchParams(form), asHeader(world.clients.web))).toMatchObject({
      status: 400,
      body: {
        error: 'invalid_request',
        error_description: expect.stringContaining('must not be provided twice'),
      },
    });
  });

  it('has no password grant and no unknown one', async () => {
    for (const grant_type of [
      'password',
      'implicit',
      'urn:ietf:params:oauth:grant-type:token-exchange ',
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

  it('tells the groups of a person to a client that is registered for them, and to no other', async () => {
    const { grouped, web } = world.clients;
    await world.database.query(
      `INSERT INTO account_profile (account_id, groups, updated_at)
       SELECT id, '{staff,finance}', now() FROM account WHERE username = $1
       ON CONFLICT (account_id) DO UPDATE SET groups = EXCLUDED.groups`,
      [world.data.accounts[0]!.username],
    );
    const told = async (client: typeof web, asked: Record<string, string>) => {
      const { access_token: token, id_token: idToken } = (await world.signIn(client, asked)).body;
      const { body } = await userinfo({ authorization: `Bearer ${token}` });
      return [body.groups, decodeJwt(idToken)['groups']];
    };
    const groups = ['staff', 'finance'];
    expect(await told(grouped, { scope: 'openid groups' })).toEqual([groups, undefined]);
    expect(await told(grouped, { scope: 'openid groups', resource: orders })).toEqual([undefined, groups]);
    expect(await told(grouped, { scope: 'openid' })).toEqual([undefined, undefined]);
    const claims = JSON.stringify({ userinfo: { groups: null }, id_token: { groups: { essential: true } } });
    expect(await told(web, { scope: 'openid', claims })).toEqual([undefined, undefined]);
    const refused = await world.authorize(web, { scope: 'openid groups' });
    expect(refused.query.get('error')).toBe('invalid_scope');
  });

  it('answers the person of a token, and 401 with a challenge for one that was revoked', async () => {
    // Nobody has verified the address, and that is said wherever it is (OpenID Connect Core §5.1).
    const email = { email: world.data.accounts[0]!.username, email_verified: false };
    const forApi = await world.signIn(world.clients.web, {
      scope: 'openid email orders:read',
      resource: orders,
    });
    expect(decodeJwt(forApi.body.id_token)).toMatchObject(email);
    const { body } = await world.signIn(world.clients.web, { scope: 'openid email' });
    const claims = await userinfo({ authorization: `Bearer ${body.access_token}` });
    expect(claims.body).toMatchObject({ sub: decodeJwt(body.id_token).sub, ...email });
    await world.revoke(world.clients.web, body.refresh_token);
    const refused = await userinfo({ authorization: `Bearer ${body.access_token}` });
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/^(DPoP|Bearer) .*error="invalid_token"/),
    ]);
  });

  it('and the ID token give the claims that are asked for one by one, as far as the client may have them', async () => {
    const { username } = world.data.accounts[0]!;
    const claims = JSON.stringify({
      userinfo: { email: { essential: true }, preferred_username: null, acr: null },
      id_token: { preferred_username: null },
    });
    const told = async (client: TestClient) => {
      const { body } = await world.signIn(client, { scope: 'openid', claims });
      const { sub: _, ...person } = (await userinfo({ authorization: `Bearer ${body.access_token}` })).body;
      return [person, decodeJwt(body.id_token)['preferred_username'], decodeJwt(body.id_token)['email']];
    };
    const { web, defaulted } = world.clients;
    expect(await told(web)).toEqual([{ email: username, preferred_username: username }, username, undefined]);
    // This client is registered for the scope value of addresses, and not for the one of usernames.
    expect(await told(defaulted)).toEqual([{ email: username }, undefined, undefined]);
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

describe('a step that only a form can take', () => {
  const authorization = (extra: Record<string, string>) =>
    `/authorize?${authorizationRequest(world.clients.web, world.callback, {
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
      ...extra,
    })}`;
  const hostile = `"'><script>&amp;alert(1)</script>`;

  it.each([
    [
      'a link with a device’s code',
      () => `/device?user_code=${encodeURIComponent(hostile)}`,
      'user_code',
      true,
    ],
    ['signing out where nobody is signed in', () => '/logout', 'logout', true],
    [
      'an answer by form_post',
      () => authorization({ response_mode: 'form_post', prompt: 'none', state: hostile }),
      'state',
      false,
    ],
  ])('is a page like the others: %s', async (_, path, field, staysHere) => {
    const { status, body, headers } = await world.get(path(), { accept: 'text/html' });
    expect([200, 400]).toContain(status);
    expect(body).toMatch(/<html lang="en"/);
    expect(body).toMatch(/<link rel="stylesheet"/);
    expect(body).toContain('<button class="full">Continue</button>');
    expect(body).toContain(`name="${field}" value="`);
    expect(body).not.toMatch(/noscript|Submitting Callback|&amp;amp;amp;/);
    expect(body.match(/<script/g)).toHaveLength(1);
    const policy = headers.get('content-security-policy')!;
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'sha256-[^ ;]+';/,
    );
    expect(policy).toContain("frame-ancestors 'none'; base-uri 'none'");
    expect(policy.includes("form-action 'self'")).toBe(staysHere);
    expect([headers.get('cache-control'), headers.get('x-frame-options')]).toEqual(['no-store', 'DENY']);
  });

  it('goes on to what the application gave, and gives back what it gave', async () => {
    const { body } = await world.get(
      authorization({ response_mode: 'form_post', prompt: 'none', state: hostile }),
      { accept: 'text/html' },
    );
    expect(body).toContain(`<form method="post" action="${world.callback}"`);
    expect(body).toContain(
      'name="state" value="&quot;&#39;&gt;&lt;script&gt;&amp;amp;alert(1)&lt;/script&gt;"',
    );
    expect(body).toContain('name="error" value="login_required"');
    const out = `${world.callback}/out`;
    const query = new URLSearchParams({ client_id: world.clients.web.id, post_logout_redirect_uri: out });
    const { headers } = await world.get(`/logout?${query}`, { accept: 'text/html' });
    expect(headers.get('content-security-policy')).not.toContain('form-action');
    expect((await world.person().follow(`${world.issuer}/logout?${query}`)).url.href).toBe(out);
  });

  it('answers an application by form_post without script', async () => {
    const { person } = await world.authorize(world.clients.web);
    const shown = await person.open(`${world.issuer}${authorization({ response_mode: 'form_post' })}`);
    expect(shown.body).toMatch(/name="code" value="[^"]+"/);
  });
});

describe('a refusal', () => {
  const html = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
  const typeOf = ({ headers }: { headers: Headers }) => headers.get('content-type')?.split(';')[0];

  it.each([
    ['/nothing', 404],
    ['/logout/confirm', 405],
    ['/token', 405],
  ])('is a page for a browser and a problem for a program: %s', async (path, status) => {
    const page = await world.get(path, html);
    expect([page.status, typeOf(page)]).toEqual([status, 'text/html']);
    expect(page.body).toContain('<html lang="en"');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const accept of [
      'application/json',
      'application/problem+json',
      'text/html;q=0.4, application/json',
    ]) {
      const problem = await world.get(path, { accept });
      expect([problem.status, typeOf(problem)]).toEqual([status, 'application/problem+json']);
      expect(problem.body).toMatchObject({
        status,
        title: expect.any(String),
        requestId: expect.any(String),
      });
    }
    expect((await world.get('/logout/confirm', html)).headers.get('allow')).toBe('POST');
  });

  it('offers no OPTIONS to an OPTIONS that is not answered', async () => {
    // A question of CORS that names no method is none.
    const unnamed = { 'access-control-request-method': '' };
    for (const path of ['/token', '/jwks', '/userinfo', '/device/authorization'])
      for (const headers of [{}, unnamed]) {
        const response = await fetch(`${world.issuer}${path}`, { method: 'OPTIONS', headers });
        expect([path, response.status, response.headers.get('allow')]).toEqual([
          path,
          405,
          expect.not.stringContaining('OPTIONS'),
        ]);
      }
  });
});
