import { request } from 'node:http';
import {
  asHeader,
  assertionType,
  authorizationRequest,
  ProtocolWorld,
  pkce,
  type TestClient,
} from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start();
}, 60_000);
afterAll(() => world?.stop());

const parameters = (client: TestClient, extra: Record<string, string> = {}) => {
  const { verifier, challenge } = pkce();
  const query = authorizationRequest(client, world.callback, {
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...extra,
  });
  return { verifier, query };
};
const push = (client: TestClient, extra: Record<string, string> = {}) => {
  const { verifier, query } = parameters(client, extra);
  return world.post('/par', query, asHeader(client)).then((answer) => ({ ...answer, verifier }));
};
const use = (client: TestClient, request_uri: string, person = world.person()) =>
  person.follow(`${world.issuer}/authorize?${new URLSearchParams({ client_id: client.id, request_uri })}`);

describe('pushed authorization requests (RFC 9126)', () => {
  it('are taken from an authenticated client and live for 60 seconds at most', async () => {
    const { status, body } = await push(world.clients.web);
    expect(status).toBe(201);
    expect(body.request_uri).toMatch(/^urn:ietf:params:oauth:request_uri:/);
    expect(body.expires_in).toBeLessThanOrEqual(60);
    const { query } = parameters(world.clients.web);
    expect((await world.post('/par', query)).status).toBe(401);
    expect(
      (await world.post('/par', query, asHeader({ ...world.clients.web, secret: 'wrong' }))).status,
    ).toBe(401);
  });

  it('lead to a code', async () => {
    const { body, verifier } = await push(world.clients.pushed);
    const page = await use(world.clients.pushed, body.request_uri);
    expect(
      (await world.redeem(world.clients.pushed, page.url.searchParams.get('code')!, verifier)).status,
    ).toBe(200);
  });

  it('work once', async () => {
    const person = world.person();
    await world.authorize(world.clients.web, {}, person);
    const { body } = await push(world.clients.web);
    const pages = await Promise.all(
      Array.from({ length: 10 }, () => use(world.clients.web, body.request_uri, person)),
    );
    expect(pages.filter(({ url }) => url.searchParams.has('code')).length).toBeLessThanOrEqual(1);
    expect((await use(world.clients.web, body.request_uri, person)).url.searchParams.get('code')).toBeNull();
  });

  it('belong to the client that pushed them', async () => {
    const { body } = await push(world.clients.web);
    expect((await use(world.clients.other, body.request_uri)).url.searchParams.get('code')).toBeNull();
  });

  it('may not name another request', async () => {
    const answer = await push(world.clients.web, { request_uri: 'urn:ietf:params:oauth:request_uri:x' });
    expect([answer.status, answer.body.error]).toEqual([400, 'request_uri_not_supported']);
  });

  it('are the only ones a client may make that registered for it', async () => {
    const { query } = parameters(world.clients.pushed);
    const { headers } = await world.get(`/authorize?${query}`);
    expect(new URL(headers.get('location')!).searchParams.get('error')).toBe('invalid_request');
  });

  it('are checked when pushed: PKCE, redirect URI, resource', async () => {
    const { web } = world.clients;
    const wrong: [Record<string, string>, string][] = [
      [{ code_challenge: '' }, 'invalid_request'],
      [{ redirect_uri: 'https://evil.test/' }, 'invalid_redirect_uri|invalid_request'],
      [{ resource: 'relative' }, 'invalid_target'],
      [{ response_type: 'token' }, 'unsupported_response_type'],
    ];
    for (const [extra, error] of wrong) {
      const answer = await push(web, extra);
      expect([answer.status, answer.body.error]).toEqual([400, expect.stringMatching(error)]);
    }
  });
});

/** A GET with headers fetch() would not send. */
const raw = (path: string, headers: Record<string, string>): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: world.server.port, path, headers }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, body }));
    })
      .on('error', reject)
      .end();
  });

describe('metadata (RFC 8414, OpenID Connect Discovery)', () => {
  const paths = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];

  it('is the same at both addresses, and names the issuer it was asked at', async () => {
    const [first, second] = await Promise.all(paths.map((path) => world.get(path)));
    expect(first!.body.issuer).toBe(world.issuer);
    expect(second!.body).toEqual(first!.body);
  });

  it('says exactly what there is', async () => {
    const { body } = await world.get(paths[0]!);
    const own = JSON.parse(JSON.stringify(body).replaceAll(world.issuer, 'ISSUER'));
    expect(own).toMatchSnapshot();
  });

  it('names endpoints that answer, but for the one at the admin API', async () => {
    const { body } = await world.get(paths[0]!);
    const { global_token_revocation_endpoint: _atAdminApi, ...here } = body;
    const endpoints = Object.entries(here).filter(([name]) => /(_endpoint|jwks_uri)$/.test(name)) as [
      string,
      string,
    ][];
    expect(endpoints.length).toBeGreaterThanOrEqual(9);
    for (const [name, address] of endpoints) {
      const got = await fetch(address, { redirect: 'manual' });
      const posted =
        got.status === 405
          ? await fetch(address, { method: 'POST', body: new URLSearchParams(), redirect: 'manual' })
          : got;
      expect([name, posted.status === 404 || posted.status >= 500 ? posted.status : 'answers']).toEqual([
        name,
        'answers',
      ]);
    }
  });

  it('is constant, whatever Host and X-Forwarded-* headers say', async () => {
    const { host } = new URL(world.issuer);
    const { body } = await raw(paths[0]!, { host });
    for (const headers of [
      { host, 'x-forwarded-host': 'evil.test' },
      { host, 'x-forwarded-proto': 'https', forwarded: 'host=evil.test;proto=https' },
      { host, 'x-forwarded-for': '6.6.6.6', 'x-original-url': '/evil', 'x-forwarded-prefix': '/evil' },
    ])
      expect((await raw(paths[0]!, headers)).body).toBe(body);
    for (const wrong of ['evil.test', `${host}.evil.test`, `evil.test:${new URL(world.issuer).port}`]) {
      const answer = await raw(paths[0]!, { host: wrong });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.body).not.toContain('evil.test');
    }
  });

  it('publishes keys without any private member', async () => {
    const { body } = await world.get('/jwks');
    expect(body.keys.map(({ alg }: { alg: string }) => alg).sort()).toEqual(['ES256', 'EdDSA', 'RS256']);
    for (const key of body.keys)
      expect(
        Object.keys(key).filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].includes(name)),
      ).toEqual([]);
  });

  it('takes no algorithm that shares a secret, and none at all is no algorithm', async () => {
    const { body } = await world.get(paths[0]!);
    const algorithms = Object.entries(body)
      .filter(([name]) => name.includes('alg_values'))
      .flatMap(([, values]) => values as string[]);
    expect(algorithms.filter((name) => name === 'none' || name.startsWith('HS'))).toEqual([]);
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ iss: world.clients.robot.id, sub: world.clients.robot.id, aud: world.issuer, jti: 'x', exp: 9e9 })).toString('base64url')}.`;
    const answer = await world.post('/token', {
      grant_type: 'client_credentials',
      client_assertion: unsigned,
      client_assertion_type: assertionType,
    });
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client']);
  });
});

describe('signing out (OpenID Connect RP-Initiated Logout)', () => {
  it('ends the sessions of the browser that are not offline ones, and leads back', async () => {
    const { web } = world.clients;
    const { code, verifier, person } = await world.authorize(web);
    const { body } = await world.redeem(web, code, verifier);
    const query = new URLSearchParams({
      id_token_hint: body.id_token,
      post_logout_redirect_uri: `${world.callback}/out`,
      state: 'bye',
    });
    const page = await person.follow(`${world.issuer}/logout?${query}`);
    expect(page.url.href).toBe(`${world.callback}/out?state=bye`);
    expect((await world.refresh(web, body.refresh_token)).body.error).toBe('invalid_grant');
    const silent = await world.authorize(web, { prompt: 'none' }, person);
    expect(silent.query.get('error')).toBe('login_required');
  });

  it('leads to no address that is not registered, exactly', async () => {
    const { body } = await world.signIn(world.clients.web);
    for (const post_logout_redirect_uri of ['https://evil.test/', `${world.callback}/out/`, world.callback]) {
      const query = new URLSearchParams({ id_token_hint: body.id_token, post_logout_redirect_uri });
      const { status, headers } = await world.get(`/logout?${query}`, { accept: 'text/html' });
      expect([status, headers.get('location')]).toEqual([400, null]);
    }
  });

  it('may be asked for by POST, which asks the person first all the same (RP-Initiated Logout §2)', async () => {
    const { web } = world.clients;
    const { code, verifier, person } = await world.authorize(web);
    const { body } = await world.redeem(web, code, verifier);
    const form = {
      post_logout_redirect_uri: `${world.callback}/out`,
      state: 'bye',
      client_id: web.id,
    };
    const posted = await world.post('/logout', form, { accept: 'text/html', origin: 'https://app.test' });
    expect([posted.status, posted.headers.get('cache-control')]).toEqual([303, 'no-store']);
    expect((await world.refresh(web, body.refresh_token)).status).toBe(200);
    const asked = new URL(posted.headers.get('location')!, world.issuer);
    const page = await person.follow(asked.href, ({ body: shown }) => shown.includes('Sign out?'));
    expect(page.body).toContain('Sign out of Test web');
    expect((await person.follow(asked.href)).url.href).toBe(`${world.callback}/out?state=bye`);
    expect((await world.authorize(web, { prompt: 'none' }, person)).query.get('error')).toBe(
      'login_required',
    );
  });

  it.each(['/logout', '/authorize'])('takes no more by POST at %s than fits an address', async (path) => {
    const fits = await world.post(path, { state: 'x'.repeat(8_000) });
    expect([fits.status, (await world.get(fits.headers.get('location')!)).status]).not.toContain(431);
    for (const length of [9_000, 40_000, 200_000]) {
      const { status, body, headers } = await world.post(path, { state: 'x'.repeat(length) });
      expect([status, body.code, headers.get('location')]).toEqual([413, 'content_too_large', null]);
    }
    const other = await world.post(path, {}, { 'content-type': 'application/json' });
    expect([other.status, other.body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('asks the person first', async () => {
    const person = world.person();
    await world.authorize(world.clients.web, {}, person);
    const { body } = await world.get('/logout', { accept: 'text/html' });
    expect(body).toContain('<form');
    const still = await world.authorize(world.clients.web, { prompt: 'none' }, person);
    expect(still.query.get('code')).not.toBeNull();
  });
});
