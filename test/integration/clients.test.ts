import {
  type ClientRegistration,
  ClientService,
  PolicyService,
  RegistrationError,
  Registry,
  ResourceService,
  verifySecret,
} from '@curfew/clients';
import { ManualClock } from '@curfew/clock';
import type { PrismaService } from '@curfew/persistence';
import { seconds } from '@curfew/session-policy';
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
const secretsOf = async (id: string) => (await new Registry(prisma, clock).client(id))?.secrets ?? [];
const accepts = async (id: string, secret: string | null): Promise<boolean> =>
  verifySecret({ secrets: await secretsOf(id) }, secret ?? '', clock.now());

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

describe('registered clients', () => {
  it('get a generated id and a secret that is shown once and stored as a hash', async () => {
    const { client, secret } = await clients.create(web);
    expect(client).toMatchObject({
      name: 'Web',
      version: 1,
      disabledAt: null,
      firstRun: false,
      resource: null,
    });
    expect(client.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(secret).toMatch(/^cfw_cs_/);
    expect(await accepts(client.id, secret)).toBe(true);
    const details = await clients.find(client.id);
    expect(details?.secrets).toEqual([{ id: expect.any(String), createdAt: clock.now(), expiresAt: null }]);
    const dump = JSON.stringify(
      await database.query(`SELECT c::text, encode(s.hash, 'escape') FROM client c, client_secret s`),
    );
    expect(dump).not.toContain(secret);
  });

  it('have no secret if they are public or use keys of their own', async () => {
    const { client, secret } = await clients.create({ ...web, token_endpoint_auth_method: 'none' });
    expect(secret).toBeNull();
    expect(await secretsOf(client.id)).toEqual([]);
  });

  it('can be given an id, which is taken once', async () => {
    const outcomes = await Promise.all([1, 2, 3].map(() => codeOf(clients.create(web, { id: 'my-client' }))));
    expect(outcomes.sort()).toEqual(['client_exists', 'client_exists', 'done']);
    expect(await codeOf(clients.create(web, { id: 'my client' }))).toBe('invalid_client_metadata');
  });

  it('may name registered APIs only', async () => {
    expect(await codeOf(clients.create({ ...web, resources: [orders] }))).toBe('unknown_resource');
    expect(await codeOf(clients.create({ ...web, resource: orders }))).toBe('unknown_resource');
    await resources.create({ audience: orders, name: 'Orders', scopes: ['orders:read'] });
    expect(await codeOf(clients.create({ ...web, resource: orders, resources: [orders] }))).toBe('done');
  });

  it('are changed member by member, and null takes a member back to its default', async () => {
    const { client } = await clients.create({ ...web, default_max_age: 60, dpop_bound_access_tokens: true });
    clock.advance(60);
    const { client: changed } = await clients.update(
      client.id,
      { client_name: 'New', default_max_age: null },
      1,
    );
    expect(changed).toMatchObject({
      name: 'New',
      version: 2,
      updatedAt: clock.now(),
      createdAt: client.createdAt,
    });
    expect(changed.metadata.default_max_age).toBeUndefined();
    expect(changed.metadata.dpop_bound_access_tokens).toBe(true);
    expect(changed.metadata.redirect_uris).toEqual(web.redirect_uris);
  });

  it('follow a change of the grant types in their response types', async () => {
    const { client } = await clients.create(web);
    const change = { grant_types: ['client_credentials' as const], redirect_uris: [] };
    const { client: machine } = await clients.update(client.id, change, 1);
    expect(machine.metadata.response_types).toEqual([]);
  });

  it('are never changed into something that breaks a rule', async () => {
    const { client } = await clients.create(web);
    expect(await codeOf(clients.update(client.id, { redirect_uris: [] }, 1))).toBe('invalid_redirect_uri');
    expect(await clients.find(client.id)).toMatchObject({ client: { version: 1 } });
  });

  it('let one of two simultaneous changes win and tell the other', async () => {
    const { client } = await clients.create(web);
    const outcomes = await Promise.all(
      ['A', 'B', 'C', 'D'].map((client_name) => codeOf(clients.update(client.id, { client_name }, 1))),
    );
    expect(outcomes.sort()).toEqual(['done', 'version_conflict', 'version_conflict', 'version_conflict']);
  });

  it('get a secret when they begin to need one, and lose it when they no longer do', async () => {
    const { client, secret } = await clients.create(web);
    const open = await clients.update(client.id, { token_endpoint_auth_method: 'none' }, 1);
    expect(open.secret).toBeNull();
    expect(await accepts(client.id, secret)).toBe(false);
    const closed = await clients.update(client.id, { token_endpoint_auth_method: 'client_secret_post' }, 2);
    expect(await accepts(client.id, closed.secret)).toBe(true);
    expect(
      (await clients.update(client.id, { token_endpoint_auth_method: 'client_secret_basic' }, 3)).secret,
    ).toBeNull();
    expect(await accepts(client.id, closed.secret)).toBe(true);
  });

  it('are disabled once, enabled, and deleted with their secrets and the attachment of their policy', async () => {
    const { client } = await clients.create(web);
    const disabledAt = clock.now();
    await clients.disable(client.id);
    clock.advance(60);
    expect((await clients.disable(client.id)).disabledAt).toBe(disabledAt);
    expect((await clients.enable(client.id)).disabledAt).toBeNull();
    await policies.attach({ kind: 'client', id: client.id }, 'mobile');
    await clients.delete(client.id);
    expect(await clients.find(client.id)).toBeNull();
    expect(await database.query('SELECT * FROM client_secret')).toEqual([]);
    expect(await policies.attachments()).toEqual([]);
  });

  it('change in the transaction of the caller, and not at all if that fails', async () => {
    const { client, secret } = await clients.create(web);
    const failing = prisma.$transaction(async (tx) => {
      await clients.disable(client.id, tx);
      await clients.rollOverSecret(client.id, seconds(0), tx);
      await clients.delete(client.id, tx);
      await clients.create(web, { id: 'other' }, tx);
      throw new RangeError('ending the sessions failed');
    });
    await expect(failing).rejects.toThrow('ending the sessions failed');
    expect(await clients.find(client.id)).toMatchObject({ client: { disabledAt: null } });
    expect(await accepts(client.id, secret)).toBe(true);
    expect(await clients.find('other')).toBeNull();
  });

  it('that do not exist are named so, whatever is asked for', async () => {
    for (const id of ['nobody', '', '\u0000', 'x'.repeat(10_000)]) {
      expect(await clients.find(id)).toBeNull();
      const works = [
        () => clients.disable(id),
        () => clients.enable(id),
        () => clients.delete(id),
        () => clients.update(id, {}, 1),
        () => clients.rollOverSecret(id),
        () => clients.endSecret(id, 'x'),
      ];
      for (const work of works) expect(await codeOf(work())).toBe('unknown_client');
    }
  });

  it('are listed by id, page by page, each once, and found by part of their name', async () => {
    for (let n = 0; n < 7; n += 1)
      await clients.create({ ...web, client_name: `Shop_${n}` }, { id: `c${n}` });
    await clients.create({ ...web, client_name: 'Shopping' }, { id: 'd' });
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await clients.list({ after, limit: 3, search: 'shop_' });
      seen.push(...page.clients.map((client) => client.id));
      after = page.next;
    } while (after !== null);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `c${n}`));
    expect((await clients.list({ search: '\u0000' })).clients).toEqual([]);
    expect((await clients.list({ limit: 10_000 })).clients).toHaveLength(8);
  });
});

describe('the secrets of a client', () => {
  it('are two during a roll-over, and one once the overlap is over', async () => {
    const { client, secret: first } = await clients.create(web);
    clock.advance(60);
    const second = await clients.rollOverSecret(client.id, seconds(3600));
    expect([await accepts(client.id, first), await accepts(client.id, second)]).toEqual([true, true]);
    expect((await clients.find(client.id))?.secrets.map((one) => one.expiresAt)).toEqual([
      null,
      clock.now() + 3_600_000,
    ]);
    clock.advance(3600);
    expect([await accepts(client.id, first), await accepts(client.id, second)]).toEqual([false, true]);
    expect((await clients.find(client.id))?.secrets).toHaveLength(1);
  });

  it('are never more than two, however often and however simultaneously they are rolled over', async () => {
    const { client, secret: first } = await clients.create(web);
    clock.advance(60);
    const second = await clients.rollOverSecret(client.id);
    clock.advance(60);
    const third = await clients.rollOverSecret(client.id);
    expect(await Promise.all([first, second, third].map((one) => accepts(client.id, one)))).toEqual([
      false,
      true,
      true,
    ]);
    await Promise.all(Array.from({ length: 6 }, () => clients.rollOverSecret(client.id)));
    expect((await clients.find(client.id))?.secrets).toHaveLength(2);
    expect(await database.query('SELECT 1 FROM client_secret WHERE expires_at IS NULL')).toHaveLength(1);
  });

  it('can be replaced at once, and ended one by one', async () => {
    const { client, secret: first } = await clients.create(web);
    const second = await clients.rollOverSecret(client.id, seconds(0));
    expect([await accepts(client.id, first), await accepts(client.id, second)]).toEqual([false, true]);
    clock.advance(1);
    const third = await clients.rollOverSecret(client.id);
    const old = (await clients.find(client.id))?.secrets[1];
    await clients.endSecret(client.id, old?.id ?? '');
    expect([await accepts(client.id, second), await accepts(client.id, third)]).toEqual([false, true]);
    expect(await codeOf(clients.endSecret(client.id, old?.id ?? ''))).toBe('unknown_secret');
  });

  it('do not exist where a client does not use one', async () => {
    const { client } = await clients.create({ ...web, token_endpoint_auth_method: 'none' });
    expect(await codeOf(clients.rollOverSecret(client.id))).toBe('no_secret_in_use');
  });
});
