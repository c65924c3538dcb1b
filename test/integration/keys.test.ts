import { ManualClock } from '@curfew/clock';
import { DatabaseListener } from '@curfew/persistence';
import { type Actor, seconds } from '@curfew/session-policy';
import { ServiceKeys } from '@curfew/tokens';
import { importJWK, type JWK, jwtVerify } from 'jose';
import Provider, { type Adapter } from 'oidc-provider';
import { signingKeysOf } from '../../libs/oidc/src/hooks/signing-keys.js';
import { KeyStore } from '../../libs/tokens/src/signing-keys/key-store.js';
import { type SigningKey, signingAlgorithms } from '../../libs/tokens/src/signing-keys/signing-key.js';
import { signingKeysChannel } from '../../libs/tokens/src/signing-keys/signing-key.store.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const day = 24 * 60 * 60;
const settings = { rotationAge: seconds(30 * day), publishAhead: seconds(day), keptFor: seconds(2 * day) };
const [oldSecret, newSecret] = [
  'an old key-encryption secret, 32+ bytes',
  'a newer key-encryption secret, 32+ bytes',
];
const operator: Actor = { kind: 'administrator', id: 'ops', ip: null };

let database: TestDatabase;
let clock: ManualClock;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => {
  clock = new ManualClock();
});
afterEach(async () => {
  // Events are appended only, so they stay.
  await database.query('TRUNCATE signing_key');
});
afterAll(() => database.drop());

const aNode = (secrets: readonly string[] = [newSecret!]): KeyStore =>
  new KeyStore(database.prisma({ CURFEW_DATABASE_POOL_SIZE: '2' }), new ServiceKeys(secrets), settings);
const aLoadedNode = async (secrets?: readonly string[]): Promise<KeyStore> => {
  const node = aNode(secrets);
  await node.load(clock.now());
  return node;
};
const kids = (node: KeyStore) => node.publicJwks(clock.now()).keys.map(({ kid }) => kid);
const active = (node: KeyStore) => node.current(clock.now()).activeKids;
/** The recorded steps of a key; those of one instant in the order of a key's life. */
const steps = async (kid: string): Promise<string[]> => {
  const rows = await database.query<{ step: string }>(
    `SELECT data->>'step' AS step FROM event WHERE type = 'key.rotated' AND data->>'kid' = $1
     ORDER BY at, array_position(ARRAY['created', 'activated', 'retired', 'removed'], data->>'step')`,
    [kid],
  );
  return rows.map(({ step }) => step);
};

describe('the signing keys of a new service', () => {
  it('are one for each algorithm, active at once', async () => {
    const node = aNode();
    expect(await node.load(clock.now())).toBe(true);
    expect(node.publicJwks(clock.now()).keys.map(({ alg }) => alg)).toEqual(['ES256', 'EdDSA', 'RS256']);
    expect(Object.keys(active(node))).toEqual([...signingAlgorithms]);
    expect(await node.load(clock.now())).toBe(false);
  });

  it('are the same on all nodes, however many start at once', async () => {
    const nodes = await Promise.all([1, 2, 3, 4].map(() => aLoadedNode()));
    expect(await database.query('SELECT kid FROM signing_key')).toHaveLength(3);
    for (const node of nodes) expect(active(node)).toEqual(active(nodes[0]!));
  });

  it('are asked for only after they were loaded', () => {
    expect(() => aNode().current(clock.now())).toThrow(
      expect.objectContaining({ code: 'signing_keys_not_loaded' }),
    );
  });

  it('leave no private part readable in the database', async () => {
    const node = await aLoadedNode();
    const rows = await database.query<{ private_jwk: Buffer; public_jwk: object }>(
      'SELECT * FROM signing_key',
    );
    const privateKeys = node.current(clock.now()).keys.map((key) => key.exportPrivate());
    for (const { private_jwk, public_jwk } of rows) {
      for (const secret of privateKeys) expect(private_jwk.includes(secret.subarray(-32))).toBe(false);
      expect(Object.keys(public_jwk)).not.toEqual(expect.arrayContaining(['d']));
    }
  });
});

describe('rotation', () => {
  it('by age publishes a successor a day before it signs, signs with it at the age, and drops the old key when nothing it signed lives', async () => {
    const node = await aLoadedNode();
    const first = active(node).ES256!;
    clock.advance(28 * day);
    expect(await node.tick(clock.now())).toBe(false);
    clock.advance(day);
    expect(await node.tick(clock.now())).toBe(true);
    expect([kids(node).length, active(node).ES256]).toEqual([6, first]);
    clock.advance(day - 1);
    expect(await node.tick(clock.now())).toBe(false);
    clock.advance(1);
    expect(await node.tick(clock.now())).toBe(true);
    expect(active(node).ES256).not.toBe(first);
    expect(kids(node)).toContain(first);
    clock.advance(2 * day - 1);
    expect(await node.tick(clock.now())).toBe(false);
    clock.advance(1);
    expect(await node.tick(clock.now())).toBe(true);
    expect(kids(node)).not.toContain(first);
    expect(await database.query('SELECT kid FROM signing_key WHERE kid = $1', [first])).toEqual([]);
    expect(await steps(first)).toEqual(['created', 'activated', 'retired', 'removed']);
  });

  it('by command rotates one algorithm or all, once, however many nodes are told', async () => {
    const nodes = [await aLoadedNode(), await aLoadedNode()];
    await Promise.all(nodes.map((node) => node.rotate(clock.now(), 'RS256', operator)));
    expect(await database.query('SELECT alg FROM signing_key ORDER BY alg')).toEqual(
      ['ES256', 'EdDSA', 'RS256', 'RS256'].map((alg) => ({ alg })),
    );
    expect(await nodes[0]!.rotate(clock.now())).toBe(true);
    expect(kids(nodes[0]!)).toHaveLength(6);
    const [event] = await database.query(
      `SELECT data->'by'->>'id' AS by FROM event WHERE data->>'alg' = 'RS256' AND data->'by'->>'kind' = 'administrator'`,
    );
    expect(event).toEqual({ by: 'ops' });
  });

  it('reaches the other nodes by notification', async () => {
    const [here, there] = [await aLoadedNode(), await aLoadedNode()];
    const heard = new Promise<boolean>((resolve) => {
      const onNotification = () => resolve(there.load(clock.now()));
      listener = new DatabaseListener(
        { url: database.url, through: database.prisma().direct },
        [signingKeysChannel],
        {
          onNotification,
        },
      );
    });
    await listener!.start();
    await here.rotate(clock.now());
    expect(await heard).toBe(true);
    expect(kids(there)).toEqual(kids(here));
    await listener!.stop();
  });
  let listener: DatabaseListener | undefined;

  it('records each step once, though every node sees the clock pass it', async () => {
    const nodes = [await aLoadedNode(), await aLoadedNode(), await aLoadedNode()];
    const first = active(nodes[0]!).EdDSA!;
    await nodes[0]!.rotate(clock.now());
    clock.advance(day);
    await Promise.all(nodes.map((node) => node.tick(clock.now())));
    await Promise.all(nodes.map((node) => node.tick(clock.now())));
    expect(await steps(first)).toEqual(['created', 'activated', 'retired']);
    expect(await steps(active(nodes[1]!).EdDSA!)).toEqual(['created', 'activated']);
  });

  it('catches up after everything was down for months, with a key that signs at once', async () => {
    await aLoadedNode();
    clock.advance(200 * day);
    const node = await aLoadedNode();
    expect(Object.keys(active(node))).toHaveLength(3);
    expect(kids(node)).toHaveLength(6);
    expect(await node.tick(clock.now())).toBe(false);
  });
});

describe('withdrawing a key', () => {
  it('takes it out of the set at once and has another one sign', async () => {
    const [here, there] = [await aLoadedNode(), await aLoadedNode()];
    const compromised = active(here).ES256!;
    clock.advance(60);
    expect(await here.withdraw(compromised, clock.now(), operator)).toBe(true);
    expect(kids(here)).not.toContain(compromised);
    expect(active(here).ES256).toEqual(expect.any(String));
    expect(await there.load(clock.now())).toBe(true);
    expect(active(there)).toEqual(active(here));
    expect(await steps(compromised)).toEqual(['created', 'activated', 'removed']);
  });

  it('of a successor that does not sign yet gives its predecessor its time back', async () => {
    const node = await aLoadedNode();
    const first = active(node).ES256!;
    await node.rotate(clock.now(), 'ES256');
    const successor = node
      .publicJwks(clock.now())
      .keys.find(({ alg, kid }) => alg === 'ES256' && kid !== first)!;
    await node.withdraw(successor.kid, clock.now());
    clock.advance(10 * day);
    await node.tick(clock.now());
    expect(active(node).ES256).toBe(first);
  });

  it('of a key nobody knows changes nothing', async () => {
    const node = await aLoadedNode();
    expect(await node.withdraw('unknown', clock.now())).toBe(false);
  });
});

describe('rolling the key-encryption secret over', () => {
  it('keeps the keys and seals them again under the newest secret', async () => {
    const before = await aLoadedNode([oldSecret!]);
    const during = await aLoadedNode([newSecret!, oldSecret!]);
    expect(active(during)).toEqual(active(before));
    const after = await aLoadedNode([newSecret!]);
    expect([active(after), after.unreadable]).toEqual([active(before), []]);
  });

  it('does not disturb a node that still runs with the old secret alone', async () => {
    const before = await aLoadedNode([oldSecret!]);
    const [signing, published] = [active(before), kids(before)];
    await aLoadedNode([newSecret!, oldSecret!]);
    await before.tick(clock.now());
    expect([active(before), kids(before)]).toEqual([signing, published]);
  });

  it('disowns keys whose secret was dropped: they are not published, and new ones sign', async () => {
    const before = await aLoadedNode([oldSecret!]);
    const after = await aLoadedNode([newSecret!]);
    expect(kids(after).filter((kid) => kids(before).includes(kid))).toEqual([]);
    expect(after.unreadable.toSorted()).toEqual(kids(before).toSorted());
    expect(await database.query('SELECT kid FROM signing_key WHERE retires_at IS NOT NULL')).toEqual([]);
    clock.advance(34 * day);
    await after.tick(clock.now());
    expect(after.unreadable).toEqual([]);
  });
});

describe('a set of signing keys in oidc-provider', () => {
  const startedWith = (node: KeyStore) =>
    new Provider('https://auth.example.test', {
      adapter: () => ({}) as Adapter,
      jwks: signingKeysOf(node.current(clock.now())),
      clientDefaults: { id_token_signed_response_alg: 'ES256' },
      features: {
        devInteractions: { enabled: false },
        externalSigningSupport: { enabled: true, ack: 'experimental-01' },
      },
      clients: signingAlgorithms.map((alg) => ({
        client_id: alg,
        client_secret: 'secret',
        id_token_signed_response_alg: alg,
        redirect_uris: ['https://client.example.test/'],
      })) as never,
    });
  const idToken = async (provider: Provider, alg: string) => {
    const client = await provider.Client.find(alg);
    const options = { client: client!, ctx: undefined as never };
    const token = Object.assign(new provider.IdToken({ sub: 'alice' }, options), { scope: 'openid' });
    return token.issue({ use: 'idtoken' });
  };
  const verify = async (token: string, key: SigningKey) =>
    jwtVerify(token, await importJWK(key.publicJwk as JWK, key.alg), { issuer: 'https://auth.example.test' });

  it.each(signingAlgorithms)(
    'signs ID tokens with the active %s key, also when others are published',
    async (alg) => {
      const node = await aLoadedNode();
      await node.rotate(clock.now());
      const signer = node.current(clock.now()).signer(alg)!;
      const { protectedHeader } = await verify(await idToken(startedWith(node), alg), signer);
      expect(protectedHeader).toEqual({ alg, kid: signer.kid });
      clock.advance(day);
      const next = node.current(clock.now()).signer(alg)!;
      expect(next.kid).not.toBe(signer.kid);
      const { protectedHeader: later } = await verify(await idToken(startedWith(node), alg), next);
      expect(later.kid).toBe(next.kid);
    },
  );

  it('is handed over by constructing a new Provider, which takes a few milliseconds', async () => {
    const node = await aLoadedNode();
    startedWith(node).callback();
    const began = performance.now();
    for (let n = 0; n < 10; n += 1) startedWith(node).callback();
    expect((performance.now() - began) / 10).toBeLessThan(20);
  });
});
