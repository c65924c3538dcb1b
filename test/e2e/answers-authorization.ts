import { createHash } from 'node:crypto';
import type { Case } from './answers-forms.js';
import { aKey, aProof, bound, type ProofChanges, type ProofKey } from './answers-proofs.js';
import { basic, type Form, type Side } from './answers-side.js';
import { assertionType, orders, type TestClient } from './protocol-world.js';

const key = aKey();
const otherKey = aKey();
const seconds = (side: Side) => Math.floor(side.world.clock.now() / 1000);
const callback = (side: Side) => side.world.protocol.callback;

/** A pushed request that is right but for who sends it. */
const pushed = (
  side: Side,
  extra: Record<string, string> = {},
  client_id = side.web.id,
): Record<string, string> => ({
  response_type: 'code',
  client_id,
  redirect_uri: callback(side),
  scope: 'openid orders:read',
  resource: orders,
  code_challenge: 'c'.repeat(43),
  code_challenge_method: 'S256',
  ...extra,
});

const pushes = (
  name: string,
  extra: Record<string, string>,
  client: (side: Side) => TestClient = (side) => side.web,
): Case => ({
  name: `a pushed request ${name}`,
  run: (side) => side.post('/par', pushed(side, extra, client(side).id), basic(client(side))),
});

/** Pushed requests that are wrong in what they ask for. */
const contents: readonly Case[] = [
  pushes('for everything that may be asked', { state: 's', nonce: 'n', prompt: 'login', max_age: '60' }),
  pushes('without a redirect URI', { redirect_uri: '' }),
  pushes('with another redirect URI', { redirect_uri: 'https://evil.example/' }),
  pushes('without a challenge', { code_challenge: '', code_challenge_method: '' }),
  pushes('with a plain challenge', { code_challenge_method: 'plain' }),
  pushes('for no scope that exists', { scope: 'nothing' }),
  pushes('for no scope', { scope: '' }),
  pushes('for an API that does not exist', { resource: 'https://nobody.example' }),
  pushes('for another response type', { response_type: 'token' }),
  pushes('with a request URI', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }),
  pushes('with a request object', { request: 'x.y.z' }),
  pushes('with the thumbprint of a key', { dpop_jkt: key.thumbprint }),
  pushes('by a client that may not ask people', {}, (side) => side.twin('machine')),
  pushes('without its client', { client_id: '' }),
  pushes('by a client that must push', {}, (side) => side.world.protocol.clients.pushed),
];

const pushesWith = (
  name: string,
  make: (side: Side) => string | undefined,
  extra: (side: Side) => Record<string, string> = () => ({}),
  times = 1,
): Case => ({
  name: `a pushed request with a proof ${name}`,
  run: async (side) => {
    const dpop = make(side);
    for (let turn = 0; turn < times; turn += 1)
      await side.post('/par', pushed(side, extra(side)), {
        ...basic(side.web),
        ...(dpop === undefined ? {} : { dpop }),
      });
  },
});

const parProof = (side: Side, changes: ProofChanges = {}, by: ProofKey = key) => {
  const claims =
    typeof changes.claims === 'string' ? changes.claims : { ...here(side, '/par'), ...changes.claims };
  return aProof(side, by, { ...changes, claims });
};
const here = (side: Side, path: string) => ({ htu: `${side.world.protocol.issuer}${path}` });

/** Proofs at the pushed authorization request endpoint (RFC 9449 §10.1). */
const pushedProofs: readonly Case[] = [
  pushesWith('that is right', (side) => parProof(side)),
  pushesWith(
    'shown twice',
    (side) => parProof(side),
    () => ({}),
    2,
  ),
  pushesWith(
    'of the key that it names',
    (side) => parProof(side),
    () => ({ dpop_jkt: key.thumbprint }),
  ),
  pushesWith(
    'of another key than it names',
    (side) => parProof(side),
    () => ({ dpop_jkt: otherKey.thumbprint }),
  ),
  pushesWith('for the token endpoint', (side) => aProof(side, key)),
  pushesWith('for another method', (side) => parProof(side, { claims: { htm: 'GET' } })),
  pushesWith('of long ago', (side) => parProof(side, { claims: { iat: seconds(side) - 310 } })),
  pushesWith('of some minutes ago', (side) => parProof(side, { claims: { iat: seconds(side) - 280 } })),
  pushesWith('of some minutes ahead', (side) => parProof(side, { claims: { iat: seconds(side) + 280 } })),
  pushesWith('with a nonce of nobody', (side) => parProof(side, { claims: { nonce: 'x'.repeat(43) } })),
  pushesWith('without a jti', (side) => parProof(side, { claims: { jti: undefined } })),
  pushesWith('of another type', (side) => parProof(side, { header: { typ: 'JWT' } })),
  pushesWith('that somebody else signed', (side) => parProof(side, { by: otherKey })),
  pushesWith('by a key of another kind', (side) => parProof(side, {}, aKey('EdDSA'))),
  pushesWith('by a key that is not for this', (side) => parProof(side, {}, aKey('RS256'))),
  pushesWith('that is empty', () => ''),
  pushesWith(
    'beside a wrong redirect URI',
    (side) => parProof(side),
    () => ({ redirect_uri: 'https://evil.example/' }),
  ),
  {
    name: 'a pushed request with a proof with the nonce of the last response',
    run: async (side) => {
      const first = await side.post('/par', pushed(side), { ...basic(side.web), dpop: parProof(side) });
      const nonce = first.headers['dpop-nonce'];
      const claims = { nonce, iat: seconds(side) - 4000 };
      await side.post('/par', pushed(side), { ...basic(side.web), dpop: parProof(side, { claims }) });
    },
  },
];

/** Assertions at the endpoints of the library (RFC 7523 §3), by each audience that one may name. */
const audiences: Readonly<Record<string, (issuer: string) => unknown>> = {
  'the issuer': (issuer) => issuer,
  'a list of the issuer': (issuer) => [issuer],
  'the token endpoint': (issuer) => `${issuer}/token`,
  'the pushed request endpoint': (issuer) => `${issuer}/par`,
  'the device endpoint': (issuer) => `${issuer}/device/authorization`,
  'somebody else': () => 'https://elsewhere.example',
};
const asserted = ['/par', '/device/authorization'].flatMap((path) =>
  (['robot', 'lenientRobot', 'boundRobot'] as const).flatMap((client) => [
    ...Object.entries(audiences).map(
      ([what, aud]): Case => ({
        name: `an assertion of ${client} at ${path} for ${what}`,
        run: (side) => sendAsserted(side, path, client, { aud: aud(side.world.protocol.issuer) }),
      }),
    ),
    {
      name: `an assertion of ${client} at ${path} that is over`,
      run: (side: Side) => sendAsserted(side, path, client, { exp: seconds(side) - 60 }),
    },
    {
      name: `an assertion of ${client} at ${path} used twice`,
      run: async (side: Side) => {
        const form = pushed(
          side,
          await assertedForm(side, client, {}),
          side.world.protocol.clients[client].id,
        );
        for (let turn = 0; turn < 2; turn += 1) await side.post(path, form);
      },
    },
  ]),
);

async function assertedForm(
  side: Side,
  client: 'robot' | 'lenientRobot' | 'boundRobot',
  claims: Record<string, unknown>,
): Promise<Record<string, string>> {
  const { protocol } = side.world;
  const assertion = await protocol.assertion(claims, 'ES256', protocol.clients[client]);
  return { client_assertion: assertion, client_assertion_type: assertionType };
}

const sendAsserted = async (
  side: Side,
  path: string,
  client: 'robot' | 'lenientRobot' | 'boundRobot',
  claims: Record<string, unknown>,
) =>
  side.post(
    path,
    pushed(side, await assertedForm(side, client, claims), side.world.protocol.clients[client].id),
  );

interface Asking {
  readonly method?: 'GET' | 'POST';
  readonly headers?: (token: string, side: Side) => Record<string, string | undefined>;
  readonly form?: (token: string) => Form;
  readonly suffix?: (token: string) => string;
  readonly token?: (side: Side) => Promise<string>;
}

const userinfoToken = async (side: Side, claims: Record<string, unknown> = {}) => {
  const { id } = await side.session('plain');
  return side.world.seal({ grantId: id, aud: undefined, scope: 'openid email profile', ...claims });
};

const asksWhoItIs = (
  name: string,
  {
    method = 'GET',
    headers = (token) => ({ authorization: `Bearer ${token}` }),
    form = () => '',
    suffix = () => '',
    token = userinfoToken,
  }: Asking = {},
): Case => ({
  name: `userinfo ${name}`,
  run: async (side) => {
    const shown = await token(side);
    const body = form(shown);
    const none = method === 'GET' ? { 'content-type': undefined, 'content-length': undefined } : {};
    await side.post(`/userinfo${suffix(shown)}`, body, { ...none, ...headers(shown, side) }, method);
  },
});

const posts = (name: string, asking: Asking = {}) => asksWhoItIs(name, { method: 'POST', ...asking });

/** Userinfo of bearer tokens (OpenID Connect Core §5.3, RFC 6750). */
const bearers: readonly Case[] = [
  asksWhoItIs('of a token'),
  posts('of a token, by POST'),
  posts('of a token in the form', { headers: () => ({}), form: (access_token) => ({ access_token }) }),
  posts('of a token in the header and in the form', { form: (access_token) => ({ access_token }) }),
  posts('of a token in the form twice', {
    headers: () => ({}),
    form: (token) => [
      ['access_token', token],
      ['access_token', token],
    ],
  }),
  posts('with a body of JSON', {
    headers: (token) => ({ authorization: `Bearer ${token}`, 'content-type': 'application/json' }),
    form: () => '{}',
  }),
  asksWhoItIs('of a token in the query', {
    headers: () => ({}),
    suffix: (token) => `?access_token=${token}`,
  }),
  asksWhoItIs('of a token in the query as well', { suffix: (token) => `?access_token=${token}` }),
  asksWhoItIs('without a token', { headers: () => ({}) }),
  posts('without a token, by POST', { headers: () => ({}) }),
  asksWhoItIs('with an empty header', { headers: () => ({ authorization: '' }) }),
  asksWhoItIs('under a scheme in small letters', {
    headers: (token) => ({ authorization: `bearer ${token}` }),
  }),
  asksWhoItIs('under another scheme', { headers: (token) => ({ authorization: `Basic ${token}` }) }),
  asksWhoItIs('with two blanks', { headers: (token) => ({ authorization: `Bearer  ${token}` }) }),
  asksWhoItIs('with something behind', { headers: (token) => ({ authorization: `Bearer ${token} x` }) }),
  asksWhoItIs('with the scheme alone', { headers: () => ({ authorization: 'Bearer' }) }),
  asksWhoItIs('under the scheme DPoP', { headers: (token) => ({ authorization: `DPoP ${token}` }) }),
  asksWhoItIs('of a token that nobody made', { token: async () => 'nothing' }),
  asksWhoItIs('of a token that was changed', {
    token: async (side) => `${(await userinfoToken(side)).slice(0, -2)}AA`,
  }),
  asksWhoItIs('of a token that has expired', {
    token: (side) => userinfoToken(side, { exp: seconds(side) - 1 }),
  }),
  asksWhoItIs('of a token for an API', { token: (side) => userinfoToken(side, { aud: orders }) }),
  asksWhoItIs('of a token without openid', { token: (side) => userinfoToken(side, { scope: 'email' }) }),
  asksWhoItIs('of a token without scope', { token: (side) => userinfoToken(side, { scope: undefined }) }),
  asksWhoItIs('of a token of openid alone', { token: (side) => userinfoToken(side, { scope: 'openid' }) }),
  asksWhoItIs('of a token of openid and email', {
    token: (side) => userinfoToken(side, { scope: 'openid email' }),
  }),
  asksWhoItIs('of a token with more than was granted', {
    token: async (side) =>
      side.world.seal({ grantId: (await side.session('bare')).id, aud: undefined, scope: 'openid email' }),
  }),
  asksWhoItIs('of a token of another kind', {
    token: (side) => userinfoToken(side, { kind: 'ClientCredentials' }),
  }),
  asksWhoItIs('of a token of another client', {
    token: (side) => userinfoToken(side, { clientId: 'test-other' }),
  }),
  asksWhoItIs('of a token of no session', { token: (side) => userinfoToken(side, { grantId: undefined }) }),
  asksWhoItIs('of a session that has ended', {
    token: async (side) => {
      const { id, token } = await side.session('plain');
      await side.post('/revocation', { token }, basic(side.web));
      return side.world.seal({ grantId: id, aud: undefined, scope: 'openid' });
    },
  }),
  asksWhoItIs('of a token bound to a certificate', {
    token: (side) => userinfoToken(side, { 'x5t#S256': 'x'.repeat(43) }),
  }),
  asksWhoItIs('of a refresh token', { token: async (side) => (await side.session('plain')).token }),
  asksWhoItIs('from an origin that may not', {
    headers: (token) => ({ authorization: `Bearer ${token}`, origin: 'https://evil.example' }),
  }),
  asksWhoItIs('from the origin of the client', {
    headers: (token, side) => ({ authorization: `Bearer ${token}`, origin: new URL(callback(side)).origin }),
  }),
  asksWhoItIs('from another origin without a token', { headers: () => ({ origin: 'https://evil.example' }) }),
  ...['email', 'openid email', 'orders:read', 'x"y', ''].map((scope) =>
    asksWhoItIs(`with the scope ${JSON.stringify(scope)}`, {
      suffix: () => `?scope=${encodeURIComponent(scope)}`,
    }),
  ),
  posts('with a scope in the form', { form: () => ({ scope: 'openid email' }) }),
  posts('with a scope twice', {
    form: () => [
      ['scope', 'openid'],
      ['scope', 'email'],
    ],
  }),
  asksWhoItIs('with a scope twice in the query', { suffix: () => '?scope=openid&scope=email' }),
];

const boundToken = async (side: Side) => {
  const { id } = await bound(side, key, 'plain');
  return side.world.seal({ grantId: id, aud: undefined, scope: 'openid email', jkt: key.thumbprint });
};
const ath = (token: string) => createHash('sha256').update(token).digest('base64url');

type Proving = (side: Side, token: string) => ProofChanges;
const proves = (
  name: string,
  change: Proving = () => ({}),
  { by = key, scheme = 'DPoP', method = 'GET', token = boundToken, times = 1 } = {},
): Case => ({
  name: `userinfo with a proof ${name}`,
  run: async (side) => {
    const shown = await token(side);
    const { claims, ...changes } = change(side, shown);
    const usual = { ...here(side, '/userinfo'), htm: method, ath: ath(shown) };
    const all = typeof claims === 'string' ? claims : { ...usual, ...claims };
    const headers = {
      authorization: `${scheme} ${shown}`,
      dpop: aProof(side, by, { ...changes, claims: all }),
    };
    const none = method === 'GET' ? { 'content-type': undefined, 'content-length': undefined } : {};
    for (let turn = 0; turn < times; turn += 1)
      await side.post('/userinfo', '', { ...none, ...headers }, method);
  },
});
const claims = (members: Record<string, unknown>) => () => ({ claims: members });

/** Userinfo of tokens that are bound to a key (RFC 9449 §7). */
const provers: readonly Case[] = [
  proves('that is right'),
  proves('that is right, by POST', undefined, { method: 'POST' }),
  proves('shown twice', undefined, { times: 2 }),
  proves('under the scheme Bearer', undefined, { scheme: 'Bearer' }),
  proves('under the scheme in small letters', undefined, { scheme: 'dpop' }),
  proves('of another key', undefined, { by: otherKey }),
  proves('of a key that is not for this', undefined, { by: aKey('RS256') }),
  proves('of a token that is not bound', undefined, { token: userinfoToken }),
  proves('of a token that nobody made', undefined, { token: async () => 'nothing' }),
  proves('without the hash of the token', claims({ ath: undefined })),
  proves('with the hash of another token', claims({ ath: ath('x') })),
  proves('for another method', claims({ htm: 'POST' })),
  proves('for another address', claims({ htu: 'https://elsewhere.test/userinfo' })),
  proves('for the token endpoint', (side) => ({ claims: here(side, '/token') })),
  proves('for the address with a query', (side) => ({ claims: here(side, '/userinfo?x=1#y') })),
  proves('of long ago', (side) => ({ claims: { iat: seconds(side) - 310 } })),
  proves('of some minutes ago', (side) => ({ claims: { iat: seconds(side) - 280 } })),
  proves('of some minutes ahead', (side) => ({ claims: { iat: seconds(side) + 280 } })),
  proves('with a nonce of nobody', claims({ nonce: 'x'.repeat(43) })),
  proves('with a nonce that is a number', claims({ nonce: 7 })),
  proves('without a jti', claims({ jti: undefined })),
  proves('without an iat', claims({ iat: undefined })),
  proves('of another type', () => ({ header: { typ: 'JWT' } })),
  proves('that somebody else signed', () => ({ by: otherKey })),
  asksWhoItIs('of a bound token without a proof', { token: boundToken }),
  asksWhoItIs('of a bound token without a proof, under its scheme', {
    token: boundToken,
    headers: (token) => ({ authorization: `DPoP ${token}` }),
  }),
  asksWhoItIs('of a bound token with an empty proof', {
    token: boundToken,
    headers: (token) => ({ authorization: `DPoP ${token}`, dpop: '' }),
  }),
  asksWhoItIs('of a bound token with a proof that is none', {
    token: boundToken,
    headers: (token) => ({ authorization: `DPoP ${token}`, dpop: 'x.y.z' }),
  }),
  posts('of a bound token in the form', {
    token: boundToken,
    headers: (_, side) => ({ dpop: aProof(side, key) }),
    form: (access_token) => ({ access_token }),
  }),
  {
    name: 'userinfo with a proof with the nonce of the last response',
    run: async (side) => {
      const token = await boundToken(side);
      let nonce: unknown;
      for (let turn = 0; turn < 2; turn += 1) {
        const iat = nonce === undefined ? seconds(side) : seconds(side) - 4000;
        const claimed = { ...here(side, '/userinfo'), htm: 'GET', ath: ath(token), iat, nonce };
        const headers = { authorization: `DPoP ${token}`, dpop: aProof(side, key, { claims: claimed }) };
        const none = { 'content-type': undefined, 'content-length': undefined };
        const reply = await side.post('/userinfo', '', { ...none, ...headers }, 'GET');
        nonce = reply.headers['dpop-nonce'];
      }
    },
  },
];

/** Requests to the pushed authorization request, device authorization and userinfo endpoints. */
export const authorizations: readonly Case[] = [
  ...contents,
  ...pushedProofs,
  ...asserted,
  ...bearers,
  ...provers,
];
