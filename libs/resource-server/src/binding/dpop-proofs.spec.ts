import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, type JWK, type JWTPayload, SignJWT } from 'jose';
import { proofTolerance } from '../dpop/index.js';
import { DpopProofs } from './dpop-proofs.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = publicKey.export({ format: 'jwk' });
const token = 'cfw_at_something';
const at = 1_700_000_000;
const url = new URL('https://api.example.com/orders/1?page=2');
const ath = createHash('sha256').update(token).digest('base64url');
let keyThumbprint: string;
let count = 0;

beforeAll(async () => {
  keyThumbprint = await calculateJwkThumbprint(jwk as JWK);
});

const prove = (claims: JWTPayload = {}, header: Record<string, unknown> = {}, key: KeyObject = privateKey) =>
  new SignJWT({
    htm: 'GET',
    htu: 'https://api.example.com/orders/1',
    iat: at,
    jti: `proof-${count++}`,
    ath,
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
    .sign(key);

describe('a proof of possession (RFC 9449 §4.3)', () => {
  const proofs = new DpopProofs('secret');
  const faultOf = (proof: string, now = at, of = url) =>
    proofs.faultOf(proof, { method: 'GET', url: of, token, keyThumbprint }, now * 1000);

  it('passes once, for as long as it could be accepted', async () => {
    const early = await prove({ iat: at + proofTolerance.future });
    expect(faultOf(early)).toBeUndefined();
    expect(faultOf(early)).toBe('used');
    expect(faultOf(early, at + proofTolerance.future + proofTolerance.past)).toBe('used');
  });

  it('passes while fewer are remembered than may be, and one more is refused until some have expired', async () => {
    const few = new DpopProofs('secret', 2);
    const show = (proof: string, now: number) =>
      few.faultOf(proof, { method: 'GET', url, token, keyThumbprint }, now * 1000);
    expect([show(await prove(), at), show(await prove(), at + 1)]).toEqual([undefined, undefined]);
    const third = await prove();
    expect(show(third, at + 2)).toBe('used');
    const over = at + proofTolerance.past + proofTolerance.future + 1;
    expect(show(await prove({ iat: over }), over)).toBeUndefined();
    expect(show(await prove({ iat: over }), over)).toBe('used');
  });

  it.each([
    [-proofTolerance.past, undefined],
    [-proofTolerance.past - 1, 'not_recent'],
    [-65, undefined],
    [6, undefined],
    [10, undefined],
    [proofTolerance.future, undefined],
    [proofTolerance.future + 1, 'not_recent'],
    [61, 'not_recent'],
  ])('made %i seconds from now is %s', async (away, fault) =>
    expect(faultOf(await prove({ iat: at + away }))).toBe(fault),
  );

  it.each([
    [{ htm: 'POST' }, 'of_other_request'],
    [{ htu: 'https://api.example.com/orders/2' }, 'of_other_request'],
    [{ htu: 'https://evil.example.com/orders/1' }, 'of_other_request'],
    [{ htu: 'http://api.example.com/orders/1' }, 'of_other_request'],
    [{ htu: 'https://api.example.com/Orders/1' }, 'of_other_request'],
    [{ htu: 'https://api.example.com/orders%2F1' }, 'of_other_request'],
    [{ htu: 7 }, 'of_other_request'],
    [{ htu: 'HTTPS://API.example.com:443/orders/1?x=1#y' }, undefined],
    [{ htu: 'https://api.example.com/%6frders/%31' }, undefined],
    [{ ath: 'other' }, 'of_other_token'],
    [{ jti: '' }, 'malformed'],
    [{ iat: 'now' as never }, 'malformed'],
    [{ nonce: 'of nobody' }, 'nonce_unknown'],
    [{ nonce: 7 }, 'nonce_unknown'],
  ])('with %j is %s', async (claims, fault) =>
    expect(faultOf(await prove(claims as JWTPayload))).toBe(fault),
  );

  it.each([
    ['https://api.example.com/~u/%C3%A4', 'https://api.example.com/%7Eu/%c3%a4'],
    ['https://api.example.com/%7Eu', 'https://api.example.com/~u'],
    ['https://api.example.com/', 'https://api.example.com'],
  ])('is for %s in every spelling that RFC 3986 §6.2 takes for the same: %s', async (of, htu) =>
    expect(faultOf(await prove({ htu }), at, new URL(of))).toBeUndefined(),
  );

  it('needs its type, a public key, an asymmetric algorithm and a signature', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(faultOf(await prove({}, { typ: 'JWT' }))).toBe('malformed');
    expect(faultOf(await prove({}, { jwk: privateKey.export({ format: 'jwk' }) }))).toBe('malformed');
    expect(faultOf(await prove({}, { jwk: other.publicKey.export({ format: 'jwk' }) }))).toBe('malformed');
    expect(faultOf(`${(await prove()).split('.').slice(0, 2).join('.')}.`)).toBe('malformed');
    expect(faultOf('x'.repeat(5_000))).toBe('malformed');
    const foreign = await prove({}, { jwk: other.publicKey.export({ format: 'jwk' }) }, other.privateKey);
    expect(faultOf(foreign)).toBe('of_other_key');
  });

  it('may carry a nonce instead of the right time, of any process with the same secret, while it is recent', async () => {
    const nonce = new DpopProofs('secret').nonce(at * 1000);
    expect(faultOf(await prove({ nonce, iat: at - 86_400 }))).toBeUndefined();
    expect(faultOf(await prove({ nonce, iat: at + 86_400 }))).toBeUndefined();
    expect(faultOf(await prove({ nonce }), at + 119)).toBeUndefined();
    expect(faultOf(await prove({ nonce }), at + 240)).toBe('nonce_unknown');
    expect(faultOf(await prove({ nonce: new DpopProofs('other').nonce(at * 1000) }))).toBe('nonce_unknown');
    expect(faultOf(await prove({ nonce: new DpopProofs().nonce(at * 1000) }))).toBe('nonce_unknown');
    const once = await prove({ nonce });
    expect([faultOf(once), faultOf(once)]).toEqual([undefined, 'used']);
  });
});
