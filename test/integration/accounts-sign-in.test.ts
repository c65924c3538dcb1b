import { monitorEventLoopDelay } from 'node:perf_hooks';
import {
  AccountService,
  defaultSignInLimits,
  PasswordHasher,
  type PasswordVerdict,
  SignInThrottle,
  Throttle,
} from '@curfew/accounts';
import { ManualClock } from '@curfew/clock';
import { HotStatements } from '@curfew/persistence';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';

const cheap = { memoryCost: 64, timeCost: 1, concurrency: 2, queue: 1000 };
const home = '192.0.2.0/24';
const stranger = (n: number) => `10.${n >> 8}.${n & 255}.0/24`;

let database: TestDatabase;
let clock: ManualClock;
let hasher: PasswordHasher;
let accounts: AccountService;
let throttle: Throttle;
let hot: HotStatements;

const serviceWith = (options: Partial<ConstructorParameters<typeof PasswordHasher>[0]> = {}) => {
  const prisma = database.prisma();
  hasher = new PasswordHasher({ ...cheap, ...options });
  throttle = new Throttle(prisma, clock, hot);
  return new AccountService({ prisma, hot, clock, hasher, throttle: new SignInThrottle(throttle) });
};
const attempt = (password: string, from = home, deviceKey?: string): Promise<PasswordVerdict> =>
  accounts.verifyPassword({ username: 'Alice@Example.test', password, networkKey: from, deviceKey });
const kindOf = async (verdict: Promise<PasswordVerdict>): Promise<string> => (await verdict).kind;
const count = (verdicts: readonly PasswordVerdict[], kind: string) =>
  verdicts.filter((one) => one.kind === kind).length;

beforeAll(async () => {
  database = await createTestDatabase();
  hot = new HotStatements(database.configuration(), 3);
});
beforeEach(async () => {
  await database.query('TRUNCATE account, throttle, consent CASCADE');
  clock = new ManualClock();
  accounts = serviceWith();
  await accounts.create({ username: 'alice@example.test', password: 'correct horse' });
});
afterEach(() => assertInvariants(database));
afterAll(async () => {
  await hot.close();
  await database.drop();
});

describe('verifying a password', () => {
  it('finds the account in any spelling of its name', async () => {
    const verdict = await attempt('correct horse');
    expect(verdict).toMatchObject({ kind: 'ok', account: { username: 'alice@example.test' } });
  });

  it.each(['  alice@example.test', 'alice@example.test\u00a0', '\talice@example.test\n'])(
    'finds it with blanks around its name: %j',
    async (username) => {
      const typed = { username, password: 'correct horse', networkKey: home };
      expect(await kindOf(accounts.verifyPassword(typed))).toBe('ok');
    },
  );

  it('takes a password in any form that means the same, and one that was hashed as it was typed', async () => {
    const forms = ['NFC', 'NFD', 'NFKC', 'NFKD'] as const;
    const written = 'caf\u00e9 \ufb01ne pass';
    for (const set of forms) {
      const username = `in-${set.toLowerCase()}`;
      await accounts.create({ username, password: written.normalize(set) });
      for (const form of forms) {
        const typed = { username, password: written.normalize(form), networkKey: home };
        expect([set, form, await kindOf(accounts.verifyPassword(typed))]).toEqual([set, form, 'ok']);
      }
    }
    const older = written.normalize('NFD');
    await accounts.create({ username: 'older', password: 'replaced below' });
    await database.query("UPDATE account SET password_hash = $1 WHERE username = 'older'", [
      await hasher.hash(older),
    ]);
    const verdict = (password: string) =>
      kindOf(accounts.verifyPassword({ username: 'older', password, networkKey: home }));
    expect(await verdict(older)).toBe('ok');
    // The sign-in hashed it anew, in the one form that all others lead to.
    expect(await verdict(written.normalize('NFKC'))).toBe('ok');
    expect(await verdict('cafe fine pass')).toBe('invalid');
  });

  it('looks alike for an unknown account, a wrong password and a disabled account, and hashes once for each', async () => {
    const disabled = await accounts.create({ username: 'bob', password: 'battery staple' });
    await accounts.disable(disabled.id);
    const before = hasher.computed;
    const ask = (username: string, password: string) =>
      accounts.verifyPassword({ username, password, networkKey: home });
    expect(await ask('nobody', 'correct horse')).toMatchObject({ kind: 'invalid', cause: 'unknown_account' });
    expect(await ask('alice@example.test', 'wrong')).toMatchObject({
      kind: 'invalid',
      cause: 'wrong_password',
    });
    expect(await ask('bob', 'wrong')).toMatchObject({ kind: 'invalid', cause: 'wrong_password' });
    expect(await ask('bob', 'battery staple')).toMatchObject({ kind: 'invalid', cause: 'account_disabled' });
    expect(await ask('no such\u0000name', 'x')).toMatchObject({ kind: 'invalid', cause: 'unknown_account' });
    expect(hasher.computed - before).toBe(5);
  });

  it('takes as long for an unknown account as for a wrong password', async () => {
    accounts = serviceWith({ memoryCost: 19_456, timeCost: 2 });
    const carol = await accounts.create({ username: 'carol', password: 'correct horse' });
    const timed = async (username: string, round: number): Promise<number> => {
      const started = performance.now();
      await accounts.verifyPassword({ username, password: 'wrong password', networkKey: stranger(round) });
      return performance.now() - started;
    };
    const [known, unknown]: [number[], number[]] = [[], []];
    for (let round = 0; round < 25; round += 1) {
      known.push(await timed(carol.username, round));
      unknown.push(await timed('dave', round));
    }
    const median = (times: number[]) => times.sort((a, b) => a - b)[12] ?? 0;
    expect(median(unknown) / median(known)).toBeGreaterThan(0.75);
    expect(median(unknown) / median(known)).toBeLessThan(1.33);
  });

  it('refuses a password beyond 1024 bytes without counting or hashing it', async () => {
    const before = hasher.computed;
    expect(await kindOf(attempt('x'.repeat(1025)))).toBe('invalid');
    expect(hasher.computed).toBe(before);
    expect(await database.query('SELECT * FROM throttle')).toEqual([]);
  });

  it('hashes anew with the parameters of today at the next sign-in', async () => {
    const before = await database.query('SELECT password_hash FROM account');
    accounts = serviceWith({ timeCost: 2 });
    expect(await kindOf(attempt('wrong'))).toBe('invalid');
    expect(await database.query('SELECT password_hash FROM account')).toEqual(before);
    expect(await kindOf(attempt('correct horse'))).toBe('ok');
    const [row] = await database.query<{ password_hash: string }>('SELECT password_hash FROM account');
    expect(row?.password_hash).toContain('t=2');
    expect(await kindOf(attempt('correct horse'))).toBe('ok');
  });

  it('says that it is overloaded when too many wait, and holds those attempts against nobody', async () => {
    accounts = serviceWith({ memoryCost: 65_536, timeCost: 10, concurrency: 1, queue: 2 });
    const others = [1, 2, 3].map(() => hasher.hash('somebody else signs up'));
    expect(await attempt('wrong')).toEqual({ kind: 'overloaded', retryAfter: 5 });
    const counted = await database.query<{ count: number }>('SELECT count FROM throttle');
    expect(counted.map((row) => row.count)).toEqual([0, 0, 0]);
    await Promise.all(others);
    expect(await kindOf(attempt('wrong'))).toBe('invalid');
  });

  it('keeps the event loop free and its memory bounded under a thousand sign-ins at once', async () => {
    accounts = serviceWith({ memoryCost: 19_456, timeCost: 2, concurrency: 2, queue: 64 });
    const before = hasher.computed;
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const verdicts = await Promise.all(
      Array.from({ length: 1000 }, (_, n) =>
        accounts.verifyPassword({ username: `name-${n}`, password: 'wrong', networkKey: stranger(n) }),
      ),
    );
    delay.disable();
    expect(count(verdicts, 'overloaded')).toBe(1000 - 66);
    expect(hasher.computed - before).toBe(66);
    expect(delay.percentile(99) / 1e6).toBeLessThan(100);
    const rows = await database.query('SELECT 1 FROM throttle');
    expect(rows.length).toBeLessThanOrEqual(66 * 3);
  });
});

describe('guessing passwords', () => {
  it('lets no more than the limit of 500 simultaneous attempts reach the hash', async () => {
    const before = hasher.computed;
    const verdicts = await Promise.all(Array.from({ length: 500 }, (_, n) => attempt(`guess ${n}`)));
    expect(count(verdicts, 'invalid')).toBe(10);
    expect(count(verdicts, 'throttled')).toBe(490);
    expect(hasher.computed - before).toBe(10);
  });

  it('lets two processes together no more than the limit reach the hash', async () => {
    const first = accounts;
    const firstHasher = hasher;
    accounts = serviceWith();
    const [a, b] = [firstHasher.computed, hasher.computed];
    const guess = (service: AccountService) =>
      service.verifyPassword({ username: 'alice@example.test', password: 'wrong', networkKey: home });
    await Promise.all(Array.from({ length: 100 }, (_, n) => guess(n % 2 === 0 ? first : accounts)));
    expect(firstHasher.computed - a + (hasher.computed - b)).toBe(10);
  });

  it('is answered with the time to wait, after which attempts are let through again', async () => {
    for (let n = 0; n < 10; n += 1) await attempt('wrong');
    clock.advance(60);
    const verdict = await attempt('correct horse');
    expect(verdict).toEqual({ kind: 'throttled', retryAfter: 840 });
    clock.advance(840);
    expect(await kindOf(attempt('correct horse'))).toBe('ok');
  });

  it('is forgiven by a success', async () => {
    for (let round = 0; round < 3; round += 1) {
      for (let n = 0; n < 9; n += 1) expect(await kindOf(attempt('wrong'))).toBe('invalid');
      expect(await kindOf(attempt('correct horse'))).toBe('ok');
    }
  });

  it('of one password on many names is slowed down by network, while other networks go on', async () => {
    const spray = (n: number, from: string) =>
      accounts.verifyPassword({ username: `name-${n}`, password: 'Winter2030!', networkKey: from });
    const verdicts: PasswordVerdict[] = [];
    for (let n = 0; n < 110; n += 1) verdicts.push(await spray(n, stranger(1)));
    expect(count(verdicts, 'invalid')).toBe(100);
    expect(await kindOf(spray(1, stranger(2)))).toBe('invalid');
    expect(await kindOf(attempt('correct horse', home))).toBe('ok');
  });

  it('is not paid for by signing in to an account of one’s own', async () => {
    await accounts.create({ username: 'mallory', password: 'my own password' });
    const own = () =>
      accounts.verifyPassword({ username: 'mallory', password: 'my own password', networkKey: stranger(1) });
    let guessed = 0;
    for (let n = 0; n < 130; n += 1) {
      if (n % 5 === 0) await own();
      const verdict = await accounts.verifyPassword({
        username: `name-${n}`,
        password: 'x',
        networkKey: stranger(1),
      });
      if (verdict.kind === 'invalid') guessed += 1;
    }
    expect(guessed).toBe(100);
  });
});

describe('a flood of wrong passwords from a thousand networks', () => {
  const flood = async (attempts: number, first = 0): Promise<PasswordVerdict[]> => {
    const verdicts: PasswordVerdict[] = [];
    for (let n = first; n < first + attempts; n += 20) {
      verdicts.push(
        ...(await Promise.all(Array.from({ length: 20 }, (_, i) => attempt('guess', stranger(n + i))))),
      );
    }
    return verdicts;
  };

  it('gets a hundred guesses and then one in a quarter of an hour', async () => {
    const verdicts = await flood(300);
    expect(count(verdicts, 'invalid')).toBe(101);
    clock.advance(15 * 60);
    expect(count(await flood(40, 1000), 'invalid')).toBe(1);
  });

  it('does not lock the owner out where they signed in before', async () => {
    expect(await kindOf(attempt('correct horse', home))).toBe('ok');
    await flood(300);
    expect(await kindOf(attempt('a typing mistake', home))).toBe('invalid');
    expect(await kindOf(attempt('correct horse', home))).toBe('ok');
  });

  it('does not lock the owner out of a browser they signed in with, wherever it is', async () => {
    expect(await kindOf(attempt('correct horse', home, 'laptop'))).toBe('ok');
    await flood(300);
    expect(await kindOf(attempt('correct horse', '198.51.100.0/24', 'laptop'))).toBe('ok');
    expect(await kindOf(attempt('correct horse', '203.0.113.0/24', 'another browser'))).toBe('throttled');
  });

  it('stops holding up the owner at a new place once an operator has spoken for them', async () => {
    await flood(300);
    expect(await kindOf(attempt('correct horse', home))).toBe('throttled');
    const account = await accounts.findByUsername('alice@example.test');
    await accounts.forgiveFailures(account?.id ?? '');
    expect(await kindOf(attempt('correct horse', home))).toBe('ok');
  });

  it('gets no new guesses because the owner signs in at home', async () => {
    await attempt('correct horse', home);
    await flood(300);
    expect(await kindOf(attempt('correct horse', home))).toBe('ok');
    expect(count(await flood(40, 1000), 'invalid')).toBe(0);
  });

  it('from the owner’s own network does not lock out the owner’s browser', async () => {
    await attempt('correct horse', home, 'laptop');
    for (let n = 0; n < 20; n += 1) await attempt('wrong', home);
    expect(await kindOf(attempt('correct horse', home))).toBe('throttled');
    expect(await kindOf(attempt('correct horse', home, 'laptop'))).toBe('ok');
  });

  it('never gets more than a hundred guesses at the usual pace, not even from a familiar network', async () => {
    await attempt('correct horse', home);
    let guesses = 0;
    for (let round = 0; round < 14; round += 1) {
      for (let n = 0; n < 11; n += 1) {
        if ((await kindOf(attempt('wrong', home))) === 'invalid') guesses += 1;
      }
      clock.advance(defaultSignInLimits.place.window);
    }
    expect(guesses).toBeLessThanOrEqual(100 + 14);
    expect(guesses).toBeGreaterThanOrEqual(100);
  });
});

describe('counters of attempts', () => {
  it('hold neither names nor addresses in clear', async () => {
    await attempt('correct horse', home, 'laptop-cookie');
    await attempt('wrong', stranger(7), 'laptop-cookie');
    const rows = JSON.stringify(await database.query('SELECT * FROM throttle'));
    for (const secret of ['alice', '192.0.2', '10.0.7', 'laptop']) expect(rows).not.toContain(secret);
  });

  it('of places that are familiar are written once a day, and none is forgotten within ninety days', async () => {
    const written = () =>
      database.query(`SELECT key, xmin::text FROM throttle WHERE key LIKE 'familiar%' ORDER BY 1`);
    await attempt('correct horse', home, 'laptop');
    const first = await written();
    expect(first).toHaveLength(2);
    clock.advance(23 * 3_600);
    await attempt('correct horse', home, 'laptop');
    expect(await written()).toEqual(first);
    clock.advance(2 * 3_600);
    await attempt('correct horse', home, 'laptop');
    const second = await written();
    for (const [index, { key, xmin }] of second.entries()) {
      expect(key).toBe(first[index]!.key);
      expect(xmin).not.toBe(first[index]!.xmin);
    }
    clock.advance(23 * 3_600);
    await attempt('correct horse', home, 'laptop');
    clock.advance(defaultSignInLimits.familiarFor - 1);
    for (let n = 0; n < 110; n += 1) await attempt('wrong', stranger(n));
    expect(await kindOf(attempt('correct horse', home))).toBe('ok');
  });

  it('are pruned when their window is over, and only then', async () => {
    for (let n = 0; n < 3; n += 1)
      await throttle.take(`key-${n}`, { count: 1, window: defaultSignInLimits.place.window });
    expect(await throttle.prune()).toBe(0);
    clock.advance(defaultSignInLimits.place.window);
    expect(await throttle.prune(2)).toBe(2);
    expect(await throttle.prune(2)).toBe(1);
  });

  it('count again from one when a new window begins, however many were refused', async () => {
    const rate = { count: 2, window: defaultSignInLimits.place.window };
    const take = async () => (await throttle.take('key', rate)).allowed;
    expect([await take(), await take(), await take(), await take()]).toEqual([true, true, false, false]);
    await throttle.giveBack('key', rate);
    expect([await take(), await take()]).toEqual([true, false]);
    clock.advance(rate.window);
    expect([await take(), await take(), await take()]).toEqual([true, true, false]);
    await throttle.reset('key');
    expect(await take()).toBe(true);
  });
});
