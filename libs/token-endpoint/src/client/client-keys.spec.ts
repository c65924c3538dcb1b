import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { KnownClient } from '@curfew/clients';
import { readJws } from '@curfew/resource-server/jws';
import { instant, plus, seconds } from '@curfew/session-policy';
import { SignJWT } from 'jose';
import { ClientKeys } from './client-keys.js';

const now = instant(1_800_000_000_000);
const later = (length: number) => plus(now, seconds(length));

/** A client that publishes its key, which may be replaced. */
class Publisher {
  asked = 0;
  /** The response of the address in place of the keys. */
  failure: (() => Response) | undefined;
  headers: Record<string, string> = {};
  /** The name of its key, which its signatures state. */
  kid: string | undefined;
  #pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
  });

  constructor(readonly address: string) {}

  get client(): KnownClient {
    return { metadata: { jwks_uri: this.address } } as unknown as KnownClient;
  }

  roll(): void {
    this.#pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  }

  /** Signs and publishes with this pair from now on. */
  use(pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }): void {
    this.#pair = pair;
  }

  async signed(header: Record<string, unknown> = {}) {
    const text = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', ...(this.kid === undefined ? {} : { kid: this.kid }), ...header })
      .sign(this.#pair.privateKey, { crit: { known: true } });
    return readJws(text)!;
  }

  answer(): Response {
    this.asked += 1;
    const named = this.kid === undefined ? {} : { kid: this.kid };
    const keys = [{ ...this.#pair.publicKey.export({ format: 'jwk' }), ...named }];
    return this.failure?.() ?? Response.json({ keys }, { headers: this.headers });
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

  it('say what they lack: nothing beside the key that is named, or once they were asked for since the signature came', async () => {
    const publisher = new Publisher('https://a.test/jwks');
    publisher.kid = 'one';
    const keys = published(publisher);
    const known = await publisher.signed();
    const other = await publisher.signed({ kid: 'two' });
    const missing = (jws: typeof known, cameAt: number) =>
      keys.missing(publisher.address, jws, later(cameAt));
    expect(missing(known, 0)).toBe('any_key');
    expect(await keys.verifies(publisher.client, known, now)).toBe(true);
    expect([missing(known, 1), missing(other, 0), missing(other, 1)]).toEqual([
      'nothing',
      'nothing',
      'this_key',
    ]);
    // The keys of an address that fails are those of an earlier answer.
    publisher.failure = () => new Response('', { status: 500 });
    expect(await keys.verifies(publisher.client, other, later(60))).toBe(false);
    expect([missing(other, 60), missing(known, 60)]).toEqual(['this_key', 'nothing']);
  });

  it('are kept of a number of clients; one more takes the place of the one that was asked for longest ago', async () => {
    const publishers = ['a', 'b', 'c'].map((name) => new Publisher(`https://${name}.test/jwks`));
    const keys = published(...publishers);
    for (const publisher of [...publishers, publishers[2]!, publishers[0]!])
      expect(await keys.verifies(publisher.client, await publisher.signed(), now)).toBe(true);
    expect(publishers.map(({ asked }) => asked)).toEqual([2, 1, 1]);
  });

  it.each([
    ['for a minute, where the address says nothing', {}, 60],
    ['for an hour, where it says a year', { 'cache-control': 'max-age=31536000' }, 3_600],
    [
      'for a minute, where it says that they are old at once, and tomorrow for those who know no better',
      { 'cache-control': 'max-age=0', expires: new Date(now + 86_400_000).toUTCString() },
      60,
    ],
    [
      'for an hour, where it says no number of seconds',
      { 'cache-control': `max-age=${'9'.repeat(400)}` },
      3_600,
    ],
  ])('prove nothing once they are withdrawn: they are kept %s', async (_, headers, kept) => {
    const publisher = new Publisher('https://a.test/jwks');
    publisher.headers = headers;
    const keys = published(publisher);
    const withdrawn = await publisher.signed();
    expect(await keys.verifies(publisher.client, withdrawn, now)).toBe(true);
    publisher.roll();
    expect(await keys.verifies(publisher.client, withdrawn, later(kept - 1))).toBe(true);
    expect(await keys.verifies(publisher.client, withdrawn, later(kept))).toBe(false);
  });

  it('are asked for before they have to be, where a signature names one that is not among them (OpenID Connect Core §10.1.1)', async () => {
    const publisher = new Publisher('https://a.test/jwks');
    publisher.headers = { 'cache-control': 'max-age=3600' };
    publisher.kid = 'one';
    const keys = published(publisher);
    const before = await publisher.signed();
    expect(await keys.verifies(publisher.client, before, now)).toBe(true);
    publisher.roll();
    publisher.kid = 'two';
    const after = await publisher.signed();
    expect(await keys.verifies(publisher.client, after, later(300))).toBe(true);
    expect(publisher.asked).toBe(2);
    // The key that was replaced proves nothing from then on.
    expect(await keys.verifies(publisher.client, before, later(301))).toBe(false);
  });

  it('are asked for once in ten seconds at most, whatever keys signatures name, by however many at once', async () => {
    const publisher = new Publisher('https://a.test/jwks');
    publisher.headers = { 'cache-control': 'max-age=3600' };
    publisher.kid = 'one';
    const keys = published(publisher);
    const right = await publisher.signed();
    const unknown = await Promise.all(
      Array.from({ length: 20 }, (_, at) => publisher.signed({ kid: `${at}` })),
    );
    const verdicts = (at: number) =>
      Promise.all(unknown.map((jws) => keys.verifies(publisher.client, jws, later(at))));
    expect(await keys.verifies(publisher.client, right, now)).toBe(true);
    for (const at of [0, 9, 10, 11, 19, 20]) expect(await verdicts(at)).not.toContain(true);
    expect(publisher.asked).toBe(3);
    // One that is known asks for nothing, and neither does a wrong signature by it.
    const other = new Publisher('https://other.test/jwks');
    other.kid = 'one';
    expect(await keys.verifies(publisher.client, await other.signed(), later(60))).toBe(false);
    expect(await keys.verifies(publisher.client, right, later(60))).toBe(true);
    expect(publisher.asked).toBe(3);
  });

  it('stay as they were where they are asked for early and the address fails, and are not told to be at hand', async () => {
    const publisher = new Publisher('https://a.test/jwks');
    publisher.headers = { 'cache-control': 'max-age=3600' };
    publisher.kid = 'one';
    const keys = published(publisher);
    const known = await publisher.signed();
    expect(await keys.verifies(publisher.client, known, now)).toBe(true);
    publisher.failure = () => new Response('', { status: 503 });
    const next = await publisher.signed({ kid: 'two' });
    expect(await keys.verifies(publisher.client, next, later(100))).toBe(false);
    expect([publisher.asked, keys.hasAny(publisher.address)]).toEqual([2, false]);
    expect(await keys.verifies(publisher.client, known, later(3_599))).toBe(true);
    expect(publisher.asked).toBe(2);
    publisher.failure = undefined;
    expect(await keys.verifies(publisher.client, known, later(3_600))).toBe(true);
    expect([publisher.asked, keys.hasAny(publisher.address)]).toEqual([3, true]);
  });

  it('stand in for an hour for those of an address that fails, and then prove nothing', async () => {
    const publisher = new Publisher('https://a.test/jwks');
    const keys = published(publisher);
    const jws = await publisher.signed();
    expect(await keys.verifies(publisher.client, jws, now)).toBe(true);
    publisher.failure = () => new Response('', { status: 503 });
    expect(await keys.verifies(publisher.client, jws, later(60))).toBe(true);
    expect(await keys.verifies(publisher.client, jws, later(60 + 3_599))).toBe(true);
    expect(await keys.verifies(publisher.client, jws, later(60 + 3_610))).toBe(false);
    publisher.failure = undefined;
    expect(await keys.verifies(publisher.client, jws, later(60 + 3_620))).toBe(true);
  });

  it.each([
    ['a status that is no success', () => new Response('', { status: 404 })],
    ['no JSON', () => new Response('{')],
    ['no keys', () => Response.json({})],
    ['more than is read', () => new Response(' '.repeat(70_000))],
    [
      'no answer',
      () => {
        throw new Error('the connection was refused');
      },
    ],
  ])(
    'that cannot be had prove nothing, and are asked for again only after a while: %s',
    async (_, failure) => {
      const publisher = new Publisher('https://a.test/jwks');
      const keys = published(publisher);
      publisher.failure = failure;
      const jws = await publisher.signed();
      for (const second of [0, 1, 9])
        expect(await keys.verifies(publisher.client, jws, later(second))).toBe(false);
      expect([publisher.asked, keys.hasAny(publisher.address)]).toEqual([1, false]);
      publisher.failure = undefined;
      expect(await keys.verifies(publisher.client, jws, later(10))).toBe(true);
      expect(keys.hasAny(publisher.address)).toBe(true);
    },
  );

  it('prove nothing where the signature insists on an extension (RFC 7515 §4.1.11)', async () => {
    const publisher = new Publisher('https://a.test/jwks');
    const keys = published(publisher);
    const verdict = async (header: Record<string, unknown>) =>
      keys.verifies(publisher.client, await publisher.signed(header), now);
    expect(await verdict({ known: 1 })).toBe(true);
    expect(await verdict({ known: 1, crit: ['known'] })).toBe(false);
  });

  it.each([
    [1024, 'RS256', false],
    [2048, 'RS256', true],
    [1024, 'PS256', false],
    [2048, 'PS256', true],
  ])(
    'of RSA with %d bits, for %s, prove something: %s (RFC 7518 §3.3)',
    async (modulusLength, alg, proves) => {
      const publisher = new Publisher('https://a.test/jwks');
      const pair = rsaOf(modulusLength);
      publisher.use(pair);
      const text = `${encode({ alg })}.${encode({})}`;
      const padding = alg === 'PS256' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {};
      const signature = sign('sha256', Buffer.from(text), { key: pair.privateKey, ...padding });
      const jws = readJws(`${text}.${signature.toString('base64url')}`)!;
      expect(await published(publisher).verifies(publisher.client, jws, now)).toBe(proves);
    },
  );
});

/** A pair of each length: one of 2048 bits takes as long as a hundred other tests. */
const rsaPairs = new Map<number, { readonly publicKey: KeyObject; readonly privateKey: KeyObject }>();
function rsaOf(modulusLength: number) {
  const pair = rsaPairs.get(modulusLength) ?? generateKeyPairSync('rsa', { modulusLength });
  rsaPairs.set(modulusLength, pair);
  return pair;
}

const encode = (members: object) => Buffer.from(JSON.stringify(members)).toString('base64url');
