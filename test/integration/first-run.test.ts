import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccountService, OperatorStore, PasswordHasher, SignInThrottle, Throttle } from '@curfew/accounts';
import { ClientService, PolicyService, ResourceService } from '@curfew/clients';
import { ManualClock } from '@curfew/clock';
import { hasFirstRunData } from '@curfew/config';
import {
  createFirstRunData,
  type FirstRunData,
  type FirstRunOptions,
} from '../../apps/auth-server/src/first-run/index.js';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';

const orders = 'https://orders.example.test';

let database: TestDatabase;
let folder: string;
let devFile: string;

/** The options of one process; each call is a process of its own. */
const options = (changes: Partial<FirstRunOptions> = {}): FirstRunOptions => {
  const prisma = database.prisma();
  const clock = new ManualClock();
  const throttle = new SignInThrottle(new Throttle(prisma, clock));
  const hasher = new PasswordHasher({ memoryCost: 64, timeCost: 1 });
  return {
    prisma,
    services: {
      accounts: new AccountService({ prisma, clock, hasher, throttle }),
      clients: new ClientService({ prisma, clock, rules: { allowPrivateAddresses: true } }),
      resources: new ResourceService(prisma, clock),
      policies: new PolicyService(prisma, clock),
      operators: new OperatorStore(prisma),
    },
    now: clock.now(),
    devFile,
    issuer: 'http://localhost:3000',
    adminUrl: 'http://localhost:3001',
    gatewayUrl: 'http://localhost:3002',
    consoleUrl: 'http://console.localhost:3002',
    callbackUrl: 'http://localhost:3003',
    tourUrl: 'http://localhost:3005',
    databaseUrl: database.url,
    ...changes,
  };
};
const read = async (): Promise<FirstRunData> => JSON.parse(await readFile(devFile, 'utf8'));

/** Whether every account signs in and every secret is accepted. */
const opensEveryDoor = async (data: FirstRunData): Promise<boolean> => {
  const { services } = options();
  const verdicts = await Promise.all(
    data.accounts.map((account) => services.accounts.verifyPassword({ ...account, networkKey: '' })),
  );
  const secrets = await Promise.all(
    Object.values(data.clients).flatMap(({ client_id, client_secret }) =>
      client_secret === undefined ? [] : [services.clients.checkSecret(client_id, client_secret)],
    ),
  );
  return verdicts.every(({ kind }) => kind === 'ok') && secrets.length === 6 && secrets.every(Boolean);
};

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.query(
    'TRUNCATE account, throttle, client, client_secret, resource, gateway_route, operator, policy, policy_attachment CASCADE',
  );
  folder = await mkdtemp(join(tmpdir(), 'curfew-first-run-'));
  devFile = join(folder, 'below', 'dev.json');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  await assertInvariants(database);
});
afterAll(() => database.drop());

describe('the first start', () => {
  it('makes accounts, clients and APIs, and writes them to a file for its owner only', async () => {
    expect(await createFirstRunData(options())).toEqual({ outcome: 'created', notes: [] });
    const data = await read();
    expect(data).toEqual({
      issuer: 'http://localhost:3000',
      adminUrl: 'http://localhost:3001',
      gatewayUrl: 'http://localhost:3002',
      consoleUrl: 'http://console.localhost:3002',
      databaseUrl: database.url,
      operator: 'operator@example.test',
      gatewayCookieSecret: expect.stringMatching(/^[0-9a-f]{64}$/),
      accounts: [
        { username: 'user1@example.test', password: expect.stringMatching(/^[\w-]{24}$/) },
        { username: 'user2@example.test', password: expect.stringMatching(/^[\w-]{24}$/) },
        { username: 'operator@example.test', password: expect.stringMatching(/^[\w-]{24}$/) },
      ],
      clients: {
        web: {
          client_id: expect.stringMatching(/^web-[0-9a-f]{8}$/),
          client_secret: expect.stringMatching(/^cfw_cs_/),
          redirect_uris: ['http://localhost:3003/callback', 'http://localhost:3005/callback'],
          post_logout_redirect_uris: ['http://localhost:3003/'],
        },
        spa: {
          client_id: expect.any(String),
          redirect_uris: ['http://localhost:3003/spa/callback'],
          post_logout_redirect_uris: ['http://localhost:3003/spa'],
        },
        service: { client_id: expect.any(String), client_secret: expect.any(String) },
        device: { client_id: expect.any(String) },
        api: { client_id: expect.any(String), client_secret: expect.any(String), resource: orders },
        admin: {
          client_id: expect.any(String),
          client_secret: expect.any(String),
          resource: 'http://localhost:3001',
          scope: expect.stringContaining('sessions:end policies:read'),
        },
        console: {
          client_id: expect.any(String),
          client_secret: expect.any(String),
          redirect_uris: ['http://console.localhost:3002/.curfew/callback'],
          post_logout_redirect_uris: ['http://console.localhost:3002/console/'],
          scope: expect.stringMatching(/^openid sessions:read /),
        },
        gateway: {
          client_id: expect.any(String),
          client_secret: expect.any(String),
          resource: 'http://localhost:3001',
        },
      },
    });
    expect((await stat(devFile)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'below'))).toEqual(['dev.json']);
    expect(await opensEveryDoor(data)).toBe(true);
  });

  it('makes one client of each kind', async () => {
    await createFirstRunData(options());
    const { clients } = await read();
    const metadataOf = async (name: keyof typeof clients) =>
      (await options().services.clients.find(clients[name].client_id))?.client.metadata;
    expect(await metadataOf('spa')).toMatchObject({
      token_endpoint_auth_method: 'none',
      post_logout_redirect_uris: ['http://localhost:3003/spa'],
      resources: [orders],
    });
    expect((await metadataOf('device'))?.grant_types).toEqual([
      'urn:ietf:params:oauth:grant-type:device_code',
      'refresh_token',
    ]);
    expect(await metadataOf('admin')).toMatchObject({ resources: ['http://localhost:3001'] });
    expect((await metadataOf('api'))?.grant_types).toEqual([]);
  });

  it('is done once by several processes that start together, and the file fits what they made', async () => {
    const reports = await Promise.all([1, 2, 3, 4].map(() => createFirstRunData(options())));
    expect(reports.map(({ outcome }) => outcome).sort()).toEqual(['created', 'kept', 'kept', 'kept']);
    expect(await opensEveryDoor(await read())).toBe(true);
    expect(await database.query('SELECT 1 FROM client')).toHaveLength(8);
  });

  it('makes different secrets everywhere', async () => {
    await createFirstRunData(options());
    const first = await read();
    await database.query('TRUNCATE account, client, client_secret CASCADE');
    await createFirstRunData(options());
    const second = await read();
    expect(second.accounts[0]?.password).not.toBe(first.accounts[0]?.password);
    expect(second.clients.web.client_secret).not.toBe(first.clients.web.client_secret);
  });

  it('leaves its mark, so that production can refuse the database', async () => {
    const { services } = options();
    expect(await hasFirstRunData(services)).toBe(false);
    await createFirstRunData(options());
    expect(await hasFirstRunData(services)).toBe(true);
  });

  it('makes nothing and leaves no draft behind if the file cannot be written', async () => {
    await writeFile(join(folder, 'below'), 'a file where the folder should be');
    await expect(createFirstRunData(options())).rejects.toThrow(/EEXIST|ENOTDIR/);
    expect(await hasFirstRunData(options().services)).toBe(false);
  });

  it('does not touch an account of that name that somebody else made', async () => {
    const { services } = options();
    await services.accounts.create({ username: 'user2@example.test', password: 'correct horse' });
    await expect(createFirstRunData(options())).rejects.toThrow('is not first-run data');
    expect(await hasFirstRunData(services)).toBe(false);
  });
});

describe('a later start', () => {
  beforeEach(async () => {
    await createFirstRunData(options());
  });

  it('changes nothing where file and database belong together, and closes the file to others', async () => {
    const before = await readFile(devFile, 'utf8');
    const rows = await database.query('SELECT * FROM client_secret ORDER BY id');
    await chmod(devFile, 0o644);
    expect(await createFirstRunData(options())).toEqual({ outcome: 'kept', notes: [] });
    expect(await readFile(devFile, 'utf8')).toBe(before);
    expect(await database.query('SELECT * FROM client_secret ORDER BY id')).toEqual(rows);
    expect((await stat(devFile)).mode & 0o777).toBe(0o600);
  });

  it('makes new credentials for the same rows where the file is lost, and says so without them', async () => {
    const before = await read();
    await rm(devFile);
    const report = await createFirstRunData(options());
    const after = await read();
    expect(report.outcome).toBe('renewed');
    expect(report.notes).toHaveLength(9);
    for (const { password } of after.accounts) expect(report.notes.join()).not.toContain(password);
    expect(report.notes.join()).not.toContain('cfw_cs_');
    expect(after.clients.web.client_id).toBe(before.clients.web.client_id);
    expect(after.clients.web.client_secret).not.toBe(before.clients.web.client_secret);
    expect(await opensEveryDoor(after)).toBe(true);
    expect((await createFirstRunData(options())).outcome).toBe('kept');
  });

  it.each([
    ['is no JSON', '{"issuer": '],
    ['is something else', '{"hello": "world"}'],
    ['is a list', '[]'],
  ])('makes new credentials where the file %s', async (_, content) => {
    await writeFile(devFile, content);
    expect((await createFirstRunData(options())).outcome).toBe('renewed');
    expect(await opensEveryDoor(await read())).toBe(true);
  });

  it('makes everything anew where the database is another one, and a file of another one fits no more', async () => {
    const before = await read();
    await database.query('TRUNCATE account, client, client_secret, resource, gateway_route CASCADE');
    expect((await createFirstRunData(options())).outcome).toBe('created');
    const after = await read();
    expect(after.clients.web.client_id).not.toBe(before.clients.web.client_id);
    expect(await opensEveryDoor(after)).toBe(true);
    await writeFile(devFile, JSON.stringify(before));
    expect((await createFirstRunData(options())).outcome).toBe('renewed');
    expect(await opensEveryDoor(await read())).toBe(true);
  });

  it('leaves a password alone that somebody changed', async () => {
    const { services } = options();
    const account = await services.accounts.findByUsername('user1@example.test');
    await services.accounts.changePassword(account?.id ?? '', 'a password of my own');
    expect((await createFirstRunData(options())).outcome).toBe('kept');
    const verdict = await services.accounts.verifyPassword({
      username: 'user1@example.test',
      password: 'a password of my own',
      networkKey: '',
    });
    expect(verdict.kind).toBe('ok');
  });

  it('makes again what somebody deleted, and adds addresses that have moved', async () => {
    const { services } = options();
    const { clients } = await read();
    await services.clients.delete(clients.device.client_id);
    const moved = {
      callbackUrl: 'http://localhost:4003',
      adminUrl: 'http://localhost:4001',
      issuer: 'http://localhost:4000',
    };
    const report = await createFirstRunData(options(moved));
    expect(report.notes).toEqual(['The client device was missing and was made anew.']);
    const after = await read();
    expect(after.issuer).toBe('http://localhost:4000');
    expect(after.clients.admin.resource).toBe('http://localhost:4001');
    expect(after.clients.web.redirect_uris).toEqual([
      'http://localhost:4003/callback',
      'http://localhost:3005/callback',
    ]);
    const web = await services.clients.find(clients.web.client_id);
    expect(web?.client.metadata.redirect_uris).toEqual([
      'http://localhost:3003/callback',
      'http://localhost:3005/callback',
      'http://localhost:4003/callback',
    ]);
    expect(await opensEveryDoor(after)).toBe(true);
  });
});
