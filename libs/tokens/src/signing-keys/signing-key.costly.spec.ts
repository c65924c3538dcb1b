import { createPublicKey } from 'node:crypto';
import { calculateJwkThumbprint, compactVerify, type JWK } from 'jose';
import { ServiceKeys } from '../sealing.js';
import { PrivateKeySeal } from './private-key-seal.js';
import { SigningKey, signingAlgorithms } from './signing-key.js';

const oldSecret = 'an old key-encryption secret, 32+ bytes';
const newSecret = 'a newer key-encryption secret, 32+ bytes';
const sealUnder = (...secrets: string[]) => new PrivateKeySeal(new ServiceKeys(secrets));

async function signed(key: SigningKey): Promise<string> {
  const parts = [{ alg: key.alg, kid: key.kid }, { sub: 'alice' }].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const signature = await key.sign(Buffer.from(parts.join('.')));
  return [...parts, Buffer.from(signature).toString('base64url')].join('.');
}

describe.each(signingAlgorithms)('a signing key for %s', (algorithm) => {
  it('signs what others verify with its public JWK', async () => {
    const key = await SigningKey.generate(algorithm);
    const publicKey = createPublicKey({ key: key.publicJwk, format: 'jwk' });
    await expect(compactVerify(await signed(key), publicKey)).resolves.toBeDefined();
  });

  it('shows no private member in its public JWK, and is named by its thumbprint (RFC 7638)', async () => {
    const { publicJwk, kid } = await SigningKey.generate(algorithm);
    for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(publicJwk).not.toHaveProperty(name);
    expect(publicJwk).toMatchObject({ alg: algorithm, use: 'sig', kid });
    expect(kid).toBe(await calculateJwkThumbprint(publicJwk as JWK));
  });

  it('is the same key after it was exported, sealed, opened and read', async () => {
    const key = await SigningKey.generate(algorithm);
    const seal = sealUnder(newSecret);
    const opened = seal.open(seal.close(key.exportPrivate(), key.kid), key.kid);
    expect(SigningKey.fromPrivate(opened!.content, algorithm).publicJwk).toEqual(key.publicJwk);
  });
});

describe('the seal of private keys', () => {
  const content = Buffer.from('private key');

  it('opens what an older secret sealed and says that it is outdated', () => {
    const sealed = sealUnder(oldSecret).close(content, 'k1');
    expect(sealUnder(newSecret, oldSecret).open(sealed, 'k1')).toEqual({ content, outdated: true });
    expect(sealUnder(oldSecret, newSecret).open(sealed, 'k1')).toEqual({ content, outdated: false });
  });

  it('does not open without the secret it was sealed under', () => {
    expect(sealUnder(newSecret).open(sealUnder(oldSecret).close(content, 'k1'), 'k1')).toBeUndefined();
  });

  it('does not open beside another kid, altered, cut short or empty', () => {
    const seal = sealUnder(newSecret);
    const sealed = seal.close(content, 'k1');
    const altered = Buffer.from(sealed);
    altered[altered.length - 1]! ^= 1;
    expect(seal.open(sealed, 'k2')).toBeUndefined();
    for (const bytes of [altered, sealed.subarray(0, -1), sealed.subarray(0, 20), Buffer.alloc(0)])
      expect(seal.open(bytes, 'k1')).toBeUndefined();
  });

  it('tells secrets apart even if their one-byte ids collide', () => {
    const byId = new Map<number, string>();
    for (let n = 0; ; n += 1) {
      const secret = `secret number ${n} of at least 32 bytes`;
      const { id } = new ServiceKeys([secret]).derive('x')[0]!;
      const twin = byId.get(id);
      if (twin) {
        const sealed = sealUnder(twin).close(content, 'k1');
        expect(sealUnder(secret, twin).open(sealed, 'k1')).toEqual({ content, outdated: true });
        return;
      }
      byId.set(id, secret);
    }
  });

  it('never writes the same bytes twice, and never the key itself', () => {
    const seal = sealUnder(newSecret);
    expect(seal.close(content, 'k1').equals(seal.close(content, 'k1'))).toBe(false);
    expect(seal.close(content, 'k1').includes(content)).toBe(false);
  });
});
