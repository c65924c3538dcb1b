import { generateKeyPairSync } from 'node:crypto';
import { RemoteKeySet } from './key-set.js';

const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });

describe('the key set of an authorization server', () => {
  it.each([
    [100, true],
    [101, false],
  ])('is read to its hundredth key: the last of %d is known: %s', async (count, isKnown) => {
    const keys = Array.from({ length: count }, (_, n) => ({ ...jwk, kid: `key ${n + 1}`, alg: 'ES256' }));
    const set = new RemoteKeySet(async () => ({ keys }));
    expect(await set.find('key 100', 'ES256')).toBeDefined();
    expect((await set.find(`key ${count}`, 'ES256')) !== undefined).toBe(isKnown);
  });
});
