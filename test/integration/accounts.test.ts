import {
  AccountError,
  AccountService,
  ConsentService,
  PasswordHasher,
  SignInThrottle,
  Throttle,
} from '@curfew/accounts';
import { ManualClock } from '@curfew/clock';
import type { PrismaService } from '@curfew/persistence';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';

const network = '192.0.2.0/24';
const nobody = '00000000-0000-4000-8000-000000000000';

let database: TestDatabase;
let prisma: PrismaService;
let clock: ManualClock;
let accounts: AccountService;
let consents: ConsentService;

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => 'done',
    (reason: unknown) => reason,
  );
  return error instanceof AccountError ? error.code : String(error);
};
const signIn = async (username: string, password: string): Promise<string> => {
  const verdict = await accounts.verifyPassword({ username, password, networkKey: network });
  return verdict.kind === 'invalid' ? verdict.cause : verdict.kind;
};
const alice = () => accounts.create({ username: 'alice', password: 'correct horse' });

beforeAll(async () => {
  database = await createTestDatabase();
  prisma = database.prisma();
});
beforeEach(async () => {
  await database.query('TRUNCATE account, throttle, consent CASCADE');
  clock = new ManualClock();
  const hasher = new PasswordHasher({ memoryCost: 64, timeCost: 1 });
  accounts = new AccountService({
    prisma,
    clock,
    hasher,
    throttle: new SignInThrottle(new Throttle(prisma, clock)),
  });
  consents = new ConsentService(prisma, clock);
});
afterEach(() => assertInvariants(database));
afterAll(() => database.drop());

describe('accounts', () => {
  it('are created once per name, in whatever spelling, also by two who try at once', async () => {
    const names = ['Alice', 'alice', 'ALICE', '\uff41lice'];
    const outcomes = await Promise.all(
      names.map((username) => codeOf(accounts.create({ username, password: 'correct horse' }))),
    );
    expect(outcomes.sort()).toEqual(['done', 'username_taken', 'username_taken', 'username_taken']);
  });

  it('are refused with a name or a password that cannot be one, before anything is hashed or stored', async () => {
    expect(await codeOf(accounts.create({ username: 'a b', password: 'correct horse' }))).toBe(
      'username_invalid',
    );
    expect(await codeOf(accounts.create({ username: 'a\u0000', password: 'correct horse' }))).toBe(
      'username_invalid',
    );
    expect(await codeOf(accounts.create({ username: 'alice', password: 'short' }))).toBe(
      'password_too_short',
    );
    expect(await codeOf(accounts.create({ username: 'alice', password: 'x'.repeat(1025) }))).toBe(
      'password_too_long',
    );
    expect(await codeOf(accounts.create({ username: 'alice.b', password: 'ALICE.B' }))).toBe(
      'password_too_short',
    );
    expect(await database.query('SELECT * FROM account')).toEqual([]);
  });

  it('keep nothing of a password but its hash', async () => {
    await alice();
    const rows = JSON.stringify(await database.query('SELECT * FROM account'));
    expect(rows).not.toContain('correct horse');
    expect(rows).toContain('$argon2id$');
  });

  it('sign in with the new password only, once it is changed', async () => {
    const { id } = await alice();
    await accounts.requireNewPassword(id);
    expect((await accounts.findById(id))?.mustChangePassword).toBe(true);
    clock.advance(60);
    const changed = await accounts.changePassword(id, 'battery staple');
    expect(changed).toMatchObject({ mustChangePassword: false, passwordChangedAt: clock.now() });
    expect(await signIn('alice', 'correct horse')).toBe('wrong_password');
    expect(await signIn('alice', 'battery staple')).toBe('ok');
  });

  it('refuse sign-in while disabled, keep the first instant, and sign in again once enabled', async () => {
    const { id } = await alice();
    const disabledAt = clock.now();
    await accounts.disable(id);
    clock.advance(60);
    await accounts.disable(id);
    expect((await accounts.findById(id))?.disabledAt).toBe(disabledAt);
    expect(await signIn('alice', 'correct horse')).toBe('account_disabled');
    await accounts.enable(id);
    expect(await signIn('alice', 'correct horse')).toBe('ok');
  });

  it('disabled while the password is being verified do not sign in', async () => {
    const { id } = await alice();
    const slow = new PasswordHasher({ memoryCost: 65_536, timeCost: 8 });
    await accounts.changePassword(
      id,
      await new AccountService({
        prisma,
        clock,
        hasher: slow,
        throttle: new SignInThrottle(new Throttle(prisma, clock)),
      }).preparePassword('alice', 'correct horse'),
    );
    const verdict = signIn('alice', 'correct horse');
    await new Promise((resolve) => setTimeout(resolve, 60));
    await accounts.disable(id);
    expect(await verdict).toBe('account_disabled');
  });

  it('are gone with the consents they gave once deleted', async () => {
    const { id } = await alice();
    await consents.remember(id, 'web', { scopes: ['openid'], claims: [], resources: {} });
    await accounts.delete(id);
    expect(await accounts.findById(id)).toBeNull();
    expect(await consents.ofAccount(id)).toEqual([]);
    expect(await signIn('alice', 'correct horse')).toBe('unknown_account');
  });

  it('change in the transaction of the caller, and not at all if that fails', async () => {
    const { id } = await alice();
    const prepared = await accounts.preparePassword('alice', 'battery staple');
    const failing = prisma.$transaction(async (tx) => {
      await accounts.disable(id, tx);
      await accounts.requireNewPassword(id, tx);
      await accounts.changePassword(id, prepared, tx);
      await accounts.create({ username: 'bob', password: prepared }, tx);
      await consents.remember(id, 'web', { scopes: ['openid'], claims: [], resources: {} }, tx);
      await accounts.delete(id, tx);
      throw new RangeError('ending the sessions failed');
    });
    await expect(failing).rejects.toThrow('ending the sessions failed');
    expect(await accounts.findById(id)).toMatchObject({ disabledAt: null, mustChangePassword: false });
    expect(await signIn('alice', 'correct horse')).toBe('ok');
    expect(await accounts.findByUsername('bob')).toBeNull();
    expect(await consents.find(id, 'web')).toBeNull();
  });

  it('that do not exist are named so, whatever is asked for', async () => {
    for (const id of [nobody, 'alice', '', '\u0000', "'; DROP TABLE account; --"]) {
      expect(await accounts.findById(id)).toBeNull();
      const works = [
        () => accounts.disable(id),
        () => accounts.enable(id),
        () => accounts.delete(id),
        () => accounts.requireNewPassword(id),
        () => accounts.changePassword(id, 'battery staple'),
      ];
      for (const work of works) expect(await codeOf(work())).toBe('unknown_account');
    }
    expect(await accounts.findByUsername('\u0000')).toBeNull();
  });

  it('are listed by name, page by page, each once', async () => {
    const password = await accounts.preparePassword('x', 'correct horse');
    for (let n = 0; n < 7; n += 1) await accounts.create({ username: `user_${n}`, password });
    await accounts.create({ username: 'userx9', password });
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await accounts.list({ after, limit: 3, prefix: 'user_' });
      seen.push(...page.accounts.map((one) => one.username));
      after = page.next;
    } while (after !== null);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `user_${n}`));
    expect((await accounts.list({ prefix: '%' })).accounts).toEqual([]);
    expect((await accounts.list({ after: '\u0000' })).accounts).toEqual([]);
    expect((await accounts.list({ limit: 10_000 })).accounts).toHaveLength(8);
  });
});

describe('consent', () => {
  const orders = 'https://orders.example.test';

  it('is remembered with scopes, claims and APIs, and adds up', async () => {
    const { id } = await alice();
    expect(await consents.find(id, 'web')).toBeNull();
    await consents.remember(id, 'web', { scopes: ['openid'], claims: ['email'], resources: {} });
    clock.advance(60);
    await consents.remember(id, 'web', { scopes: [], claims: [], resources: { [orders]: ['orders:read'] } });
    expect(await consents.find(id, 'web')).toEqual({
      accountId: id,
      clientId: 'web',
      scopes: ['openid'],
      claims: ['email'],
      resources: { [orders]: ['orders:read'] },
      grantedAt: clock.now(),
    });
  });

  it('of many tabs that answer at once is kept whole', async () => {
    const { id } = await alice();
    const answer = (n: number) =>
      consents.remember(id, 'web', { scopes: [`scope${n}`], claims: [], resources: {} });
    await Promise.all(Array.from({ length: 12 }, (_, n) => answer(n)));
    expect((await consents.find(id, 'web'))?.scopes).toHaveLength(12);
  });

  it('is forgotten when it is withdrawn, for this client or for a client that is gone', async () => {
    const { id } = await alice();
    const access = { scopes: ['openid'], claims: [], resources: {} };
    for (const client of ['web', 'spa', 'old']) await consents.remember(id, client, access);
    expect(await consents.withdraw(id, 'web')).toBe(true);
    expect(await consents.withdraw(id, 'web')).toBe(false);
    await consents.forgetClient('old');
    expect((await consents.ofAccount(id)).map((one) => one.clientId)).toEqual(['spa']);
  });
});
