import {
  type ClientRegistration,
  ClientService,
  PolicyService,
  RegistrationError,
  ResourceService,
} from '@curfew/clients';
import { ClientHosts } from '@curfew/clients/client-documents';
import { ManualClock } from '@curfew/clock';
import type { PrismaService } from '@curfew/persistence';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';
import { countStatements } from '../support/statement-counter.js';

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
  await database.query(
    'TRUNCATE client, client_host, client_secret, resource, gateway_route, policy, policy_attachment',
  );
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

describe('hosts whose documents may introduce clients', () => {
  const agents = 'agents.example.test';
  const hostsAt = (adminApi: string, at = prisma) =>
    new ClientHosts(at, clock, { isOn: true, adminApi, allowPrivateAddresses: false });
  const hosts = () => hostsAt('https://admin.example.test');
  const allowed = (host = agents) =>
    prisma.$transaction((tx) => hosts().allow(host, [orders], tx)).then(() => undefined);
  const revoked = (host = agents) => prisma.$transaction((tx) => hosts().revoke(host, tx));
  const registration = { audience: orders, name: 'Orders', scopes: ['orders:read'] };
  beforeEach(() => resources.create(registration));

  it('keep the APIs that their clients may ask for', async () => {
    await allowed();
    expect(await codeOf(resources.delete(orders))).toBe('resource_in_use');
    await revoked();
    expect(await codeOf(resources.delete(orders))).toBe('done');
    expect(await codeOf(allowed())).toBe('unknown_resource');
  });

  it('are never left with an API that is deleted at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [deleted, given] = await Promise.all([codeOf(resources.delete(orders)), codeOf(allowed())]);
      expect(`${deleted} ${given}`).toBe(
        deleted === 'done' ? 'done unknown_resource' : 'resource_in_use done',
      );
      if (deleted === 'done') await resources.create(registration);
      else await revoked();
    }
  });

  it('give their clients no API that has become the admin API since', async () => {
    await allowed();
    const heldBy = (one: ClientHosts) => prisma.$transaction((tx) => one.hold(agents, tx));
    expect((await heldBy(hosts()))?.resources).toEqual([orders]);
    expect((await heldBy(hostsAt(orders)))?.resources).toEqual([]);
  });

  it('are listed with their clients, and not by a statement for each', async () => {
    const others = ['agents.example.test:8443', 'b.example.test', 'c.example.test'];
    for (const host of [agents, ...others]) await allowed(host);
    const ids = [`https://${agents}/a`, `https://${agents}/b/c.json`, 'https://b.example.test/a'];
    for (const id of [...ids, 'plain', 'https://elsewhere.example.test/a'])
      await database.query(
        `INSERT INTO client (id, name, metadata, version, created_at, updated_at) VALUES ($1, 'Agent', '{}', 1, now(), now())`,
        [id],
      );
    const counter = await countStatements(database.url);
    const listed = await hostsAt('x', database.prisma({ DATABASE_URL: counter.url })).list();
    expect(listed.map(({ host, clients: known }) => [host, known])).toEqual([
      [agents, ids.slice(0, 2)],
      [others[0], []],
      [others[1], [ids[2]]],
      [others[2], []],
    ]);
    expect(counter.carriedOut().filter((one) => /FROM client\b/.test(one))).toHaveLength(1);
    expect(await hosts().clientsOf(agents)).toEqual(ids.slice(0, 2));
    expect(await hosts().clientsOf('c.example.test')).toEqual([]);
    await database.query('DELETE FROM client');
    await counter.close();
  });
});
