import { type Account, SecondFactors, SignInThrottle, Throttle } from '@curfew/accounts';
import { ManualClock } from '@curfew/clock';
import type { PrismaService } from '@curfew/persistence';
import { instant, seconds } from '@curfew/session-policy';
import { ServiceKeys, secretSeal } from '@curfew/tokens';
import { Authenticator } from '../support/authenticator.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
const clock = new ManualClock(instant(1_800_000_000_000));
const keys = new ServiceKeys(['one secret of the service, long enough', 'an older secret of the service']);
const binding = 'browser';

const nodeOn = (prisma: PrismaService, secrets = keys) =>
  new SecondFactors({
    prisma,
    clock,
    throttle: new Throttle(prisma, clock),
    seal: secretSeal(secrets, 'second factor'),
    codeKeys: secrets.derive('recovery code').map(({ key }) => key),
    issuer: 'id.example.test',
  });
let nodes: readonly SecondFactors[];
beforeAll(async () => {
  database = await createTestDatabase();
  nodes = [nodeOn(database.prisma()), nodeOn(database.prisma())];
}, 60_000);
afterAll(() => database?.drop());

let number = 0;
const anAccount = async (): Promise<Account> => {
  const id = `00000000-0000-4000-8000-${String(++number).padStart(12, '0')}`;
  const at = new Date(clock.now());
  await database.prisma().account.create({
    data: {
      ...{ id, username: `person-${number}`, passwordHash: 'none' },
      ...{ passwordChangedAt: at, createdAt: at, updatedAt: at },
    },
  });
  return { id, username: `person-${number}` } as Account;
};

/** An account with an app that was set up a while ago. */
const enrolled = async () => {
  const account = await anAccount();
  const [node] = nodes;
  await node!.propose(account, binding);
  const { secret } = (await node!.proposed(account, binding))!;
  const app = new Authenticator(secret, () => clock.now());
  const shown = { account, binding, typed: app.code() };
  const codes = await database.prisma().$transaction((tx) => node!.confirm(shown, tx));
  clock.advance(seconds(300));
  return { account, app, codes: codes! };
};
/** Tries a code so many times at once, on both nodes, each time from another network. */
const tryAtOnce = async (account: Account, typed: string, times = 50) => {
  const verdicts = await Promise.all(
    Array.from({ length: times }, (_, index) =>
      nodes[index % 2]!.verify(account, { typed, networkKey: `network-${index}` }),
    ),
  );
  return verdicts.filter(({ kind }) => kind === 'ok').length;
};

describe('a one-time password', () => {
  it('is taken once, however often and wherever it is tried at once', async () => {
    for (let round = 0; round < 10; round++) {
      const { account, app } = await enrolled();
      expect(await tryAtOnce(account, app.code())).toBe(1);
      expect(await tryAtOnce(account, app.code(), 2)).toBe(0);
    }
  });

  it.each([
    [-2, 0],
    [-1, 1],
    [0, 1],
    [1, 1],
    [2, 0],
  ])('of the time step %i from now is taken %i times', async (steps, taken) => {
    const { account, app } = await enrolled();
    expect(await tryAtOnce(account, app.code(steps), 2)).toBe(taken);
  });

  it('of an earlier step is not taken after a later one', async () => {
    const { account, app } = await enrolled();
    expect(await tryAtOnce(account, app.code(1), 1)).toBe(1);
    expect(await tryAtOnce(account, app.code(0), 1)).toBe(0);
  });

  it('is nothing before its app was confirmed, or for another browser', async () => {
    const account = await anAccount();
    await nodes[0]!.propose(account, binding);
    const { secret } = (await nodes[1]!.proposed(account, binding))!;
    const typed = new Authenticator(secret, () => clock.now()).code();
    expect(await tryAtOnce(account, typed, 2)).toBe(0);
    expect(await nodes[0]!.proposed(account, 'another browser')).toBeNull();
    const confirm = (shown: string) =>
      database.prisma().$transaction((tx) => nodes[0]!.confirm({ account, binding: shown, typed }, tx));
    expect(await confirm('another browser')).toBeNull();
    clock.advance(seconds(600));
    expect(await confirm(binding)).toBeNull();
  });

  it('is not guessed: ten attempts from a network, a hundred from anywhere, then one in a quarter of an hour', async () => {
    const { account, app } = await enrolled();
    const kinds = async (times: number, network: (index: number) => string) => {
      const seen: string[] = [];
      for (let index = 0; index < times; index++)
        seen.push((await nodes[0]!.verify(account, { typed: '000000', networkKey: network(index) })).kind);
      return seen;
    };
    expect(await kinds(11, () => 'one')).toEqual([...Array(10).fill('invalid'), 'throttled']);
    const others = await kinds(92, (index) => `other-${index}`);
    expect(others.filter((kind) => kind === 'throttled')).toHaveLength(1);
    clock.advance(seconds(901));
    expect(await nodes[0]!.verify(account, { typed: app.code(), networkKey: 'one' })).toMatchObject({
      kind: 'ok',
    });
    expect(await kinds(2, () => 'one')).toEqual(['invalid', 'invalid']);
  });

  it('is neither kept from its owner nor made easier to guess by a thief of the password', async () => {
    const { account, app } = await enrolled();
    const attempt = async (typed: string, networkKey: string, deviceKey?: string) =>
      (await nodes[0]!.verify(account, { typed, networkKey, deviceKey })).kind;
    const ownerAt = async (...place: [networkKey: string, deviceKey?: string]) => {
      clock.advance(seconds(60));
      return attempt(app.code(), ...place);
    };
    expect([await ownerAt('home'), await ownerAt('office', 'laptop')]).toEqual(['ok', 'ok']);
    for (let index = 0; index < 101; index++) await attempt('000000', `thief-${index}`, 'made up');
    // The thief has used up what strangers have; the owner comes from where they were, or with the browser that they had.
    expect(await attempt('000000', 'thief')).toBe('throttled');
    expect([await ownerAt('home'), await ownerAt('hotel', 'laptop')]).toEqual(['ok', 'ok']);
    expect(await attempt('000000', 'thief')).toBe('throttled');
    await new SignInThrottle(new Throttle(database.prisma(), clock)).forgive(account);
    expect(await attempt('000000', 'thief')).toBe('invalid');
  });
});

describe('a recovery code', () => {
  it('is one of ten, works once in any spelling, and no more after new ones', async () => {
    const { account, codes } = await enrolled();
    expect(new Set(codes).size).toBe(10);
    const [first, second, third] = codes;
    expect(await tryAtOnce(account, first!.toUpperCase().replaceAll('-', ' '))).toBe(1);
    expect(await nodes[1]!.state(account.id)).toMatchObject({ recoveryCodes: 9 });
    expect(await tryAtOnce(account, second!, 1)).toBe(1);
    const renewed = await database.prisma().$transaction((tx) => nodes[0]!.renewCodes(account.id, tx));
    expect(await tryAtOnce(account, third!, 1)).toBe(0);
    expect(await tryAtOnce(account, renewed[0]!, 1)).toBe(1);
  });

  it('is not that of another account', async () => {
    const [one, other] = [await enrolled(), await enrolled()];
    expect(await tryAtOnce(other.account, one.codes[0]!, 1)).toBe(0);
  });

  it('is still known after the secrets of the service were rolled over', async () => {
    const { account, codes, app } = await enrolled();
    const older = new ServiceKeys([
      'a new secret of the service, long enough',
      'one secret of the service, long enough',
    ]);
    const node = nodeOn(database.prisma(), older);
    const attempt = (typed: string) => node.verify(account, { typed, networkKey: 'one' });
    expect(await attempt(codes[0]!)).toMatchObject({ kind: 'ok', by: 'recovery_code' });
    expect(await attempt(app.code())).toMatchObject({ kind: 'ok', by: 'totp' });
  });
});

it('keeps neither secrets nor codes in the clear, and removes all of them', async () => {
  const { account, codes } = await enrolled();
  const stored = JSON.stringify(
    await database.query(
      `SELECT encode(secret, 'escape') AS secret FROM totp_factor
       UNION ALL SELECT encode(code_hash, 'escape') FROM recovery_code`,
    ),
  );
  for (const code of codes) expect(stored).not.toContain(code.replaceAll('-', ''));
  expect(await database.prisma().$transaction((tx) => nodes[0]!.remove(account.id, tx))).toBe(true);
  expect(await database.prisma().$transaction((tx) => nodes[0]!.remove(account.id, tx))).toBe(false);
  expect(await nodes[0]!.state(account.id)).toEqual({ totp: null, recoveryCodes: 0 });
  expect(await tryAtOnce(account, codes[0]!, 1)).toBe(0);
  const [row] = await database.query<{ second_factors: string[] }>(
    `SELECT second_factors FROM account WHERE id = '${account.id}'`,
  );
  expect(row!.second_factors).toEqual([]);
});
