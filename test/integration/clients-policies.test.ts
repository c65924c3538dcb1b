import {
  type ClientRegistration,
  ClientService,
  PolicyService,
  RegistrationError,
  Registry,
  ResourceService,
} from '@curfew/clients';
import { ManualClock } from '@curfew/clock';
import type { PrismaService } from '@curfew/persistence';
import { formatPolicy } from '@curfew/session-policy';
import { profileNames, profiles } from '@curfew/session-policy/settings';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';

const orders = 'https://orders.example.test';
const web: ClientRegistration = { client_name: 'Web', redirect_uris: ['https://app.example.test/callback'] };
const createdBy = 'admin';

let database: TestDatabase;
let prisma: PrismaService;
let clock: ManualClock;
let policies: PolicyService;
let registry: Registry;
let clients: ClientService;

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
  policies = new PolicyService(prisma, clock);
  registry = new Registry(prisma, clock);
  clients = new ClientService({ prisma, clock, rules: { allowPrivateAddresses: false } });
  await new ResourceService(prisma, clock).create({
    audience: orders,
    name: 'Orders',
    scopes: ['orders:read'],
  });
  await clients.create({ ...web, resources: [orders] }, { id: 'web' });
});
afterEach(() => assertInvariants(database));
afterAll(() => database.drop());

describe('policies', () => {
  it('include the ready profiles from the start, which nobody can change', async () => {
    expect((await policies.list()).map((one) => one.name)).toEqual(profileNames);
    expect(await policies.find('mobile')).toMatchObject({
      version: 0,
      policy: profiles.mobile.policy,
      createdBy: null,
    });
    const save = policies.save({ name: 'mobile', previous: 0, settings: { basedOn: 'kiosk' }, createdBy });
    expect(await codeOf(save)).toBe('policy_is_built_in');
  });

  it('keep every revision, and the highest is in force', async () => {
    const first = await policies.save({
      name: 'shop',
      previous: 0,
      settings: { basedOn: 'standard' },
      createdBy,
    });
    clock.advance(60);
    const settings = { basedOn: 'standard', inactivityTimeout: '20m' };
    const second = await policies.save({ name: 'shop', previous: 1, settings, createdBy: 'somebody else' });
    expect(second).toMatchObject({
      version: 2,
      createdAt: clock.now(),
      settings: { inactivityTimeout: '20m' },
    });
    expect(await policies.find('shop')).toEqual(second);
    expect(await policies.revisions('shop')).toEqual([second, first]);
    expect((await policies.list()).at(-1)).toEqual(second);
  });

  it('are stored in full, so that a ready profile that moves does not move them', async () => {
    await policies.save({ name: 'shop', previous: 0, settings: { basedOn: 'mobile' }, createdBy });
    const [row] = await database.query<{ settings: unknown }>('SELECT settings FROM policy');
    expect(row?.settings).toEqual(formatPolicy(profiles.mobile.policy));
  });

  it('let one of many simultaneous changes win and tell the others', async () => {
    await policies.save({ name: 'shop', previous: 0, settings: { basedOn: 'standard' }, createdBy });
    const save = (previous: number) =>
      codeOf(policies.save({ name: 'shop', previous, settings: { basedOn: 'kiosk' }, createdBy }));
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => save(1)));
    expect(outcomes.filter((one) => one === 'done')).toHaveLength(1);
    expect(outcomes.filter((one) => one === 'version_conflict')).toHaveLength(7);
    expect(await save(1)).toBe('version_conflict');
    expect(await save(5)).toBe('version_conflict');
    expect(await save(0)).toBe('version_conflict');
  });

  it('are refused with every broken rule together', async () => {
    const settings = { basedOn: 'standard', accessTokenLifetime: '16m', sessionsPerAccount: -1 };
    const save = policies.save({ name: 'No Name', previous: 0, settings, createdBy });
    await expect(save).rejects.toMatchObject({ code: 'invalid_policy', violations: { length: 3 } });
    expect(await policies.find('No Name')).toBeNull();
    expect(await policies.revisions('\u0000')).toEqual([]);
  });

  it('are attached to what exists, and only if they exist', async () => {
    expect(await codeOf(policies.attach({ kind: 'client', id: 'web' }, 'nothing'))).toBe('unknown_policy');
    expect(await codeOf(policies.attach({ kind: 'client', id: 'nobody' }, 'mobile'))).toBe('unknown_client');
    expect(await codeOf(policies.attach({ kind: 'client', id: '\u0000' }, 'mobile'))).toBe('unknown_client');
    expect(await codeOf(policies.attach({ kind: 'resource', audience: 'x' }, 'mobile'))).toBe(
      'unknown_resource',
    );
    await policies.attach({ kind: 'client', id: 'web' }, 'mobile');
    await policies.attach({ kind: 'client', id: 'web' }, 'kiosk');
    await policies.attach({ kind: 'everyone' }, 'standard');
    expect(await policies.attachments()).toEqual([
      { target: { kind: 'client', id: 'web' }, policy: 'kiosk' },
      { target: { kind: 'everyone' }, policy: 'standard' },
    ]);
    expect(await policies.detach({ kind: 'everyone' })).toBe(true);
    expect(await policies.detach({ kind: 'everyone' })).toBe(false);
  });
});

describe('the policy of a session', () => {
  const timeouts = async (resources: string[] = [orders]) => {
    const { inactivityTimeout, absoluteLifetime } = await registry.effectivePolicy('web', resources);
    return [inactivityTimeout, absoluteLifetime];
  };

  it('is standard where nothing is attached', async () => {
    expect(await registry.effectivePolicy('web', [orders])).toEqual(profiles.standard.policy);
    expect(await registry.effectivePolicy('nobody', ['https://unknown.test'])).toEqual(
      profiles.standard.policy,
    );
  });

  it('is the client’s own where nothing is attached to everyone, longer than standard too', async () => {
    await policies.attach({ kind: 'client', id: 'web' }, 'mobile');
    expect(await timeouts()).toEqual([7 * 86_400, 30 * 86_400]);
  });

  it('is the strictest of those of everyone, the client and the APIs', async () => {
    await policies.attach({ kind: 'client', id: 'web' }, 'mobile');
    await policies.attach({ kind: 'everyone' }, 'nist-aal2');
    expect(await timeouts()).toEqual([3600, 86_400]);
    await policies.attach({ kind: 'resource', audience: orders }, 'sensitive');
    expect(await timeouts()).toEqual([900, 8 * 3600]);
    expect(await timeouts([])).toEqual([3600, 86_400]);
  });

  it('cannot be loosened by an API', async () => {
    await policies.attach({ kind: 'resource', audience: orders }, 'mobile');
    expect(await timeouts()).toEqual([1800, 12 * 3600]);
  });

  it('follows the revision in force', async () => {
    await policies.save({
      name: 'shop',
      previous: 0,
      settings: { basedOn: 'standard', inactivityTimeout: '25m' },
      createdBy,
    });
    await policies.attach({ kind: 'client', id: 'web' }, 'shop');
    expect((await timeouts())[0]).toBe(25 * 60);
    await policies.save({
      name: 'shop',
      previous: 1,
      settings: { basedOn: 'standard', inactivityTimeout: '15m' },
      createdBy,
    });
    expect((await timeouts())[0]).toBe(15 * 60);
  });

  it('always rotates for a public client that need not prove a key, whatever is attached to it', async () => {
    const native: ClientRegistration = {
      client_name: 'Native',
      redirect_uris: ['http://127.0.0.1/callback'],
      application_type: 'native',
      token_endpoint_auth_method: 'none',
    };
    const bound = { ...native, dpop_bound_access_tokens: true };
    await clients.create(native, { id: 'native' });
    await clients.create(bound, { id: 'bound' });
    const rotation = async (id: string) => {
      await policies.attach({ kind: 'client', id }, 'fapi2');
      return (await registry.effectivePolicy(id, [])).rotation;
    };
    expect([await rotation('native'), await rotation('bound'), await rotation('web')]).toEqual([
      'always',
      'never',
      'never',
    ]);
  });

  it('is not guessed where an attached policy is gone or cannot be read', async () => {
    await database.query(`INSERT INTO policy_attachment VALUES ('client', 'web', 'lost')`);
    await expect(registry.effectivePolicy('web', [])).rejects.toThrow('lost');
    await database.query(`INSERT INTO policy VALUES ('lost', 1, '{"inactivityTimeout": "1s"}', now(), 'x')`);
    await expect(registry.effectivePolicy('web', [])).rejects.toThrow('cannot be read');
  });
});
