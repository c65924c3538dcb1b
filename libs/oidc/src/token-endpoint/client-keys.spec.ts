import { generateKeyPairSync } from 'node:crypto';
import type { KnownClient } from '@curfew/clients';
import { instant, plus, seconds } from '@curfew/session-policy';
import { SignJWT } from 'jose';
import { ClientKeys } from './client-keys.js';
import { readJws } from './jws.js';

const now = instant(1_800_000_000_000);
const later = (length: number) => plus(now, seconds(length));

/** A client that publishes its key, which may be replaced. */
class Publisher {
  asked = 0;
  #pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  constructor(readonly address: string) {}

  get client(): KnownClient {
    return { metadata: { jwks_uri: this.address } } as unknown as KnownClient;
  }

  roll(): void {
    this.#pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  }

  async signed() {
    const text = await new SignJWT({}).setProtectedHeader({ alg: 'ES256' }).sign(this.#pair.privateKey);
    return readJws(text)!;
  }

  answer(): Response {
    this.asked += 1;
    return Response.json({ keys: [this.#pair.publicKey.export({ format: 'jwk' })] });
  }
}

const published = (...publishers: readonly Publisher[]) =>
  new ClientKeys(async (url) => publishers.find(({ address }) => address === String(url))!.answer(), 2);

describe('published keys of clients', () => {
  it('are fetched once for all who wait for them, and again when they may have changed', async () => {
    const publisher = new Publisher('https://a.test/jwks');
    const keys = published(publisher);
    const jws = await publisher.signed();
    const verdicts = [1, 2, 3].map(() => keys.verifies(publisher.client, jws, now));
    expect(await Promise.all(verdicts)).toEqual([true, true, true]);
    expect(publisher.asked).toBe(1);
    publisher.roll();
    const next = await publisher.signed();
    // A signature that no key made is no reason to ask again at once.
    expect(await keys.verifies(publisher.client, next, later(59))).toBe(false);
    expect(publisher.asked).toBe(1);
    expect(await keys.verifies(publisher.client, next, later(60))).toBe(true);
    expect(await keys.verifies(publisher.client, jws, later(61))).toBe(false);
  });

  it('are kept of a number of clients; one more takes the place of the one that was asked for longest ago', async () => {
    const publishers = ['a', 'b', 'c'].map((name) => new Publisher(`https://${name}.test/jwks`));
    const keys = published(...publishers);
    for (const publisher of [...publishers, publishers[2]!, publishers[0]!])
      expect(await keys.verifies(publisher.client, await publisher.signed(), now)).toBe(true);
    expect(publishers.map(({ asked }) => asked)).toEqual([2, 1, 1]);
  });

  it.each([
    ['a status that is no success', () => new Response('', { status: 404 })],
    ['no JSON', () => new Response('{')],
    ['no keys', () => Response.json({})],
    ['more than is read', () => new Response(' '.repeat(70_000))],
  ])('that cannot be had prove nothing: %s', async (_, answer) => {
    const publisher = new Publisher('https://a.test/jwks');
    const keys = new ClientKeys(async () => answer());
    await expect(keys.verifies(publisher.client, await publisher.signed(), now)).rejects.toThrow();
  });
});
