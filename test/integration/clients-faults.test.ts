import {
  type ClientRegistration,
  ClientService,
  PolicyService,
  Registry,
  ResourceService,
  registryChannel,
  verifySecret,
} from '@curfew/clients';
import { ManualClock } from '@curfew/clock';
import { DatabaseListener } from '@curfew/persistence';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';
import { failExactlyAt, type Place } from '../support/faults.js';

const orders = 'https://orders.example.test';
const web: ClientRegistration = { client_name: 'Web', redirect_uris: ['https://app.example.test/callback'] };

let database: TestDatabase;
let clock: ManualClock;
let clients: ClientService;
let resources: ResourceService;
let policies: PolicyService;
let registry: Registry;
let listener: DatabaseListener;
let secret: string;

const everything = () =>
  Promise.all(
    ['client', 'client_secret', 'resource', 'policy', 'policy_attachment'].map((table) =>
      database.query(`SELECT * FROM ${table} ORDER BY 1, 2`),
    ),
  );

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.query('TRUNCATE client, client_secret, resource, gateway_route, policy, policy_attachment');
  clock = new ManualClock();
  const prisma = database.prisma();
  clients = new ClientService({ prisma, clock, rules: { allowPrivateAddresses: false } });
  resources = new ResourceService(prisma, clock);
  policies = new PolicyService(prisma, clock);
  registry = new Registry(prisma, clock);
  await resources.create({ audience: orders, name: 'Orders', scopes: ['orders:read'] });
  await resources.create({ audience: 'https://free.example.test', name: 'Free', scopes: [] });
  secret = (await clients.create({ ...web, resources: [orders] }, { id: 'web' })).secret ?? '';
  await policies.save({ name: 'shop', previous: 0, settings: { basedOn: 'standard' }, createdBy: 'admin' });
  await policies.attach({ kind: 'client', id: 'web' }, 'shop');
  await policies.attach({ kind: 'resource', audience: 'https://free.example.test' }, 'shop');
  listener = new DatabaseListener(
    { url: database.url, through: prisma.direct },
    [registryChannel],
    registry.handlers,
  );
  await listener.start();
  registry.trust();
});
afterEach(async () => {
  await listener.stop();
  await assertInvariants(database);
});
afterAll(() => database.drop());

describe('a change of the registry that fails at one of its steps', () => {
  const toPublic = { token_endpoint_auth_method: 'none' as const };
  const cases: [string, Omit<Place, 'timing'>, () => Promise<unknown>][] = [
    ['create: the client', { table: 'client', operation: 'INSERT' }, () => clients.create(web)],
    ['create: its secret', { table: 'client_secret', operation: 'INSERT' }, () => clients.create(web)],
    [
      'update: the client',
      { table: 'client', operation: 'UPDATE' },
      () => clients.update('web', toPublic, 1),
    ],
    [
      'update: its secrets',
      { table: 'client_secret', operation: 'DELETE' },
      () => clients.update('web', toPublic, 1),
    ],
    ['disable', { table: 'client', operation: 'UPDATE' }, () => clients.disable('web')],
    [
      'roll over: the old secret',
      { table: 'client_secret', operation: 'UPDATE' },
      () => clients.rollOverSecret('web'),
    ],
    [
      'roll over: the new secret',
      { table: 'client_secret', operation: 'INSERT' },
      () => clients.rollOverSecret('web'),
    ],
    ['delete: its secrets', { table: 'client_secret', operation: 'DELETE' }, () => clients.delete('web')],
    ['delete: its policy', { table: 'policy_attachment', operation: 'DELETE' }, () => clients.delete('web')],
    ['delete: the client', { table: 'client', operation: 'DELETE' }, () => clients.delete('web')],
    [
      'delete an API: its policy',
      { table: 'policy_attachment', operation: 'DELETE' },
      () => resources.delete('https://free.example.test'),
    ],
    [
      'delete an API',
      { table: 'resource', operation: 'DELETE' },
      () => resources.delete('https://free.example.test'),
    ],
    [
      'update an API',
      { table: 'resource', operation: 'UPDATE' },
      () => resources.update(orders, { name: 'x' }, 1),
    ],
    [
      'save a policy',
      { table: 'policy', operation: 'INSERT' },
      () => policies.save({ name: 'shop', previous: 1, settings: { basedOn: 'kiosk' }, createdBy: 'admin' }),
    ],
    [
      'attach a policy',
      { table: 'policy_attachment', operation: 'UPDATE' },
      () => policies.attach({ kind: 'client', id: 'web' }, 'kiosk'),
    ],
  ];

  it.each(cases)('changes nothing and leaves the old secret valid (%s)', async (_, place, work) => {
    const before = await everything();
    for (const timing of ['after', 'commit'] as const) {
      const fault = await failExactlyAt(database, { ...place, timing }, { kind: 'raise' });
      await expect(work()).rejects.toThrow();
      expect(await fault.struck()).toBeGreaterThan(0);
      await fault.remove();
      expect(await everything()).toEqual(before);
      expect(verifySecret(await registry.client('web'), secret, clock.now())).toBe(true);
    }
  });

  it.each(cases)('is tried again when it lost against another one (%s)', async (_, place, work) => {
    const fault = await failExactlyAt(
      database,
      { ...place, timing: 'after', times: 1 },
      { kind: 'raise', state: '40001' },
    );
    await work();
    expect(await fault.struck()).toBe(1);
    await fault.remove();
  });
});
