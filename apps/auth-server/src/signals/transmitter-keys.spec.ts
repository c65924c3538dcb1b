import type { Transmitter } from '@curfew/events/transmitters';
import { readJws } from '@curfew/resource-server/jws';
import { instant, plus, seconds } from '@curfew/session-policy';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { KeyNotYetKnown, KeysUnavailable, TransmitterKeys } from './transmitter-keys.js';

const now = instant(1_800_000_000_000);
const later = (length: number) => plus(now, seconds(length));
const address = 'https://there.example.test/jwks';
const transmitter = { issuer: 'https://there.example.test', jwksUri: address } as Transmitter;

/** A transmitter whose address of keys may fail. */
async function published() {
  let [kid, pair] = ['one', await generateKeyPair('ES256')];
  const answer = { status: 200 };
  const keys = new TransmitterKeys(
    async () => {
      if (answer.status !== 200) return new Response('', answer);
      const jwk = { ...(await exportJWK(pair.publicKey)), kid, use: 'sig' };
      return Response.json({ keys: [jwk] }, { headers: { 'cache-control': 'max-age=600' } });
    },
    () => null,
    2,
  );
  const signed = async (header: object = {}) =>
    readJws(
      await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid, ...header }).sign(pair.privateKey),
    )!;
  const roll = async (name: string) => {
    [kid, pair] = [name, await generateKeyPair('ES256')];
  };
  return { keys, answer, signed, roll };
}

describe('the keys of a transmitter', () => {
  it('say nothing of a token whose key may have been published since they were fetched', async () => {
    const { keys, signed, roll } = await published();
    const old = await signed();
    expect(await keys.verifies(transmitter, old, now)).toBe(true);
    await roll('two');
    const token = await signed();
    await expect(keys.verifies(transmitter, token, later(5))).rejects.toThrow(KeyNotYetKnown);
    // Fetched anew, they do.
    expect(await keys.verifies(transmitter, token, later(10))).toBe(true);
    expect(await keys.verifies(transmitter, old, later(20))).toBe(false);
  });

  it('say nothing of one by a new key while their address fails, and tell the others right and wrong', async () => {
    const { keys, answer, signed, roll } = await published();
    const old = await signed();
    expect(await keys.verifies(transmitter, old, now)).toBe(true);
    await roll('two');
    const [token, forged] = [await signed(), await signed({ kid: 'one' })];
    answer.status = 503;
    await expect(keys.verifies(transmitter, token, later(600))).rejects.toThrow(KeyNotYetKnown);
    expect(await keys.verifies(transmitter, old, later(601))).toBe(true);
    expect(await keys.verifies(transmitter, forged, later(602))).toBe(false);
    answer.status = 200;
    expect(await keys.verifies(transmitter, token, later(620))).toBe(true);
  });

  it('say nothing of any token where none are at hand, but for one that no key could have signed', async () => {
    const { keys, answer, signed } = await published();
    answer.status = 503;
    const { header, ...rest } = await signed();
    for (const alg of ['none', 'HS256', 'toString'])
      expect(await keys.verifies(transmitter, { ...rest, header: { ...header, alg } }, now)).toBe(false);
    const outcome = keys.verifies(transmitter, await signed(), now);
    await expect(outcome).rejects.toThrow(KeysUnavailable);
    await expect(outcome).rejects.not.toThrow(KeyNotYetKnown);
  });
});
