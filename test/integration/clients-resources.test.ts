import {
  type ClientRegistration,
  ClientService,
  PolicyService,
  RegistrationError,
  ResourceService,
} from '@curfew/clients';
import { ManualClock } from '@curfew/clock';
import type { PrismaService } from '@curfew/persistence';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';

const orders = 'https://orders.example.test';
const web: ClientRegistration = {
  client_name: 'Web',
  redirect_uris: ['https://app.example.test/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
};

let database: TestDatabase;
let prisma: PrismaService;
let clock: ManualClock;
let clients: ClientService;
let resources: ResourceService;
let policies: PolicyService;

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => 'done',
    (reason: unknown) => reason,
  );
  return error instanceof RegistrationError ? error.code : String(error);
};

beforeAll(async () => {
  database = await createTestDatabase();
  prisma = database.prisma();
});
beforeEach(async () => {
  await database.query('TRUNCATE client, client_secret, resource, gateway_route, policy, policy_attachment');
  clock = new ManualClock();
  clients = new ClientService({ prisma, clock, rules: { allowPrivateAddresses: false } });
  resources = new ResourceService(prisma, clock);
  policies = new PolicyService(prisma, clock);
});
afterEach(() => assertInvariants(database));
afterAll(() => database.drop());

describe('registered APIs', () => {
  const registration = { audience: orders, name: 'Orders', scopes: ['orders:read', 'orders:write'] };

  it('give opaque tokens unless told otherwise, and ES256 where tokens are JWTs', async () => {
    expect(await resources.create(registration)).toMatchObject({
      tokenFormat: 'opaque',
      signingAlg: null,
      version: 1,
    });
    expect(await resources.update(orders, { tokenFormat: 'jwt' }, 1)).toMatchObject({
      signingAlg: 'ES256',
      version: 2,
    });
    expect(await resources.update(orders, { tokenFormat: 'opaque' }, 2)).toMatchObject({
      signingAlg: null,
      version: 3,
    });
    expect(await codeOf(resources.update(orders, { name: 'x' }, 2))).toBe('version_conflict');
    expect(await codeOf(resources.create(registration))).toBe('resource_exists');
  });

  it.each([
    ['an audience with a fragment', { ...registration, audience: `${orders}#x` }],
    ['an audience that is no URI', { ...registration, audience: 'orders' }],
    ['a scope of OpenID Connect', { ...registration, scopes: ['openid'] }],
    ['a scope with a space', { ...registration, scopes: ['orders read'] }],
    ['a scope twice', { ...registration, scopes: ['a', 'a'] }],
    ['an algorithm for opaque tokens', { ...registration, signingAlg: 'ES256' as const }],
    ['an empty name', { ...registration, name: ' ' }],
    ['an unknown member', { ...registration, ttl: 5 }],
  ])('are refused with %s', async (_, input) => {
    expect(await codeOf(resources.create(input))).toBe('invalid_resource');
  });

  it('stay as long as a client names them', async () => {
    await resources.create(registration);
    const { client } = await clients.create({ ...web, resources: [orders] });
    expect(await codeOf(resources.delete(orders))).toBe('resource_in_use');
    await clients.delete(client.id);
    await policies.attach({ kind: 'resource', audience: orders }, 'sensitive');
    await resources.delete(orders);
    expect(await resources.find(orders)).toBeNull();
    expect(await policies.attachments()).toEqual([]);
  });

  it('are never left without their row by a client that is registered at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      await resources.create(registration);
      const [deleted, created] = await Promise.all([
        codeOf(resources.delete(orders)),
        codeOf(clients.create({ ...web, resources: [orders] }, { id: `racer-${round}` })),
      ]);
      expect([`${deleted} ${created}`]).toContainEqual(
        deleted === 'done' ? 'done unknown_resource' : 'resource_in_use done',
      );
      if (created === 'done') {
        await clients.delete(`racer-${round}`);
        await resources.delete(orders);
      }
    }
  });

  it('that do not exist are named so, whatever is asked for', async () => {
    for (const audience of ['https://other.test', '', '\u0000', 'x'.repeat(10_000)]) {
      expect(await resources.find(audience)).toBeNull();
      expect(await codeOf(resources.update(audience, {}, 1))).toBe('unknown_resource');
      expect(await codeOf(resources.delete(audience))).toBe('unknown_resource');
    }
  });
});
