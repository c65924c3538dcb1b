import { setTimeout as pause } from 'node:timers/promises';
import {
  type ClientRegistration,
  ClientService,
  PolicyService,
  Registry,
  ResourceService,
  registryChannel,
} from '@curfew/clients';
import { ManualClock } from '@curfew/clock';
import { DatabaseListener, isDatabaseUnavailable } from '@curfew/persistence';
import { seconds } from '@curfew/session-policy';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';
import { type DatabaseProxy, proxyTo } from '../support/proxy.js';
import { countStatements } from '../support/statement-counter.js';

const orders = 'https://orders.example.test';
const web: ClientRegistration = { client_name: 'Web', redirect_uris: ['https://app.example.test/callback'] };

let database: TestDatabase;
let clock: ManualClock;
/** The process that changes things; it shares nothing with the registry but the database. */
let clients: ClientService;
let resources: ResourceService;
let policies: PolicyService;
/** The process that answers requests: it reads by one wire and hears of changes by another. */
let registry: Registry;
let listener: DatabaseListener;
let reading: DatabaseProxy;
let hearing: DatabaseProxy;

const ask = async (): Promise<void> => {
  await registry.client('web');
  await registry.client('unknown');
  await registry.resource(orders);
  await registry.effectivePolicy('web', [orders]);
};
const nameOf = async (id: string): Promise<string | undefined> => (await registry.client(id))?.name;

/** Asks again and again until the answer is the expected one; says how many milliseconds that took. */
const untilSeen = async (question: () => Promise<unknown>, answer: unknown): Promise<number> => {
  const started = performance.now();
  while ((await question()) !== answer) {
    if (performance.now() - started > 10_000) throw new Error('the change was never seen');
    await pause(1);
  }
  return performance.now() - started;
};

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.query('TRUNCATE client, client_secret, resource, gateway_route, policy, policy_attachment');
  clock = new ManualClock();
  const writer = database.prisma();
  clients = new ClientService({ prisma: writer, clock, rules: { allowPrivateAddresses: false } });
  resources = new ResourceService(writer, clock);
  policies = new PolicyService(writer, clock);
  await resources.create({ audience: orders, name: 'Orders', scopes: ['orders:read'] });
  await clients.create({ ...web, resources: [orders] }, { id: 'web' });
  reading = await proxyTo(database.url);
  hearing = await proxyTo(database.url);
  const prisma = database.prisma({ DATABASE_URL: reading.url });
  registry = new Registry(prisma, clock);
  listener = new DatabaseListener(
    { url: hearing.url, through: prisma.direct },
    [registryChannel],
    registry.handlers,
  );
  await listener.start();
  registry.trust();
});
afterEach(async () => {
  await listener.stop();
  await reading.close();
  await hearing.close();
  await assertInvariants(database);
});
afterAll(() => database.drop());

describe('the registry', () => {
  it('answers from memory once it is warm, also about clients that do not exist', async () => {
    await ask();
    reading.cut();
    for (let n = 0; n < 100; n += 1) await ask();
  });

  it('asks the database, and fails with it, for what it does not know', async () => {
    reading.cut();
    const error = await registry.client('web').catch((reason: unknown) => reason);
    expect(isDatabaseUnavailable(error)).toBe(true);
    expect(await registry.client('not a client id \u0000')).toBeNull();
    expect(await registry.resource('\u0000')).toBeNull();
  });

  it('reads clients that are asked for at once with one statement, each as it is', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `app-${index}`);
    for (const id of ids) await clients.create({ ...web, client_name: id }, { id });
    await clients.rollOverSecret('app-7');
    await policies.attach({ kind: 'client', id: 'app-9' }, 'mobile');
    const counter = await countStatements(database.url);
    const fresh = new Registry(database.prisma({ DATABASE_URL: counter.url }), clock);
    const found = await Promise.all([...ids, 'nobody'].map((id) => fresh.client(id)));
    const reads = counter.carriedOut().filter((one) => /FROM (client|"public")/.test(one));
    expect(reads).toEqual([expect.stringContaining('FROM client c WHERE c.id = ANY')]);
    expect(found.map((client) => client?.name)).toEqual([...ids, undefined]);
    expect(found.map((client) => client?.secrets.length)).toEqual([
      ...ids.map((id) => (id === 'app-7' ? 2 : 1)),
      undefined,
    ]);
    expect(found.flatMap((client) => (client?.policy ? [client.id, client.policy] : []))).toEqual([
      'app-9',
      'mobile',
    ]);
    await counter.close();
  });

  it('reads clients again together that fall due within a moment, with one statement', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `due-${index}`);
    for (const id of ids) await clients.create({ ...web, client_name: id }, { id });
    const counter = await countStatements(database.url);
    const fresh = new Registry(database.prisma({ DATABASE_URL: counter.url }), clock);
    fresh.trust();
    const askAll = () => Promise.all(ids.map((id) => fresh.client(id)));
    await askAll();
    // Past two thirds of the age at which a client is read again: each of them is due, and memory still answers.
    clock.advance(21);
    counter.reset();
    for (const id of ids) expect((await fresh.client(id))?.name).toBe(id);
    const reads = () => counter.carriedOut().filter((one) => one.includes('FROM client c WHERE'));
    expect(reads()).toEqual([]);
    for (let looks = 0; reads().length === 0 && looks < 500; looks += 1) await pause(10);
    expect(reads()).toEqual([expect.stringContaining('FROM client c WHERE c.id = ANY')]);
    await askAll();
    await pause(500);
    expect(reads()).toHaveLength(1);
    await counter.close();
  });

  it('sees what another process changes within milliseconds', async () => {
    await ask();
    const times: number[] = [];
    await clients.update('web', { client_name: 'Changed' }, 1);
    times.push(await untilSeen(() => nameOf('web'), 'Changed'));
    await clients.disable('web');
    times.push(await untilSeen(async () => (await registry.client('web'))?.disabledAt, clock.now()));
    await clients.rollOverSecret('web');
    times.push(await untilSeen(async () => (await registry.client('web'))?.secrets.length, 2));
    await resources.update(orders, { tokenFormat: 'jwt' }, 1);
    times.push(await untilSeen(async () => (await registry.resource(orders))?.tokenFormat, 'jwt'));
    await clients.create(web, { id: 'unknown' });
    times.push(await untilSeen(() => nameOf('unknown'), 'Web'));
    await clients.delete('unknown');
    times.push(await untilSeen(() => nameOf('unknown'), undefined));
    expect(times.sort((a, b) => a - b)[3]).toBeLessThan(100);
  });

  it('sees policies change, and their attachments', async () => {
    await ask();
    const idle = async () => (await registry.effectivePolicy('web', [orders])).inactivityTimeout;
    const save = (previous: number, inactivityTimeout: string) =>
      policies.save({
        name: 'shop',
        previous,
        settings: { basedOn: 'standard', inactivityTimeout },
        createdBy: 'admin',
      });
    await save(0, '29m');
    await policies.attach({ kind: 'client', id: 'web' }, 'shop');
    await untilSeen(idle, 29 * 60);
    await save(1, '28m');
    await untilSeen(idle, 28 * 60);
    await policies.attach({ kind: 'everyone' }, 'sensitive');
    await untilSeen(idle, 15 * 60);
    await policies.attach({ kind: 'resource', audience: orders }, 'kiosk');
    await untilSeen(idle, 6 * 60);
    await policies.detach({ kind: 'resource', audience: orders });
    await policies.detach({ kind: 'everyone' });
    await untilSeen(idle, 28 * 60);
  });

  it('composes the policy of a client once for each reading of the policies, and remembers as many as it may', async () => {
    const small = new Registry(database.prisma(), clock, { composed: 2 });
    small.trust();
    const compose = (ofClient: string, apis: readonly string[] = []) => small.effectivePolicy(ofClient, apis);
    await clients.create({ ...web, token_endpoint_auth_method: 'none' }, { id: 'spa' });
    await policies.attach({ kind: 'resource', audience: orders }, 'kiosk');
    const first = await compose('web');
    expect(await compose('web')).toBe(first);
    expect(await compose('spa')).not.toBe(first);
    expect((await compose('web', [orders])).inactivityTimeout).toBeLessThan(first.inactivityTimeout);
    const again = await compose('web');
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
    small.trust();
    expect(await compose('web')).not.toBe(again);
  });

  it('lets a public client rotate whatever its policy says, and follows what it becomes', async () => {
    await policies.save({
      name: 'steady',
      previous: 0,
      settings: { basedOn: 'standard', rotation: 'never' },
      createdBy: 'admin',
    });
    await policies.attach({ kind: 'client', id: 'web' }, 'steady');
    const rotation = async () => (await registry.effectivePolicy('web', [])).rotation;
    await untilSeen(rotation, 'never');
    await clients.update('web', { token_endpoint_auth_method: 'none' }, 1);
    await untilSeen(rotation, 'always');
    await clients.update('web', { dpop_bound_access_tokens: true }, 2);
    await untilSeen(rotation, 'never');
  });

  it('does not see a change that was rolled back', async () => {
    await ask();
    const writer = database.prisma();
    const failing = writer.$transaction(async (tx) => {
      await clients.update('web', { client_name: 'Never' }, 1, tx);
      throw new RangeError('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    await pause(50);
    expect(await nameOf('web')).toBe('Web');
  });

  it('trusts nothing it remembers while it cannot hear of changes, and sees the missed ones at once', async () => {
    await ask();
    hearing.cut();
    await pause(50);
    await clients.update('web', { client_name: 'Missed' }, 1);
    expect(await nameOf('web')).toBe('Missed');
    reading.cut();
    const error = await nameOf('web').catch((reason: unknown) => reason);
    expect(isDatabaseUnavailable(error)).toBe(true);
  });

  it('trusts its memory again once it hears again', async () => {
    await ask();
    hearing.cut();
    await pause(50);
    await clients.update('web', { client_name: 'Missed' }, 1);
    hearing.heal();
    expect(await nameOf('web')).toBe('Missed');
    // The proof of the wire that hears goes by the wire that reads, which is cut only after it.
    await untilSeen(async () => listener.listening, true);
    await nameOf('web');
    reading.cut();
    expect(await nameOf('web')).toBe('Missed');
  });

  it('reads everything again at its greatest age, even if no change was announced', async () => {
    await ask();
    await database.query(`UPDATE client SET name = 'Behind our back'`);
    clock.advance(19);
    expect(await nameOf('web')).toBe('Web');
    clock.advance(1);
    await untilSeen(() => nameOf('web'), 'Behind our back');
    clock.advance(30);
    reading.cut();
    const error = await nameOf('web').catch((reason: unknown) => reason);
    expect(isDatabaseUnavailable(error)).toBe(true);
  });

  it('remembers no more clients than it may', async () => {
    const small = new Registry(database.prisma({ DATABASE_URL: reading.url }), clock, {
      clients: 3,
      maxAge: seconds(30),
    });
    const through = database.prisma().direct;
    const own = new DatabaseListener({ url: database.url, through }, [registryChannel], small.handlers);
    await own.start();
    small.trust();
    expect(await small.client('c4')).toBeNull();
    for (let n = 0; n < 5; n += 1) await clients.create(web, { id: `c${n}` });
    // The last announcement has been heard, and with it all before it.
    await untilSeen(async () => (await small.client('c4'))?.id, 'c4');
    for (let n = 0; n < 5; n += 1) await small.client(`c${n}`);
    reading.cut();
    expect((await small.client('c4'))?.id).toBe('c4');
    await expect(small.client('c0')).rejects.toBeDefined();
    await own.stop();
  });
});
