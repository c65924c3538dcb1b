import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, type JWTPayload, SignJWT } from 'jose';
import { DpopProofs, proofLifetime } from './dpop.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = publicKey.export({ format: 'jwk' });
const token = 'cfw_at_something';
const at = 1_700_000_000;
const request = { method: 'GET', url: new URL('https://api.example.com/orders/1?page=2'), token };
const ath = createHash('sha256').update(token).digest('base64url');
let count = 0;

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
  const proofs = new DpopProofs();
  const check = (proof: string, now = at) => proofs.check(proof, request, now * 1000);

  it('names its key', async () =>
    expect(check(await prove())).toBe(await calculateJwkThumbprint(jwk as never)));

  it('passes once', async () => {
    const proof = await prove();
    expect(check(proof)).toBeDefined();
    expect(check(proof)).toBeUndefined();
    expect(check(proof, at + proofLifetime.past)).toBeUndefined();
  });

  it('is not for another method, another URL, another token or another time', async () => {
    expect(check(await prove({ htm: 'POST' }))).toBeUndefined();
    expect(check(await prove({ htu: 'https://api.example.com/orders/2' }))).toBeUndefined();
    expect(check(await prove({ htu: 'https://evil.example.com/orders/1' }))).toBeUndefined();
    expect(check(await prove({ htu: 'https://API.example.com:443/orders/1?x=1#y' }))).toBeDefined();
    expect(check(await prove({ ath: 'other' }))).toBeUndefined();
    expect(check(await prove(), at + proofLifetime.past + 1)).toBeUndefined();
    expect(check(await prove(), at - proofLifetime.future - 1)).toBeUndefined();
  });

  it('needs its type, a public key, an asymmetric algorithm and an id', async () => {
    expect(check(await prove({}, { typ: 'JWT' }))).toBeUndefined();
    expect(check(await prove({}, { jwk: privateKey.export({ format: 'jwk' }) }))).toBeUndefined();
    expect(check(await prove({ jti: '' }))).toBeUndefined();
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
    expect(check(await prove({}, { jwk: other }))).toBeUndefined();
    const unsigned = (await prove()).split('.').slice(0, 2).join('.');
    expect(check(`${unsigned}.`)).toBeUndefined();
    expect(check('x'.repeat(5_000))).toBeUndefined();
  });
});
