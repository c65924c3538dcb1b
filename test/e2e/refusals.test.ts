import { setTimeout as pause } from 'node:timers/promises';
import { errorCauses, isErrorCause } from '@curfew/token-endpoint';
import { freePort } from '../support/ports.js';
import { printedLine } from '../support/printed.js';
import {
  type Answer,
  asHeader,
  assertionType,
  authorizationRequest,
  ProtocolWorld,
  pkce,
} from './protocol-world.js';

let world: ProtocolWorld;
let metricsPort: number;
beforeAll(async () => {
  metricsPort = await freePort();
  world = await ProtocolWorld.start({
    CURFEW_MODE: 'development',
    CURFEW_LOG_LEVEL: 'info',
    CURFEW_METRICS_PORT: String(metricsPort),
  });
}, 60_000);
afterAll(() => world?.stop());

interface Line {
  readonly id: string;
  readonly msg: string;
  readonly error?: string;
  readonly cause?: string;
  readonly clientId?: string;
  readonly detail?: string;
}

/** The line of the log that belongs to an answer. */
const lineOf = async ({ headers }: Answer): Promise<Line> =>
  JSON.parse(await printedLine(world.server, `"id":"${headers.get('x-request-id')}"`, '"msg":"request"'));

const challenge = { code_challenge: pkce().challenge, code_challenge_method: 'S256' };
const authorize = (extra: Record<string, string>, accept = 'text/html') =>
  world.get(
    `/authorize?${authorizationRequest(world.clients.web, world.callback, { ...challenge, ...extra })}`,
    {
      accept,
    },
  );
const signOut = (query: Record<string, string>) =>
  world.get(`/logout?${new URLSearchParams(query)}`, { accept: 'text/html' });
const token = (form: Record<string, string>, headers = asHeader(world.clients.web)) =>
  world.post('/token', form, headers);
const wrongSecret = () => asHeader({ ...world.clients.web, secret: 'cfw_cs_wrong' });
const refresh = (refresh_token: string, headers = asHeader(world.clients.web)) =>
  token({ grant_type: 'refresh_token', refresh_token }, headers);
const redeem = (extra: Record<string, string>) =>
  token({ grant_type: 'authorization_code', code: 'x', redirect_uri: world.callback, ...extra });
const elsewhere = 'https://elsewhere.example/cb?code=secret-in-the-query';

type Case = [send: () => Promise<Answer>, error: string, cause: string, clientId?: string];
const web = 'test-web';
const verifier = 'v'.repeat(43);

/** Requests, each with what the log must know of it. */
const cases: Readonly<Record<string, Case>> = {
  'an address that is not registered': [
    () => authorize({ redirect_uri: elsewhere }),
    'invalid_redirect_uri',
    'redirect_uri_mismatch',
    web,
  ],
  'an unknown client': [() => authorize({ client_id: 'nobody' }), 'invalid_client', 'client_unknown'],
  'no client': [() => authorize({ client_id: '' }), 'invalid_request', 'parameter_missing'],
  'no code challenge': [
    () => authorize({ code_challenge: '', code_challenge_method: '' }),
    'invalid_request',
    'pkce_missing',
    web,
  ],
  'a response type of the past': [
    () => authorize({ response_type: 'token' }),
    'unsupported_response_type',
    'response_type_unsupported',
    web,
  ],
  'a response mode that is not answered': [
    () => authorize({ response_mode: 'web_message' }),
    'unsupported_response_mode',
    'response_mode_unsupported',
    web,
  ],
  'no scope that can be granted': [
    () => authorize({ scope: 'nonsense' }),
    'invalid_scope',
    'scope_invalid',
    web,
  ],
  'an API of somebody else': [
    () => authorize({ resource: 'https://unknown.example' }),
    'invalid_target',
    'resource_invalid',
    web,
  ],
  'a pushed request that was never pushed': [
    () => authorize({ request_uri: 'urn:ietf:params:oauth:request_uri:nothing' }),
    'invalid_request_uri',
    'request_uri_invalid',
    web,
  ],
  'a request object': [
    () => authorize({ request: 'e30.e30.' }),
    'request_not_supported',
    'request_object_unsupported',
    web,
  ],
  'prompt=none where nobody is signed in': [
    () => authorize({ prompt: 'none' }),
    'login_required',
    'login_required',
    web,
  ],
  'a parameter twice': [
    () => world.get(`/authorize?client_id=test-web&scope=a&scope=b`, { accept: 'text/html' }),
    'invalid_request',
    'parameter_repeated',
    web,
  ],
  'an interaction that is over': [
    () => world.get('/interaction/none', { accept: 'text/html' }),
    'invalid_request',
    'interaction_gone',
  ],
  'a form from elsewhere': [
    () => world.post('/sign-in', {}, { accept: 'text/html', 'sec-fetch-site': 'cross-site' }),
    'forbidden',
    'form_refused',
  ],
  'sign-out with an address that is not registered': [
    () => signOut({ client_id: web, post_logout_redirect_uri: elsewhere }),
    'invalid_request',
    'post_logout_redirect_uri_mismatch',
    web,
  ],
  'sign-out with a hint that is no token': [
    () => signOut({ id_token_hint: 'nonsense' }),
    'invalid_request',
    'id_token_hint_invalid',
  ],
  'sign-out confirmed without the form': [
    () => world.post('/logout/confirm', { logout: 'yes' }, { accept: 'text/html' }),
    'invalid_request',
    'form_refused',
  ],
  'a refresh token that was never issued': [
    () => refresh('cfw_rt_nothing'),
    'invalid_grant',
    'refresh_token_unknown',
    web,
  ],
  'a wrong secret': [
    () => refresh('cfw_rt_nothing', wrongSecret()),
    'invalid_client',
    'client_secret_wrong',
    web,
  ],
  'the way of another client': [
    () => token({ grant_type: 'client_credentials', client_id: 'test-robot', client_secret: 'x' }, {}),
    'invalid_client',
    'client_authentication_method',
    'test-robot',
  ],
  'nobody at the token endpoint': [
    () => token({ grant_type: 'refresh_token' }, {}),
    'invalid_request',
    'client_not_named',
  ],
  'an unknown client at the token endpoint': [
    () => token({ grant_type: 'refresh_token', client_id: 'nobody' }, {}),
    'invalid_client',
    'client_unknown',
  ],
  'credentials that cannot be read': [
    () => token({ grant_type: 'refresh_token' }, { authorization: 'Basic !' }),
    'invalid_request',
    'client_credentials_malformed',
  ],
  'an assertion for somebody else': [
    async () =>
      token(
        {
          grant_type: 'client_credentials',
          client_assertion_type: assertionType,
          client_assertion: await world.assertion({ aud: 'https://elsewhere.example' }),
        },
        {},
      ),
    'invalid_client',
    'client_assertion_invalid',
    'test-robot',
  ],
  'a grant type nobody has': [
    () => token({ grant_type: 'password' }),
    'unsupported_grant_type',
    'grant_type_unsupported',
    web,
  ],
  'a grant type of others': [
    () => token({ grant_type: 'client_credentials' }),
    'invalid_request',
    'grant_type_not_allowed',
    web,
  ],
  'an unknown code': [() => redeem({ code_verifier: verifier }), 'invalid_grant', 'code_unknown', web],
  'a missing parameter': [
    () => token({ grant_type: 'authorization_code' }),
    'invalid_request',
    'parameter_missing',
    web,
  ],
  'a proof that is none': [
    () =>
      token(
        { grant_type: 'refresh_token', refresh_token: 'x' },
        { ...asHeader(world.clients.web), dpop: 'x' },
      ),
    'invalid_dpop_proof',
    'dpop_proof_invalid',
    web,
  ],
  'a wrong secret at introspection': [
    () => world.post('/introspection', { token: 'x' }, wrongSecret()),
    'invalid_client',
    'client_secret_wrong',
    web,
  ],
  'nothing to introspect': [
    () => world.post('/introspection', {}, asHeader(world.clients.api)),
    'invalid_request',
    'parameter_missing',
    'test-api',
  ],
  'nothing to revoke': [
    () => world.post('/revocation', {}, asHeader(world.clients.web)),
    'invalid_request',
    'parameter_missing',
    web,
  ],
  'a pushed request with an address that is not registered': [
    () =>
      world.post(
        '/par',
        authorizationRequest(world.clients.web, elsewhere, challenge),
        asHeader(world.clients.web),
      ),
    'invalid_request',
    'redirect_uri_mismatch',
    web,
  ],
  'a device that may not': [
    () => world.post('/device/authorization', { scope: 'openid' }, asHeader(world.clients.web)),
    'invalid_request',
    'grant_type_not_allowed',
    web,
  ],
  'a device code that was never issued': [
    () =>
      token(
        {
          grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
          device_code: 'x',
          client_id: 'test-tv',
        },
        {},
      ),
    'invalid_grant',
    'code_unknown',
    'test-tv',
  ],
  'an access token that is none': [
    () => world.get('/userinfo', { authorization: 'Bearer nonsense' }),
    'invalid_token',
    'access_token_invalid',
  ],
  'a path that is none': [() => world.get('/nothing-here'), 'not_found', 'not_found'],
  'a method that is none': [() => world.get('/token'), 'method_not_allowed', 'method_not_allowed'],
  'a body of another kind': [
    () => world.post('/token', {}, { ...asHeader(world.clients.web), 'content-type': 'application/json' }),
    'invalid_request',
    'unsupported_media_type',
  ],
};

describe('a refusal is logged with its exact cause, under the number of its request', () => {
  it.each(Object.keys(cases))('%s', async (name) => {
    const [send, error, cause, clientId] = cases[name]!;
    const line = await lineOf(await send());
    expect(line).toMatchObject({ error, cause });
    expect(line.clientId).toBe(clientId);
    expect(isErrorCause(cause)).toBe(true);
    expect(JSON.stringify(line)).not.toMatch(
      /secret-in-the-query|cfw_(rt|cs)_|nonsense|elsewhere\.example\/cb\?/,
    );
  });

  it('also where the session has ended, with the reason of its end', async () => {
    const { body } = await world.signIn(world.clients.web, {
      scope: 'openid offline_access',
      prompt: 'consent',
    });
    await world.revoke(world.clients.web, body.refresh_token);
    expect(await lineOf(await world.refresh(world.clients.web, body.refresh_token))).toMatchObject({
      error: 'invalid_grant',
      cause: 'session_over',
      detail: 'revoked_by_client',
      clientId: web,
    });
  });

  it('also where a code was redeemed before, for another client, or with another verifier', async () => {
    const { code, verifier } = await world.authorize(world.clients.web);
    const foreign = await world.redeem(world.clients.other, code, verifier);
    expect(await lineOf(foreign)).toMatchObject({
      cause: 'issued_to_another_client',
      clientId: 'test-other',
    });
    expect(await lineOf(await world.redeem(world.clients.web, code, 'w'.repeat(43)))).toMatchObject({
      cause: 'pkce_mismatch',
    });
    const again = await world.authorize(world.clients.web);
    expect((await world.redeem(world.clients.web, again.code, again.verifier)).status).toBe(200);
    expect(await lineOf(await world.redeem(world.clients.web, again.code, again.verifier))).toMatchObject({
      cause: 'code_used',
    });
  });

  it('becomes a number by route and cause, and no word of a caller becomes a label', async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const series = metrics.split('\n').filter((line) => line.startsWith('curfew_refusals_total{'));
    const labels = series.map((line) => /route="([^"]+)",cause="([^"]+)"/.exec(line)!.slice(1));
    expect(labels).toContainEqual(['authorization', 'redirect_uri_mismatch']);
    expect(labels).toContainEqual(['token', 'refresh_token_unknown']);
    expect(labels).toContainEqual(['end_session', 'id_token_hint_invalid']);
    for (const [, cause] of labels) expect(cause).not.toBe('other');
    expect(labels.length).toBeLessThan(Object.keys(errorCauses).length);
  });

  it('is an event where an attack could look like it, and a flood of it is a few rows', async () => {
    const { id } = world.clients.other;
    for (let sent = 0; sent < 200; sent += 20)
      await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          authorize({ client_id: id, redirect_uri: `https://a${sent + at}.example/` }),
        ),
      );
    type Row = { data: { cause: string; endpoint: string; ip: string; count: number } };
    const read = () =>
      world.database.query<Row>(
        `SELECT data FROM event_count WHERE type = 'request.refused' AND client_id = $1
         AND data->>'cause' = 'redirect_uri_mismatch'`,
        [id],
      );
    const told = (rows: Row[]) => rows.reduce((sum, { data }) => sum + data.count, 0);
    // A count that has not doubled since it was written waits for the end of its minute (ADR 49).
    for (let tries = 0; tries < 750 && told(await read()) < 200; tries++) await pause(100);
    const rows = await read();
    expect(told(rows)).toBe(200);
    expect(rows.length).toBeLessThan(20);
    expect(rows[0]!.data).toMatchObject({
      endpoint: 'authorization',
      ip: expect.stringMatching(/127\.0\.0\.1|::1/),
    });
  }, 90_000);
});

describe('an access token at userinfo', () => {
  const shown = async (token: string) => world.get('/userinfo', { authorization: `Bearer ${token}` });
  const counted = async () => {
    const [sums] = await world.database.query<{ refused: number; unknown: number }>(
      `SELECT coalesce(sum((data->>'count')::int) FILTER (WHERE type = 'request.refused'), 0)::int AS refused,
         coalesce(sum((data->>'count')::int) FILTER (WHERE type = 'token.unknown'), 0)::int AS unknown
       FROM event_count WHERE data->>'endpoint' = 'userinfo'
         AND (type = 'token.unknown' OR data->>'cause' = 'access_token_invalid')`,
    );
    return sums!;
  };

  it('is counted once: as unknown where it never was one of ours, as refused where it was', async () => {
    const before = await counted();
    for (let time = 0; time < 3; time++) expect((await shown('never-issued')).status).toBe(401);
    const { body } = await world.signIn(world.clients.web);
    await world.revoke(world.clients.web, body.access_token);
    expect((await shown(body.access_token)).status).toBe(401);
    // Earlier counts are written with it, or were before.
    for (let tries = 0; tries < 750 && (await counted()).refused === before.refused; tries++)
      await pause(100);
    expect(await counted()).toEqual({ refused: before.refused + 1, unknown: before.unknown + 3 });
  }, 90_000);
});

describe('the page of a refusal', () => {
  it.each([
    ['an address that is not registered', 'This link cannot return you to the application'],
    ['an unknown client', 'This application is not known here'],
    ['no client', 'The application’s request was not accepted'],
    ['sign-out with an address that is not registered', 'You were not signed out'],
    ['sign-out with a hint that is no token', 'You were not signed out'],
    ['an interaction that is over', 'This page has expired'],
    ['sign-out confirmed without the form', 'This form was not accepted'],
  ])('says what is true: %s', async (name, title) => {
    const { body, headers } = await cases[name]![0]();
    expect(body).toContain(`<h1>${title}</h1>`);
    expect(body).toContain(headers.get('x-request-id'));
  });

  it('tells the developer in development what was sent and what is registered, escaped and bounded', async () => {
    const hostile = `https://elsewhere.example/<script>alert(1)</script>${'x'.repeat(5000)}`;
    const { body } = await authorize({ redirect_uri: hostile });
    expect(body).toContain('callback URL mismatch: got https://elsewhere.example/&lt;script&gt;');
    expect(body).toContain(`registered ${world.callback}`);
    expect(body).not.toContain('<script>alert');
    expect(body.length).toBeLessThan(6000);
    const out = await signOut({ client_id: web, post_logout_redirect_uri: elsewhere });
    expect(out.body).toContain('post-logout URL mismatch: got https://elsewhere.example/cb');
    expect(out.body).toContain(`registered ${world.callback}/out`);
    expect((await authorize({ client_id: 'nobody' })).body).toContain('no client has the client_id nobody');
  });
});
