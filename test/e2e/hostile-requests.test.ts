import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { faultsOf, marker, markupFaults } from './hostile-world.js';
import { asHeader, assertionType, deviceGrant, orders, ProtocolWorld } from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start({
    // What is tried here is not how often things may be tried.
    CURFEW_THROTTLE_CLIENT: '100000/1m',
    CURFEW_THROTTLE_USER_CODE: '100000/1m',
    CURFEW_THROTTLE_SIGN_IN_NETWORK: '100000/1m',
  });
}, 60_000);
afterAll(() => world?.stop());

const paths = [
  '/token',
  '/introspection',
  '/revocation',
  '/par',
  '/device/authorization',
  '/userinfo',
  '/authorize',
  '/device',
  '/logout',
  '/logout/confirm',
  '/logout/success',
  '/jwks',
  '/.well-known/openid-configuration',
  '/sign-in',
  '/',
  '/sessions',
  '/applications',
  '/password',
  `/interaction/${randomUUID()}`,
  '/assets/x.css',
  '/introspection/batch',
  '/session-feed/acknowledgements',
  '/health/live',
  '/nowhere',
] as const;

const names = [
  'grant_type',
  'code',
  'code_verifier',
  'redirect_uri',
  'refresh_token',
  'scope',
  'resource',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'token',
  'token_type_hint',
  'touch',
  'response_type',
  'response_mode',
  'state',
  'nonce',
  'prompt',
  'max_age',
  'login_hint',
  'acr_values',
  'claims',
  'request',
  'request_uri',
  'code_challenge',
  'code_challenge_method',
  'dpop_jkt',
  'id_token_hint',
  'post_logout_redirect_uri',
  'user_code',
  'device_code',
  'xsrf',
  'confirm',
  'abort',
  'csrf',
  'username',
  'password',
  'next',
  'access_token',
  'authorization_details',
  'registration',
  '__proto__',
  'constructor',
  'a[b]',
  'a[]',
  '',
];

/** Things that have broken servers before, each with the marker, so that it can be seen coming back. */
const value = fc.oneof(
  fc.constantFrom(
    '',
    '\0',
    `${marker}\0`,
    `"'><${marker}>`,
    `\r\nX-Injected: ${marker}`,
    `../../${marker}`,
    `javascript:${marker}`,
    `https://${marker}.example/`,
    `//${marker}.example`,
    `{"${marker}":1}`,
    `[${'['.repeat(2000)}`,
    'eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.',
    `eyJhbGciOiJIUzI1NiIsImtpZCI6Ii4uLy4uLyJ9.eyJzdWIiOiJ4In0.${marker}`,
    '-1',
    '99999999999999999999',
    'NaN',
    'true',
    '\ud83d\ude00',
    '\u202e',
    'x'.repeat(8_000),
    `' OR 1=1; DROP TABLE session; --${marker}`,
    '%00%ff%zz',
    `urn:ietf:params:oauth:request_uri:${marker}`,
    'authorization_code',
    'refresh_token',
    'client_credentials',
    'code',
    'S256',
    'none login consent',
    'openid offline_access email profile',
    'form_post',
    'query.jwt',
    orders,
    deviceGrant,
    assertionType,
  ),
  fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => `${text}${marker}`),
  fc.string({ unit: 'binary', maxLength: 60 }).map((text) => `${text}${marker}`),
);

const own = fc.constantFrom('client:web', 'client:spa', 'client:api', 'callback', 'secret:web');
const parameter = fc.tuple(
  fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...names) },
    { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
  ),
  fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: own }),
);

const request = fc.record({
  path: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...paths) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '/authorize/%00',
        '/device/%2e%2e',
        '/interaction/%ff',
        '/interaction/..%2f..',
        '/assets/%2e%2e%2fpackage.json',
        '/sign-in?next=%2f%2fevil.example',
        '/%zz',
        '/%c0%ae',
        '/;/token',
        '/token;x=1',
        '/TOKEN',
      ),
    },
  ),
  method: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('GET', 'POST') },
    { weight: 1, arbitrary: fc.constantFrom('PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS') },
  ),
  parameters: fc.array(parameter, { maxLength: 12 }),
  inQuery: fc.boolean(),
  authorization: fc.constantFrom(
    undefined,
    'web',
    'api',
    `Bearer ${marker}`,
    `Bearer cfw_at_${marker}`,
    `DPoP ${marker}`,
    `Basic ${marker}`,
    'Basic ',
    'Negotiate x',
  ),
  type: fc.oneof(
    { weight: 6, arbitrary: fc.constant('application/x-www-form-urlencoded') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'application/json',
        'multipart/form-data; boundary=x',
        'application/x-www-form-urlencoded; charset=utf-7',
        'text/plain',
        `x/${marker}`,
      ),
    },
  ),
  accept: fc.constantFrom('application/json', 'text/html', '*/*', 'image/png', `x/${marker}`, ''),
  more: fc.constantFrom<Record<string, string>>(
    {},
    { origin: `https://${marker}.example` },
    { origin: 'null' },
    { dpop: marker },
    { cookie: `curfew=${marker}; curfew_interaction=${marker}; curfew.sig=x` },
    { 'x-forwarded-for': `${marker}, 1.2.3.4` },
    { 'x-forwarded-proto': 'https', 'x-forwarded-host': `${marker}.example` },
    { 'user-agent': `Mozilla/5.0 (${marker})` },
    { 'sec-fetch-site': 'cross-site' },
    { 'content-encoding': 'gzip' },
    { 'accept-language': marker },
    { 'last-event-id': marker },
  ),
});

type Hostile = typeof request extends fc.Arbitrary<infer T> ? T : never;

const ownValues = () => ({
  'client:web': world.clients.web.id,
  'client:spa': world.clients.spa.id,
  'client:api': world.clients.api.id,
  'secret:web': world.clients.web.secret,
  callback: world.callback,
});

async function send({ path, method, parameters, inQuery, authorization, type, accept, more }: Hostile) {
  const known: Record<string, string> = ownValues();
  const form = new URLSearchParams(parameters.map(([name, text]) => [name, known[text] ?? text]));
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const mark = path.includes('?') ? '&' : '?';
  // Longer targets than a server takes are refused before anybody looks at them.
  const query = form.toString().slice(0, 6_000);
  const credentials =
    authorization === 'web' || authorization === 'api'
      ? asHeader(world.clients[authorization])
      : authorization === undefined
        ? {}
        : { authorization };
  const response = await fetch(`${world.issuer}${path}${inQuery || !hasBody ? `${mark}${query}` : ''}`, {
    method,
    redirect: 'manual',
    headers: { ...(hasBody ? { 'content-type': type } : {}), accept, ...credentials, ...more },
    ...(hasBody ? { body: inQuery ? '' : form.toString() } : {}),
  });
  return { status: response.status, headers: new Map(response.headers), text: await response.text() };
}

/** Where an answer leads: only to a registered address, or to ourselves. */
const leadsAstray = (location: string | undefined): boolean => {
  if (location === undefined) return false;
  const { origin } = new URL(location, world.issuer);
  return origin !== world.issuer && origin !== new URL(world.callback).origin;
};

describe('a look for what was sent in a page', () => {
  it.each([
    `<p>${marker}</p>`,
    `<input name="user_code" value="${marker}">`,
    `<input value='x${marker}' disabled>`,
    `<a href="/device?user_code=${marker}">on</a>`,
    `<!doctype html><title>${marker}</title><script>let a = 1 < 2;</script>`,
    `&lt;${marker}&gt; &quot;${marker}`,
  ])('lets pass what is text or the value of an attribute: %s', (page) => {
    expect(markupFaults(page)).toEqual([]);
  });

  it.each([
    `<${marker}>`,
    `<p><${marker} x="y"></p>`,
    `<input value="" ${marker}="">`,
    `<input value=${marker}>`,
    `<input value=""'><${marker}>">`,
    `<p onclick="${marker}">`,
    `<a href="javascript:${marker}">on</a>`,
    `<a href=" JavaScript:${marker}">on</a>`,
    `<script>let a = "${marker}";</script>`,
    `<style>${marker}</style>`,
    `<!-- ${marker} -->`,
    `<p>< ${marker}</p>`,
    `<a href="x"${marker}>`,
  ])('finds what is more: %s', (page) => {
    expect(markupFaults(page)).not.toEqual([]);
  });
});

describe('any request at any endpoint', () => {
  it.each(['/device?user_code=zq7marker', '/device?user_code=%22%3E%3Czq7marker%3E'])(
    'that once was a counterexample is answered as it should be: GET %s',
    async (path) => {
      const response = await fetch(`${world.issuer}${path}`, { headers: { accept: 'text/html' } });
      const answer = {
        status: response.status,
        headers: new Map(response.headers),
        text: await response.text(),
      };
      expect(faultsOf(answer)).toEqual([]);
    },
  );

  it('is answered without a fault of ours, in the form of the place, and with nothing of it in the answer', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (hostile) => {
        const answer = await send(hostile);
        const faults = faultsOf(answer);
        if (leadsAstray(answer.headers.get('location'))) faults.push('leads astray');
        if (answer.headers.has('x-injected')) faults.push('lets headers be injected');
        expect([faults, faults.length > 0 ? `${answer.status} ${answer.text.slice(0, 400)}` : '']).toEqual([
          [],
          '',
        ]);
      }),
      { numRuns: Number(process.env['CURFEW_FUZZ_RUNS'] ?? 600), endOnFailure: false },
    );
  }, 120_000);

  it('leaves the server as it was', async () => {
    expect(world.server.output()).not.toMatch(/"level":"error"/);
    const { body } = await world.signIn(world.clients.web, { resource: orders, scope: 'openid orders:read' });
    expect((await world.introspect(body.access_token)).body.active).toBe(true);
  });
});
