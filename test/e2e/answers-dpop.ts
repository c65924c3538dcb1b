import { sign } from 'node:crypto';
import type { Case } from './answers-forms.js';
import { aKey, aProof, bound, type ProofChanges, type ProofKey } from './answers-proofs.js';
import { basic, type Side } from './answers-side.js';
import { ledger, orders, type TestClient } from './protocol-world.js';

const key = aKey();
const otherKey = aKey();
const edwards = aKey('EdDSA');
const spa = (side: Side): TestClient => side.world.protocol.clients.spa;
const seconds = (side: Side) => Math.floor(side.world.clock.now() / 1000);
const b64 = (value: string | Buffer) => Buffer.from(value).toString('base64url');
const json = (value: unknown) => b64(JSON.stringify(value));

const shown = (side: Side, token: string, dpop: string | undefined, extra: Record<string, string> = {}) =>
  side.refresh(token, extra, spa(side), { dpop });

type Spoil = (side: Side) => ProofChanges;
const claims = (members: Record<string, unknown>) => () => ({ claims: members });
const header = (members: Record<string, unknown>) => () => ({ header: members });
const jwk = (members: Record<string, unknown>) => header({ jwk: { ...key.jwk, ...members } });
const htu = (make: (issuer: URL) => unknown) => (side: Side) => ({
  claims: { htu: make(new URL(side.world.protocol.issuer)) },
});
const iat = (make: (now: number) => unknown) => (side: Side) => ({ claims: { iat: make(seconds(side)) } });

/** Proofs that are right. */
const right: Readonly<Record<string, Spoil>> = {
  'nothing special': () => ({}),
  'an htu with a query and a fragment': htu(({ origin }) => `${origin}/token?x=1#y`),
  'an htu with its host in capitals': htu(({ host }) => `HTTP://${host.toUpperCase()}/token`),
  'an htu with steps in it': htu(({ origin }) => `${origin}/x/../token`),
  'an htu with a blank around it': htu(({ origin }) => ` ${origin}/token `),
  'an iat of some minutes ago': iat((now) => now - 280),
  'an iat in some seconds': iat((now) => now + 20),
  'a very long jti': () => ({ claims: { jti: `${'x'.repeat(2000)}${Math.random()}` } }),
  'a jti with escapes': () => ({ claims: { jti: `"\\\0\n\t${Math.random()}` } }),
  'the hash of an access token': claims({ ath: 'x'.repeat(43) }),
  'more claims': claims({ aud: ['x'], sub: 7, more: { than: ['usual'] } }),
};
/** Proofs that are unusual, or wrong. */
const others: Readonly<Record<string, Spoil>> = {
  'an htu of another path': htu(({ origin }) => `${origin}/revocation`),
  'an htu of another host': htu(() => 'https://elsewhere.test/token'),
  'an htu of another scheme': htu(({ host }) => `https://${host}/token`),
  'an htu of another port': htu(({ hostname }) => `http://${hostname}:1/token`),
  'an htu with a slash at the end': htu(({ origin }) => `${origin}/token/`),
  'an htu with somebody’s name': htu(({ host }) => `http://me:x@${host}/token`),
  'an htu with a percent sign': htu(({ origin }) => `${origin}/%74oken`),
  'an htu without a host': htu(() => '/token'),
  'an htu that is no URL': htu(() => 'token'),
  'an htu that is a list': htu(({ origin }) => [`${origin}/token`]),
  'an htu that is a number': htu(() => 7),
  'an empty htu': htu(() => ''),
  'no htu': htu(() => undefined),
  'the htm GET': claims({ htm: 'GET' }),
  'the htm in small letters': claims({ htm: 'post' }),
  'no htm': claims({ htm: undefined }),
  'an old iat': iat((now) => now - 310),
  'an early iat': iat((now) => now + 310),
  'an iat in a minute': iat((now) => now + 70),
  'an iat in some minutes': iat((now) => now + 280),
  'an iat of half a second': iat((now) => now - 0.5),
  'an iat of text': iat((now) => String(now)),
  'an iat beyond all numbers': () => ({ claims: b64('{"jti":"x","htm":"POST","iat":1e999}') }),
  'an iat of zero': claims({ iat: 0 }),
  'an iat of null': claims({ iat: null }),
  'no iat': claims({ iat: undefined }),
  'no jti': claims({ jti: undefined }),
  'an empty jti': claims({ jti: '' }),
  'a jti that is a number': claims({ jti: 7 }),
  'a jti beyond ASCII': () => ({ claims: { jti: `ключ-\u{1f511}${Math.random()}` } }),
  'a nonce of nobody': claims({ nonce: 'x'.repeat(43) }),
  'a short nonce': claims({ nonce: 'x' }),
  'an empty nonce': claims({ nonce: '' }),
  'a nonce of null': claims({ nonce: null }),
  'a nonce that is a number': claims({ nonce: 7 }),
  'an exp that has passed': (side) => ({ claims: { exp: seconds(side) - 100 } }),
  'an exp to come': (side) => ({ claims: { exp: seconds(side) + 100 } }),
  'an exp of text': claims({ exp: 'x' }),
  'an nbf to come': (side) => ({ claims: { nbf: seconds(side) + 100 } }),
  'an nbf that has passed': (side) => ({ claims: { nbf: seconds(side) - 100 } }),
  'claims that are a list': () => ({ claims: json([]) }),
  'claims that are null': () => ({ claims: json(null) }),
  'claims that are no JSON': () => ({ claims: b64('{') }),
  'claims that are not UTF-8': () => ({ claims: b64(Buffer.from([0x7b, 0xff, 0x7d])) }),
  'claims behind a byte order mark': () => ({ claims: b64('\ufeff{}') }),
  'no claims': () => ({ claims: '' }),
  'no typ': header({ typ: undefined }),
  'the typ JWT': header({ typ: 'JWT' }),
  'its typ in capitals': header({ typ: 'DPOP+JWT' }),
  'its typ in full': header({ typ: 'application/dpop+jwt' }),
  'the alg none': header({ alg: 'none' }),
  'the alg HS256': header({ alg: 'HS256' }),
  'the alg of another curve': header({ alg: 'ES384' }),
  'the alg of another key': header({ alg: 'EdDSA' }),
  'an alg by the name of a property': header({ alg: 'constructor' }),
  'no alg': header({ alg: undefined }),
  'a kid': header({ kid: 'x' }),
  'something critical': header({ crit: ['x'], x: 1 }),
  'claims that are not encoded': header({ crit: ['b64'], b64: false }),
  'a place to get the key from': header({ jku: 'https://elsewhere.test/jwks' }),
  'no key': header({ jwk: undefined }),
  'a key of null': header({ jwk: null }),
  'a key that is a list': header({ jwk: [key.jwk] }),
  'a key that is text': header({ jwk: JSON.stringify(key.jwk) }),
  'a secret for a key': header({ alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } }),
  'its private key': () => ({ header: { jwk: key.privateKey.export({ format: 'jwk' }) } }),
  'a key with a kid': jwk({ kid: 'x' }),
  'a key for signatures': jwk({ use: 'sig' }),
  'a key for encryption': jwk({ use: 'enc' }),
  'a key of its alg': jwk({ alg: 'ES256' }),
  'a key of another alg': jwk({ alg: 'ES384' }),
  'a key to verify with': jwk({ key_ops: ['verify'], ext: true }),
  'a key to sign with': jwk({ key_ops: ['sign'] }),
  'a key of another kind': jwk({ kty: 'OKP' }),
  'a key of another curve': jwk({ crv: 'P-384' }),
  'a point beside the curve': jwk({ x: key.jwk['y'], y: key.jwk['x'] }),
  'half a point': jwk({ y: undefined }),
  'a padded point': jwk({ x: `${key.jwk['x']}=` }),
  'a point with a zero before it': jwk({
    x: b64(Buffer.concat([Buffer.of(0), Buffer.from(key.jwk['x']!, 'base64url')])),
  }),
  'a point in its other spelling': jwk({ x: otherSpelling(key.jwk['x']!) }),
  'a header that is a list': () => ({ header: json([]) }),
  'a header that is no JSON': () => ({ header: b64('{') }),
  'no header': () => ({ header: '' }),
  'the signature of another key': () => ({ by: otherKey }),
  'the signature of another kind of key': () => ({ by: edwards }),
};

/** The same bytes, with other bits in the last letter that say nothing. */
function otherSpelling(text: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + letters[letters.indexOf(text.at(-1)!) + 1];
}

const signatureOf = (proof: string) => proof.split('.')[2]!;
const withSignature = (proof: string, signature: string) =>
  `${proof.split('.').slice(0, 2).join('.')}.${signature}`;
const derSigned = (proof: string) => {
  const signed = proof.split('.').slice(0, 2).join('.');
  return `${signed}.${sign('sha256', Buffer.from(signed), key.privateKey).toString('base64url')}`;
};

/** Changes to a right proof as it is sent. */
const sent: Readonly<Record<string, (proof: string) => unknown>> = {
  'in two parts': (proof) => proof.slice(0, proof.lastIndexOf('.')),
  'in four parts': (proof) => `${proof}.x`,
  'with a blank in it': (proof) => proof.replace('.', ' .'),
  'with padding': (proof) => `${proof}==`,
  twice: (proof) => [proof, proof],
  'twice, once empty': (proof) => [proof, ''],
  'twice in one header': (proof) => `${proof}, ${proof}`,
  'after the name of its scheme': (proof) => `DPoP ${proof}`,
  'in quotes': (proof) => `"${proof}"`,
  'as nothing': () => '',
  'as one letter': () => 'x',
  'with half its signature': (proof) => withSignature(proof, signatureOf(proof).slice(0, 43)),
  'without its signature': (proof) => withSignature(proof, ''),
  'with its signature twice': (proof) => withSignature(proof, signatureOf(proof).repeat(2)),
  'with its signature in another encoding': derSigned,
  'with its signature in another spelling': (proof) =>
    withSignature(proof, otherSpelling(signatureOf(proof))),
  'with a signature of zeros': (proof) => withSignature(proof, b64(Buffer.alloc(64))),
};

/** A refresh of a bound session with this proof, and then a right one: nothing wrong uses the token up. */
const withProof = (name: string, make: (side: Side) => unknown): Case => ({
  name: `a bound refresh with a proof ${name}`,
  run: async (side) => {
    const { token } = await bound(side, key);
    const { body } = await shown(side, token, make(side) as string);
    await shown(side, body?.refresh_token ?? token, aProof(side, key));
  },
});

const single: readonly Case[] = [
  ...Object.entries(right).map(([what, spoil]) =>
    withProof(`of ${what}`, (side) => aProof(side, key, spoil(side))),
  ),
  ...Object.entries(others).map(([what, spoil]) =>
    withProof(`of ${what}`, (side) => aProof(side, key, spoil(side))),
  ),
  ...Object.entries(sent).map(([how, send]) => withProof(`sent ${how}`, (side) => send(aProof(side, key)))),
  withProof('longer than usual', (side) => aProof(side, key, { claims: { x: 'x'.repeat(5000) } })),
  withProof('longer than any header may be', (side) =>
    aProof(side, key, { claims: { x: 'x'.repeat(9000) } }),
  ),
  withProof('by another key', (side) => aProof(side, otherKey)),
  withProof('by a key of another kind', (side) => aProof(side, edwards)),
  withProof('by a key that is not for this', (side) => aProof(side, aKey('ES384'))),
  withProof('by a key for RSA', (side) => aProof(side, aKey('RS256'))),
  withProof('that is missing', () => undefined),
];

const bySeveralKeys: readonly Case[] = [edwards, aKey('Ed25519')].map((own) => ({
  name: `a bound refresh with a proof by ${own.alg}`,
  run: async (side) => {
    const { token } = await bound(side, own);
    const { body } = await shown(side, token, aProof(side, own));
    await shown(side, body.refresh_token, aProof(side, own));
  },
}));

const nonces: readonly Case[] = [
  {
    name: 'a bound refresh with the nonce of the last answer',
    run: async (side) => {
      let { token } = await bound(side, key);
      let nonce: unknown;
      for (let turn = 0; turn < 3; turn += 1) {
        const { body, headers } = await shown(side, token, aProof(side, key, { claims: { nonce } }));
        token = body.refresh_token;
        nonce = headers['dpop-nonce'] ?? nonce;
      }
    },
  },
  {
    name: 'a bound refresh with a nonce and an iat of long ago',
    run: async (side) => {
      const { token } = await bound(side, key);
      const { body, headers } = await shown(side, token, aProof(side, key));
      const aged = { nonce: headers['dpop-nonce'], iat: seconds(side) - 86_400 };
      await shown(side, body.refresh_token, aProof(side, key, { claims: aged }));
    },
  },
];

/** A session of this client, with or without a key of its own, and a few proofs by several keys. */
const ofClient = (
  name: string,
  client: (side: Side) => TestClient,
  keys: readonly (ProofKey | undefined)[],
): Case => ({
  name: `an unbound refresh of ${name}, shown with ${keys.map((one) => one?.alg ?? 'nothing').join(', ')}`,
  run: async (side) => {
    const own = client(side);
    let { token } = await side.session('web', () => ({ client_id: own.id }));
    for (const one of keys) {
      const dpop = one && aProof(side, one);
      token = (await side.refresh(token, {}, own, { dpop })).body.refresh_token ?? token;
    }
  },
});

const unbound: readonly Case[] = [
  ofClient('a public client', spa, [key, edwards, undefined, key]),
  ofClient('a client with a secret', ({ web }) => web, [key, edwards, undefined, key]),
  ofClient('a client that must have one', (side) => side.twin('bound'), [key, edwards]),
  ofClient('a client that must have one, once without', (side) => side.twin('bound'), [undefined, key]),
  ofClient('a client that must have a certificate', (side) => side.twin('certified'), [key, undefined]),
  {
    name: 'a refresh of a session whose two bindings differ',
    run: async (side) => {
      const { token } = await bound(side, key, 'spa', { key_thumbprint: otherKey.thumbprint });
      await shown(side, token, aProof(side, key));
      await shown(side, token, aProof(side, otherKey));
    },
  },
];

const again: readonly Case[] = [
  {
    name: 'a proof shown twice, with a token and its successor',
    run: async (side) => {
      const { token } = await bound(side, key);
      const proof = aProof(side, key);
      const { body } = await shown(side, token, proof);
      await shown(side, body.refresh_token, proof);
      await shown(side, body.refresh_token, aProof(side, key));
    },
  },
  {
    name: 'a proof shown twice, with the same token',
    run: async (side) => {
      const { token } = await bound(side, key);
      const proof = aProof(side, key);
      await shown(side, token, proof);
      await shown(side, token, proof);
    },
  },
  {
    name: 'a proof shown twice, with the tokens of two sessions',
    run: async (side) => {
      const [one, two] = [await bound(side, key), await bound(side, key)];
      const proof = aProof(side, key);
      await shown(side, one.token, proof);
      await shown(side, two.token, proof);
      await shown(side, two.token, aProof(side, key));
    },
  },
  {
    name: 'two proofs of one jti',
    run: async (side) => {
      const { token } = await bound(side, key);
      const same = { claims: { jti: `twice by one client` } };
      const { body } = await shown(side, token, aProof(side, key, same));
      await shown(side, body.refresh_token, aProof(side, key, same));
    },
  },
  {
    name: 'one jti in the proofs of two clients',
    run: async (side) => {
      const same = { claims: { jti: `of two clients by one client` } };
      await shown(side, (await bound(side, key)).token, aProof(side, key, same));
      await side.refresh((await side.session('web')).token, {}, side.web, { dpop: aProof(side, key, same) });
    },
  },
  ...(['scope', 'resource', 'token', 'client', 'key'] as const).map((what) => ({
    name: `a proof shown with the wrong ${what}, then again with everything right`,
    run: async (side: Side) => {
      const { token } = await bound(side, key);
      const proof = aProof(side, what === 'key' ? otherKey : key);
      const extra =
        { scope: { scope: 'openid nonsense' }, resource: { resource: ledger } }[what as 'scope'] ?? {};
      if (what === 'client') await side.refresh(token, {}, side.web, { dpop: proof });
      else await shown(side, what === 'token' ? `${token}x` : token, proof, extra);
      await shown(side, token, proof);
      await shown(side, token, aProof(side, key));
    },
  })),
];

const moved = (side: Side, id: string, by: string) =>
  side.world.protocol.database.query(
    `UPDATE session SET rotated_at = rotated_at - interval '${by}' WHERE id = $1`,
    [id],
  );

const retries: readonly Case[] = [
  {
    name: 'a bound refresh tried again, with new proofs',
    run: async (side) => {
      const { token } = await bound(side, key);
      for (let turn = 0; turn < 3; turn += 1) await shown(side, token, aProof(side, key));
    },
  },
  {
    name: 'a bound refresh tried again after the window',
    run: async (side) => {
      const { token, id } = await bound(side, key);
      const { body } = await shown(side, token, aProof(side, key));
      await moved(side, id, '61 s');
      await shown(side, token, aProof(side, key));
      await shown(side, body.refresh_token, aProof(side, key));
    },
  },
  {
    name: 'a bound refresh tried again after the window, with the proof of the first time',
    run: async (side) => {
      const { token, id } = await bound(side, key);
      const proof = aProof(side, key);
      const { body } = await shown(side, token, proof);
      await moved(side, id, '61 s');
      // A caller without a key proves nothing, so this ends no session.
      await shown(side, token, proof);
      await shown(side, body.refresh_token, aProof(side, key));
    },
  },
  {
    name: 'a bound refresh tried again with another key',
    run: async (side) => {
      const { token } = await bound(side, key);
      await shown(side, token, aProof(side, key));
      await shown(side, token, aProof(side, otherKey));
      await shown(side, token, aProof(side, key));
    },
  },
  {
    name: 'a bound refresh of a session that has ended, with one proof twice',
    run: async (side) => {
      const { token } = await bound(side, key, 'spa', {
        ended_at: '2026-01-01T00:00:00Z',
        end_reason: 'logout',
      });
      const proof = aProof(side, key);
      await shown(side, token, proof);
      await shown(side, (await bound(side, key)).token, proof);
    },
  },
  {
    name: 'a bound refresh of a session past a deadline that was written',
    run: async (side) => {
      const { token } = await bound(side, key, 'spa', { expires_at: '2026-01-01T00:00:00Z' });
      await shown(side, token, aProof(side, key));
    },
  },
  {
    name: 'a bound refresh of a token that is kept',
    run: async (side) => {
      const own = side.twin('kept');
      const { token } = await bound(side, key, 'web', { client_id: own.id });
      for (let turn = 0; turn < 2; turn += 1) await side.refresh(token, {}, own, { dpop: aProof(side, key) });
    },
  },
  {
    name: 'a bound refresh of a token that is kept, with one proof twice',
    run: async (side) => {
      const own = side.twin('kept');
      const { token } = await bound(side, key, 'web', { client_id: own.id });
      const dpop = aProof(side, key);
      for (let turn = 0; turn < 2; turn += 1) await side.refresh(token, {}, own, { dpop });
    },
  },
];

const elsewhere: readonly Case[] = [
  ...(['jwt', 'both', 'named', 'plain'] as const).map((template) => ({
    name: `a bound refresh of the sign-in “${template}”`,
    run: async (side: Side) => {
      const { token } = await bound(side, key, template);
      await side.refresh(token, {}, side.web, { dpop: aProof(side, key) });
    },
  })),
  {
    name: 'a bound refresh for less',
    run: async (side) => {
      await shown(side, (await bound(side, key)).token, aProof(side, key), { scope: 'orders:read' });
    },
  },
  {
    name: 'a bound refresh for an API by its name',
    run: async (side) => {
      await shown(side, (await bound(side, key)).token, aProof(side, key), { resource: orders });
    },
  },
  {
    name: 'client credentials with a proof',
    run: async (side) => {
      const form = { grant_type: 'client_credentials' };
      const dpop = aProof(side, key);
      for (const name of ['machine', 'bound-machine', 'machine'] as const)
        await side.post('/token', form, { ...basic(side.twin(name)), dpop });
    },
  },
  {
    name: 'an introspection with a proof',
    run: async (side) => {
      const { id } = await bound(side, key);
      const token = side.world.seal({ grantId: id, jkt: key.thumbprint, clientId: spa(side).id });
      await side.post('/introspection', { token }, { ...basic(side.api), dpop: aProof(side, key) });
      await side.introspect(token);
    },
  },
];

/** Everything about proofs of possession (RFC 9449). */
export const proofs: readonly Case[] = [
  ...single,
  ...bySeveralKeys,
  ...nonces,
  ...unbound,
  ...again,
  ...retries,
  ...elsewhere,
];
