import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { ArtifactStore, StagedWrites } from '@curfew/artifacts';
import { DisciplinedClock } from '@curfew/clock';
import {
  advanceVirtualClock,
  clockChannel,
  DatabaseListener,
  databaseClock,
  HotStatements,
  isDatabaseUnavailable,
  isRetryable,
  isUniqueViolation,
  type PrismaService,
  retrying,
  VirtualClockRefused,
} from '@curfew/persistence';
import { instant } from '@curfew/session-policy';
import { KeyRing, PayloadSeal, ServiceKeys } from '@curfew/tokens';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';
import { failExactlyAt } from '../support/faults.js';
import { type DatabaseProxy, proxyTo } from '../support/proxy.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
afterEach(() => assertInvariants(database));

/** The error with which `work` is rejected; fails if it is not. */
async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  const outcome = await work.then(
    () => ({ failed: false, error: undefined }),
    (error: unknown) => ({ failed: true, error }),
  );
  expect(outcome.failed).toBe(true);
  return outcome.error;
}

const aSecretRow = (name: string) => ({
  key: name,
  count: 1,
  windowEndsAt: new Date(Date.UTC(2030, 0, 1)),
});

describe('a hot statement', () => {
  const statement = {
    name: 'throttles_by_key',
    text: 'SELECT t.count FROM unnest($1::text[]) AS w(key) JOIN throttle t ON t.key = w.key',
  };

  it('is planned once for a connection, whatever its lists, and not as a scan of a table that was empty then', async () => {
    const hot = new HotStatements(database.configuration(), 1);
    try {
      const ask = (name: string, text: string) => hot.run<unknown[]>({ name, text }, []);
      for (let length = 1; length <= 12; length += 1)
        await hot.run(statement, [Array.from({ length }, (_, index) => `key ${index}`)]);
      const plans = `SELECT generic_plans::int, custom_plans::int FROM pg_prepared_statements WHERE name = '${statement.name}'`;
      expect(await ask('plans', plans)).toEqual([[12, 0]]);
      const plan = await ask('plan', `EXPLAIN EXECUTE ${statement.name} (ARRAY['a key'])`);
      expect(plan.join('\n')).toMatch(/Index .*Scan using throttle_pkey/);
    } finally {
      await hot.close();
    }
  });
});

describe('artifacts of the protocol', () => {
  let hot: HotStatements;
  let store: ArtifactStore;
  beforeAll(() => {
    hot = new HotStatements(database.configuration(), 1);
    const seal = new PayloadSeal(
      new KeyRing(new ServiceKeys(['a secret of a test that is long enough']).derive('test')),
    );
    store = new ArtifactStore(database.prisma(), seal, hot);
  });
  afterAll(() => hot.close());

  it('are gone within a minute after they expire; a code that nobody used stays for an hour', async () => {
    const at = Date.UTC(2030, 0, 1);
    const kinds = ['AuthorizationCode', 'DeviceCode', 'Grant', 'Interaction', 'ReplayDetection'];
    await database.query(
      `INSERT INTO protocol_artifact (kind, id_hash, payload, expires_at, consumed_at)
       SELECT kind, sha256((kind || used || late)::bytea), '', to_timestamp($2::float8 / 1000) + make_interval(secs => late), CASE WHEN used THEN now() END
       FROM unnest($1::text[]) AS kind, unnest(ARRAY[true, false]) AS used, unnest(ARRAY[0, 60]) AS late`,
      [kinds, at],
    );
    const left = () =>
      database.query<{ kind: string; used: boolean }>(
        'SELECT kind, consumed_at IS NOT NULL AS used FROM protocol_artifact ORDER BY kind',
      );
    const pruned = async (now: number) => {
      while ((await store.prune(instant(now), 3)) === 3);
      return left();
    };
    const codes = ['AuthorizationCode', 'DeviceCode'].map((kind) => ({ kind, used: false }));
    expect(await pruned(at)).toHaveLength(20);
    expect(await pruned(at + 1)).toHaveLength(12);
    expect(await pruned(at + 60_001)).toEqual(codes.flatMap((code) => [code, code]));
    expect(await pruned(at + 3_600_001)).toEqual(codes);
    expect(await pruned(at + 3_660_001)).toEqual([]);
  });

  it('that lead to a device stay as long as its session, and a day where there is none', async () => {
    const at = Date.UTC(2031, 0, 1);
    const day = 86_400_000;
    const [live, none] = [randomUUID(), randomUUID()];
    await database.query(
      `INSERT INTO session (id, account_id, client_id, offline, resources, "authorization", baseline, signed_in_at, started_at, inactivity_timeout,
         absolute_deadline, check_after, last_active_at, expires_at)
       VALUES ($1::uuid, gen_random_uuid(), 'device', true, '{}', '{}', '{}', now(), now(), 60, 'infinity', 'infinity', now(), 'infinity')`,
      [live],
    );
    await database.query(
      `INSERT INTO protocol_artifact (kind, id_hash, payload, grant_id, uid, expires_at)
       SELECT 'UpstreamDevice', sha256(uid::bytea), '', 'a key', uid, to_timestamp($2::float8 / 1000) FROM unnest($1::text[]) AS uid`,
      [[live, none], at],
    );
    const left = async () => {
      const found = await database.query<{ uid: string }>(
        "SELECT uid FROM protocol_artifact WHERE kind = 'UpstreamDevice' ORDER BY uid",
      );
      return found.map(({ uid }) => uid);
    };
    const pruned = async (now: number) => {
      while ((await store.prune(instant(now), 1)) === 1);
      return left();
    };
    expect(await pruned(at)).toHaveLength(2);
    expect(await pruned(at + 1)).toEqual([live]);
    await database.query("UPDATE session SET ended_at = now(), end_reason = 'logout' WHERE id = $1::uuid", [
      live,
    ]);
    expect(await pruned(at + day)).toEqual([live]);
    expect(await pruned(at + day + 2)).toEqual([]);
    await database.query('DELETE FROM session WHERE id = $1::uuid', [live]);
  });

  it('that are asked for at once are found each for itself, with a grant that has a row or came with its code', async () => {
    const until = instant(Date.UTC(2030, 0, 1));
    const grant = { clientId: 'web' };
    const code = (id: string) => ({ kind: 'AuthorizationCode', id });
    const before = new StagedWrites();
    before.save({ kind: 'Grant', id: 'of a' }, grant, until);
    await store.commit(before);
    const staged = new StagedWrites();
    staged.save(code('a'), { grantId: 'of a' }, until);
    staged.save({ kind: 'Grant', id: 'of b' }, grant, until);
    staged.save(code('b'), { grantId: 'of b' }, until);
    staged.save(code('c'), { grantId: 'of c' }, until);
    await store.commit(staged);
    const ofGrants = await database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM protocol_artifact WHERE kind = 'Grant' AND id_hash = ANY (ARRAY[sha256('of a'), sha256('of b')])`,
    );
    expect(ofGrants).toEqual([{ n: 1 }]);
    const asked = [...'abcd', 'a'].map((id) => store.findWithGrant(code(id)));
    const found = (await Promise.all(asked)).map((one) => one && [one.payload['grantId'], one.grant]);
    expect(found).toEqual([
      ['of a', grant],
      ['of b', grant],
      ['of c', undefined],
      undefined,
      ['of a', grant],
    ]);
  });
});

describe('a database in trouble', () => {
  let proxy: DatabaseProxy;
  let prisma: PrismaService;
  beforeEach(async () => {
    proxy = await proxyTo(database.url);
    prisma = database.prisma({
      DATABASE_URL: proxy.url,
      CURFEW_DATABASE_POOL_SIZE: '1',
      CURFEW_DATABASE_CONNECT_TIMEOUT: '400ms',
      CURFEW_DATABASE_STATEMENT_TIMEOUT: '400ms',
      CURFEW_DATABASE_TRANSACTION_TIMEOUT: '600ms',
    });
    await prisma.throttle.count();
  });
  afterEach(async () => {
    await prisma.$disconnect();
    await proxy.close();
  });

  const endOurConnections = () =>
    database.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1',
      ['curfew'],
    );

  const troubles: [string, () => Promise<unknown>][] = [
    ['a statement that takes too long', () => prisma.$queryRaw`SELECT pg_sleep(2)`],
    [
      'a connection ended by the server',
      () => prisma.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(1)`,
    ],
    [
      'a connection ended inside a transaction',
      () =>
        prisma.$transaction(async (transaction) => {
          await endOurConnections();
          await pause(30);
          await transaction.throttle.count();
        }),
    ],
    [
      'a transaction that takes too long',
      () =>
        prisma.$transaction(async (transaction) => {
          await pause(800);
          await transaction.throttle.count();
        }),
    ],
    [
      'no free connection for a statement',
      async () => {
        const holder = prisma.$transaction(() => pause(550));
        await pause(50);
        try {
          return await prisma.throttle.count();
        } finally {
          await holder.catch(() => {});
        }
      },
    ],
    [
      'no free connection for a transaction',
      async () => {
        const holder = prisma.$transaction(() => pause(550));
        await pause(50);
        try {
          return await prisma.$transaction((transaction) => transaction.throttle.count());
        } finally {
          await holder.catch(() => {});
        }
      },
    ],
    [
      'a network that is down',
      () => {
        proxy.cut();
        return prisma.throttle.count();
      },
    ],
    [
      'a network that is down when a transaction begins',
      () => {
        proxy.cut();
        return prisma.$transaction((transaction) => transaction.throttle.count());
      },
    ],
    [
      'a network that says nothing any more',
      () => {
        proxy.freeze();
        return prisma.throttle.count();
      },
    ],
    [
      'a connection lost in the middle of COMMIT',
      async () => {
        const lost = proxy.cutAfterClientSends('COMMIT');
        const work = prisma.$transaction((transaction) => transaction.throttle.count());
        await lost;
        return work;
      },
    ],
    [
      'a server with no room',
      () => Promise.reject(Object.assign(new Error('sorry, too many clients'), { code: '53300' })),
    ],
  ];

  it.each(troubles)('%s is recognised as such, and the next statement works', async (_, cause) => {
    const began = performance.now();
    const error = await thrownBy(cause());
    expect(isDatabaseUnavailable(error)).toBe(true);
    expect(isUniqueViolation(error)).toBe(false);
    expect(performance.now() - began).toBeLessThan(2_500);
    proxy.heal();
    // The pool may hold one more connection that it does not know to be dead.
    await prisma.throttle.count().catch(() => {});
    expect(await prisma.throttle.count()).toBeGreaterThanOrEqual(0);
  });

  it.each([
    ...['08006', '08P01', '25006', '26000', '28P01', '3D000', '40001', '40P01', '42P05', '53300', '53100'],
    ...['55P03', '57014', '57P01', '57P02', '57P03', '57P05', '58000', '58030', '58P01', '58P02'],
  ])('is what SQLSTATE %s means, through Prisma and past it', async (state) => {
    const raise = `DO $$ BEGIN RAISE EXCEPTION 'as the server says it' USING ERRCODE = '${state}'; END $$`;
    for (const work of [
      () => prisma.$executeRawUnsafe(raise),
      () => prisma.$transaction((transaction) => transaction.$executeRawUnsafe(raise)),
      () => prisma.direct.run({ name: `raise-${state}`, text: raise }, []),
    ])
      expect(isDatabaseUnavailable(await thrownBy(work()))).toBe(true);
  });

  it('may end a connection in the very moment in which it begins, when nobody who asked for it listens yet', async () => {
    const message = (kind: string, body: Buffer) => {
      const length = Buffer.alloc(4);
      length.writeInt32BE(body.length + 4);
      return Buffer.concat([Buffer.from(kind), length, body]);
    };
    // AuthenticationOk, ReadyForQuery and the end, as PostgreSQL sends them where its postmaster is killed (§54.7).
    const welcome = [
      message('R', Buffer.alloc(4)),
      message('Z', Buffer.from('I')),
      message(
        'E',
        Buffer.from('SFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0'),
      ),
    ];
    const ending = net.createServer((socket) =>
      socket.once('data', () => socket.end(Buffer.concat(welcome))),
    );
    await new Promise<void>((resolve) => ending.listen(0, '127.0.0.1', resolve));
    const { port } = ending.address() as net.AddressInfo;
    const url = `postgresql://somebody:secret@127.0.0.1:${port}/curfew`;
    const hot = new HotStatements(database.configuration({ DATABASE_URL: url }), 1);
    const error = await hot.run({ name: 'one', text: 'SELECT 1' }, []).catch((reason: unknown) => reason);
    expect(isDatabaseUnavailable(error)).toBe(true);
    await hot.close();
    ending.close();
  });

  it('is not what a mistake in a statement or a refused row looks like', async () => {
    for (const work of [
      () => prisma.$queryRaw`SELECT nothing FROM nowhere`,
      () => prisma.$queryRaw`SELECT 1 / 0`,
      () => prisma.throttle.update({ where: { key: 'nobody' }, data: { count: 2 } }),
      () => Promise.reject(new TypeError('x is not a function')),
      () => Promise.reject('a string'),
    ])
      expect(isDatabaseUnavailable(await thrownBy(work()))).toBe(false);
  });
});

describe('a refused row', () => {
  it('is recognised by Prisma models, raw statements and inside transactions, and by the name of the constraint', async () => {
    const prisma = database.prisma();
    await prisma.throttle.create({ data: aSecretRow('twice') });
    const insert = () =>
      prisma.$executeRaw`INSERT INTO "throttle" VALUES ('twice', 1, '2030-01-01T00:00:00Z')`;
    for (const work of [
      () => prisma.throttle.create({ data: aSecretRow('twice') }),
      insert,
      () => prisma.$transaction((transaction) => transaction.throttle.create({ data: aSecretRow('twice') })),
    ]) {
      const error = await thrownBy(work());
      expect(isUniqueViolation(error)).toBe(true);
      expect(isUniqueViolation(error, 'account_username_key')).toBe(false);
      expect(isDatabaseUnavailable(error)).toBe(false);
    }
    expect(isUniqueViolation(await thrownBy(insert()), 'throttle_pkey')).toBe(true);
  });
});

describe('retrying', () => {
  it.each(['40001', '40P01'])('runs a transaction again that lost against another (%s)', async (state) => {
    const prisma = database.prisma();
    const fault = await failExactlyAt(
      database,
      { table: 'throttle', operation: 'INSERT', timing: 'before', times: 2 },
      { kind: 'raise', state },
    );
    await retrying(() => prisma.throttle.create({ data: aSecretRow(`retried-${state}`) }));
    expect(await fault.struck()).toBe(2);
    await fault.remove();
    expect(await prisma.throttle.count({ where: { key: `retried-${state}` } })).toBe(1);
  });

  it('gives up after three attempts, and what is left is an unavailable database', async () => {
    const prisma = database.prisma();
    const fault = await failExactlyAt(
      database,
      { table: 'throttle', operation: 'INSERT', timing: 'commit' },
      { kind: 'raise', state: '40001' },
    );
    const error = await thrownBy(
      retrying(() =>
        prisma.$transaction((transaction) => transaction.throttle.create({ data: aSecretRow('never') })),
      ),
    );
    expect(await fault.struck()).toBe(3);
    await fault.remove();
    expect(isRetryable(error)).toBe(true);
    expect(isDatabaseUnavailable(error)).toBe(true);
  });

  it('runs what fails otherwise only once', async () => {
    let runs = 0;
    const error = await thrownBy(
      retrying(() => {
        runs += 1;
        return Promise.reject(new TypeError('a mistake'));
      }),
    );
    expect(runs).toBe(1);
    expect(error).toBeInstanceOf(TypeError);
  });
});

describe('the clock of the database', () => {
  it('is what a disciplined clock follows, also where an operator moves it', async () => {
    const prisma = database.prisma();
    const clock = new DisciplinedClock(databaseClock(prisma, { virtualClock: true }));
    const told: string[] = [];
    const listener = new DatabaseListener({ url: database.url, through: prisma.direct }, [clockChannel], {
      onNotification: (channel) => told.push(channel),
    });
    await Promise.all([clock.start(), listener.start()]);
    try {
      const [row] = await database.query<{ now: number }>(
        'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now',
      );
      expect(Math.abs(clock.now() - row!.now)).toBeLessThan(500);
      const before = clock.now();
      await advanceVirtualClock(prisma, 3_600_000);
      await advanceVirtualClock(prisma, -7_200_000);
      await clock.remeasure();
      expect(clock.now() - before).toBeGreaterThanOrEqual(3_600_000);
      expect(clock.now() - before).toBeLessThan(3_602_000);
      while (told.length < 2) await pause(10);
      expect(told).toEqual([clockChannel, clockChannel]);
      expect(await thrownBy(databaseClock(prisma, { virtualClock: false })())).toBeInstanceOf(
        VirtualClockRefused,
      );
    } finally {
      clock.stop();
      await listener.stop();
      await database.query('UPDATE "service_state" SET "clock_offset_ms" = 0');
    }
  });

  it('is a hundred years ahead at most: after the year 9999 no date could be read, and nothing brings it back', async () => {
    const prisma = database.prisma();
    const century = 100 * 365.25 * 86_400_000;
    const ahead = () => database.query('SELECT "clock_offset_ms"::float8 AS ms FROM "service_state"');
    try {
      expect(await advanceVirtualClock(prisma, century)).toBe(true);
      expect(await advanceVirtualClock(prisma, 1)).toBe(false);
      expect(await ahead()).toEqual([{ ms: century }]);
    } finally {
      await database.query('UPDATE "service_state" SET "clock_offset_ms" = 0');
    }
  });
});
