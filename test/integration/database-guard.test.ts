import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ArtifactStore, StagedWrites } from '@curfew/artifacts';
import {
  commitColumns,
  type DatabaseGuard,
  type HotStatement,
  HotStatements,
  isDatabaseUnavailable,
  openGuard,
  PrismaService,
} from '@curfew/persistence';
import { instant } from '@curfew/session-policy';
import { takeRestoreStep } from '@curfew/sessions/store';
import { KeyRing, PayloadSeal, ServiceKeys } from '@curfew/tokens';
import pg from 'pg';
import { judge } from '../../libs/persistence/src/guard/judgement.js';
import { readServer } from '../../libs/persistence/src/guard/server.js';
import { type DatabasePair, startDatabasePair } from '../support/database-pair.js';

let old: DatabasePair;
let fresh: DatabasePair;
let folder: string;
const lines: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-moved-'));
  [old, fresh] = await Promise.all([startDatabasePair(), startDatabasePair()]);
  await old.query('CREATE TABLE confirmed (at date)');
}, 60_000);
afterAll(async () => {
  await Promise.all([old?.drop(), fresh?.drop()]);
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** The guard of one and the same process, which was started again. */
const restarted = (): Promise<DatabaseGuard> =>
  openGuard(old.configuration({ CURFEW_STATE_FOLDER: folder }), {
    process: 'auth-server',
    log: { error: (_, line) => lines.push(line), warn: () => {} },
    takeStep: async () => {},
  });

async function admitted(guard: DatabaseGuard, database: DatabasePair): Promise<string> {
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    return await guard.admit(client);
  } finally {
    await client.end();
    await guard.stop();
  }
}

/** Brings to another cluster what a dump brings of the things by which a database is known again. */
async function moveDump(): Promise<void> {
  const [{ id }] = (await old.query('SELECT instance_id AS id FROM service_state')) as [{ id: string }];
  await fresh.query('UPDATE service_state SET instance_id = $1', [id]);
  const marks = await old.query('SELECT * FROM node_mark');
  await fresh.query(
    'INSERT INTO node_mark SELECT * FROM jsonb_populate_recordset(NULL::node_mark, $1::jsonb)',
    [JSON.stringify(marks)],
  );
}

it('a dump that was moved to another cluster while nothing ran is served from', async () => {
  await admitted(await restarted(), old);
  await moveDump();
  expect(await admitted(await restarted(), fresh)).toMatch(/^\d+\/1$/);
  expect(lines).toEqual([]);
});

it('a dump that was made before something was acknowledged is refused until the step is taken', async () => {
  await fresh.query('UPDATE node_mark SET mark = mark - 1');
  const guard = await restarted();
  await expect(admitted(guard, fresh)).rejects.toThrow('the database lost what was acknowledged');
  expect(lines).toEqual([
    expect.stringMatching(/committed mark 2, the database has 1.*after-restore\.js --yes/),
  ]);
  // A process that starts later and remembers nothing refuses as well.
  await rm(folder, { recursive: true });
  await expect(admitted(await restarted(), fresh)).rejects.toThrow('the database lost');

  const service = { database: fresh.configuration(), virtualClock: false, endedSessionRetention: 86_400 };
  expect(await takeRestoreStep(service, { onlyIfLost: true })).toMatchObject({ epoch: 2 });
  expect(await takeRestoreStep(service, { onlyIfLost: true })).toBeUndefined();
  expect(await admitted(guard, fresh)).toMatch(/^\d+\/1$/);
});

it.each([
  ['an hour ago', 1, 'lost'],
  ['so long ago that its row may be deleted', 24 * 51, undefined],
])('a process that was heard of %s and has no row: %s', async (_, hours, refusal) => {
  const client = new pg.Client(old.url);
  await client.connect();
  try {
    const { rows } = await client.query('SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now');
    const heardAt = rows[0].now - hours * 3_600_000;
    const peers = [{ node: randomUUID(), mark: 3, server: null, heardAt }];
    const judged = await judge(await readServer(client), client, {
      node: randomUUID(),
      witnesses: [],
      peers,
    });
    expect(judged.refusal?.kind).toBe(refusal);
  } finally {
    await client.query('UPDATE service_state SET lost_since = NULL, lost_known_at = NULL');
    await client.end();
  }
});

/** Processes of the server that wait for a standby. */
const waiting = async (): Promise<number[]> =>
  (await old.query<{ pid: number }>(`SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)).map(
    ({ pid }) => pid,
  );

/** Resolves, with those that wait, once as many do; the server reads its settings when it comes to it. */
async function untilWaiting(count: number): Promise<number[]> {
  for (let looks = 0; looks < 200; looks += 1) {
    const pids = await waiting();
    if (pids.length >= count) return pids;
    await pause(25);
  }
  throw new Error(`fewer than ${count} wait for a standby`);
}

/** Holds commits; resolves to the process that shows it by waiting. */
async function hold(client: pg.Client): Promise<number> {
  await old.holdCommits(true);
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const { pid } = rows[0]!;
  for (let tries = 0; tries < 200; tries += 1) {
    const isOver = client.query('INSERT INTO confirmed VALUES (NULL)').then(
      () => true,
      () => true,
    );
    while (!(await Promise.race([isOver, pause(25, false)]))) if ((await waiting()).includes(pid)) return pid;
  }
  throw new Error('commits wait for nobody');
}

describe('a commit whose wait for the standby is cancelled', () => {
  const text = 'INSERT INTO confirmed VALUES ($1)';
  const placedText = `${text} RETURNING 1, ${commitColumns()}`;
  const plain: HotStatement = { name: 'cancelled', text };
  const placed: HotStatement = { name: 'cancelled_placed', text: placedText, place: 'in its rows' };
  const calling: HotStatement = { name: 'cancelled_function', text: 'SELECT cancelled_write()' };
  /** Everything that a request of the protocol writes is one statement (`commitOf`). */
  const staging: Write = (hot, prisma) => {
    const keys = new ServiceKeys(['a secret of a test that is long enough']);
    const writes = new StagedWrites();
    writes.save({ kind: 'Cancelled', id: 'one' }, {}, instant(Date.UTC(2099, 0, 1)));
    return new ArtifactStore(prisma, new PayloadSeal(new KeyRing(keys.derive('test'))), hot).commit(writes);
  };
  type Write = (hot: HotStatements, prisma: PrismaService) => Promise<unknown>;
  /** Each writes a date of its own, which tells afterwards that the server called it done. */
  const ways: readonly [string, string, Write][] = [
    ['a statement', '2001-01-01', (hot) => hot.run(plain, ['2001-01-01'])],
    ['a statement that tells its place', '2002-01-01', (hot) => hot.run(placed, ['2002-01-01'])],
    // A function commits as well, and nothing in the text of the statement says so.
    ['a function that writes', '2005-01-01', (hot) => hot.run(calling, [])],
    [
      'a statement of Prisma',
      '2003-01-01',
      (_, prisma) => prisma.$executeRaw`INSERT INTO confirmed VALUES ('2003-01-01')`,
    ],
    [
      'a transaction',
      '2004-01-01',
      (_, prisma) =>
        prisma.$transaction(
          (transaction) => transaction.$executeRaw`INSERT INTO confirmed VALUES ('2004-01-01')`,
        ),
    ],
    ['the commit of what a request has staged', '2006-01-01', staging],
  ];

  beforeAll(async () => {
    await old.query(
      `CREATE FUNCTION cancelled_write() RETURNS void LANGUAGE sql AS $$ INSERT INTO confirmed VALUES ('2005-01-01') $$`,
    );
    await old.query(
      `CREATE FUNCTION staged_write() RETURNS trigger LANGUAGE plpgsql
       AS $$ BEGIN INSERT INTO confirmed VALUES ('2006-01-01'); RETURN NULL; END $$`,
    );
    await old.query(
      `CREATE TRIGGER staged AFTER INSERT ON protocol_artifact FOR EACH ROW WHEN (NEW.kind = 'Cancelled') EXECUTE FUNCTION staged_write()`,
    );
  });

  it.each(ways)('is acknowledged to nobody: %s', async (_, date, write) => {
    const configuration = old.configuration();
    const guard = await openGuard(configuration, {
      process: 'auth-server',
      log: { error: () => {}, warn: () => {} },
      takeStep: async () => {},
    });
    const hot = new HotStatements(configuration, 1, guard);
    const prisma = new PrismaService(configuration, 1, guard);
    const first = new pg.Client(old.url);
    await first.connect();
    // The connections are proven while commits go through.
    await hot.run({ name: 'one', text: 'SELECT 1' }, []);
    await prisma.$queryRaw`SELECT 1`;
    try {
      const held = await hold(first);
      const outcome = write(hot, prisma).then(
        () => 'acknowledged',
        (error) => error,
      );
      const ours = (await untilWaiting(2)).filter((pid) => pid !== held);
      await old.query('SELECT pg_cancel_backend(pid) FROM unnest($1::int[]) AS pid', [ours]);
      expect(await outcome).toMatchObject({ message: expect.stringContaining('standby was cancelled') });
      expect(isDatabaseUnavailable(await outcome)).toBe(true);
      // The server calls it done: it is there for everybody, although no standby has it.
      const there = () => old.query('SELECT at::text FROM confirmed WHERE at = $1', [date]);
      for (let looks = 0; looks < 200 && (await there()).length === 0; looks += 1) await pause(25);
      expect(await there()).toEqual([{ at: date }]);
    } finally {
      await old.holdCommits(false);
    }
    await Promise.all([first.end(), hot.close(), prisma.$disconnect(), guard.stop()]);
  });
});

describe('a mark of another process', () => {
  beforeAll(() => old.query('CREATE TABLE closed (at int)'), 10_000);

  /** A process that serves from the old cluster. */
  async function started() {
    const configuration = old.configuration();
    const guard = await openGuard(configuration, {
      process: 'auth-server',
      log: { error: () => {}, warn: () => {} },
      takeStep: async () => {},
    });
    const hot = new HotStatements(configuration, 1, guard);
    await hot.run({ name: 'one', text: 'SELECT 1' }, []);
    guard.start(hot);
    // As a process ends that is killed: without a last mark.
    const end = async () => {
      await hot.close();
      await guard.stop();
    };
    // As a process ends that is asked to.
    const stop = async () => {
      await guard.stop();
      await hot.close();
    };
    return { guard, hot, end, stop };
  }

  /** Waits until a process has read the marks after this moment. */
  async function untilLooked({ hot }: { hot: HotStatements }): Promise<void> {
    const [[pid]] = (await hot.run<[number]>({ name: 'pid', text: 'SELECT pg_backend_pid()' }, [])) as [
      [number],
    ];
    const [{ now }] = (await old.query('SELECT clock_timestamp()::text AS now')) as [{ now: string }];
    const looked = `SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%lost_since%' AND query_start > $2 AND state = 'idle'`;
    for (let looks = 0; looks < 400; looks += 1) {
      if ((await old.query(looked, [pid, now])).length > 0) return;
      await pause(10);
    }
    throw new Error('the process does not look after the database');
  }

  /** The outcome of the first question of a process after a crash of the database. */
  async function afterCrash({ hot, end }: Awaited<ReturnType<typeof started>>): Promise<string> {
    await old.crashAndRecover();
    // The first statement meets the connection that died with the server.
    const ask = () => hot.run<[string]>({ name: 'served', text: "SELECT 'served'" }, []);
    const outcome = await ask()
      .catch(ask)
      .then(
        ([row]) => row![0],
        (error) => error.message,
      );
    await end();
    await old.query('UPDATE service_state SET lost_since = NULL, lost_known_at = NULL');
    return outcome;
  }

  const last = async () =>
    (
      (await old.query('SELECT node, mark::int AS mark FROM node_mark ORDER BY marked_at DESC LIMIT 1')) as [
        { node: string; mark: number },
      ]
    )[0];

  it.each([
    ['that stood on the lost primary alone is nobody’s loss', 1, 'served'],
    ['that the next one had closed is missed', 2, 'the database lost what was acknowledged'],
  ])('%s', async (_, lacking, expected) => {
    const [writer, reader] = [await started(), await started()];
    await writer.hot.run({ name: 'close', text: 'INSERT INTO closed VALUES (1)' }, []);
    // One mark closes the change, and one more tells that this was acknowledged.
    for (let looks = 0; looks < 400 && (await last()).mark < 3; looks += 1) await pause(10);
    const { node, mark } = await last();
    expect(mark).toBe(3);
    await untilLooked(reader);
    await writer.end();
    await old.query('UPDATE node_mark SET mark = mark - $2 WHERE node = $1', [node, lacking]);
    expect(await afterCrash(reader)).toBe(expected);
  });

  it('that stopped after a commit testifies for it, also where nobody starts it again', async () => {
    const writer = await started();
    const { node, mark: before } = await last();
    const reader = await started();
    await writer.hot.run({ name: 'close', text: 'INSERT INTO closed VALUES (2)' }, []);
    await writer.stop();
    await untilLooked(reader);
    // The database comes back without the last second of the process.
    await old.query('UPDATE node_mark SET mark = $2 WHERE node = $1', [node, before]);
    expect(await afterCrash(reader)).toBe('the database lost what was acknowledged');
  });

  it('that did not go through is repeated at once, not when the next one of a quiet process is due', async () => {
    const [first, quiet] = [new pg.Client(old.url), await started()];
    await first.connect();
    try {
      const held = await hold(first);
      quiet.guard.acknowledged(performance.now(), '3', '0/1');
      const ours = (await untilWaiting(2)).filter((pid) => pid !== held);
      const { mark } = await last();
      await old.query('SELECT pg_cancel_backend(pid) FROM unnest($1::int[]) AS pid', [ours]);
      await old.holdCommits(false);
      // The same number again, and one more that tells that it was acknowledged.
      for (let looks = 0; looks < 700 && (await last()).mark <= mark + 1; looks += 1) await pause(10);
      expect([(await last()).mark > mark + 1, quiet.guard.commits]).toEqual([true, true]);
    } finally {
      await old.holdCommits(false);
      await Promise.all([first.end(), quiet.end()]);
    }
  }, 30_000);
});

describe('a change that a promoted standby lacks', () => {
  const ways = ['statement', 'transaction', 'function', 'repetition'] as const;
  /** A process of its own for each way, which has no other memory than of what it did. */
  async function started(way: (typeof ways)[number]) {
    const configuration = old.configuration();
    const advice: string[] = [];
    const guard = await openGuard(configuration, {
      process: 'auth-server',
      log: { error: (_, line) => advice.push(line), warn: () => {} },
      takeStep: async () => {},
    });
    const hot = new HotStatements(configuration, 1, guard);
    const prisma = new PrismaService(configuration, 1, guard);
    const ask = (text: string, values: unknown[] = []) => hot.run<[string]>({ name: text, text }, values);
    const [[pid]] = (
      way === 'transaction'
        ? [[(await prisma.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`)[0]!.pid]]
        : await hot.run<[number]>({ name: 'pid', text: 'SELECT pg_backend_pid()' }, [])
    ) as [[number]];
    const move = {
      statement: () => ask('UPDATE moved SET at = $2 WHERE way = $1 AND at = 1', [way, 2]),
      transaction: () =>
        prisma.$transaction((own) => own.$executeRaw`UPDATE moved SET at = 2 WHERE way = ${way} AND at = 1`),
      function: () => ask('SELECT curfew_make_move($1)', [way]),
      // As events are written again whose commit was not acknowledged: the default takes an id before anything is known to be there.
      repetition: () => ask('INSERT INTO told SELECT 1 ON CONFLICT DO NOTHING'),
    }[way];
    /** Whether the process serves from what it finds, once it has met the connections that died. */
    const outcome = async () => {
      const served = () => ask("SELECT 'served'");
      const [answer] = await served()
        .catch(served)
        .catch((error) => [[error.message]]);
      await Promise.all([hot.close(), prisma.$disconnect(), guard.stop()]);
      await old.query('UPDATE service_state SET lost_since = NULL, lost_known_at = NULL');
      return [way, answer![0], ...advice];
    };
    return { way, pid, move, outcome };
  }

  /** Processes that have committed a mark, and a standby that has everything up to here and gets nothing any more. */
  async function withoutStandby() {
    await old.query(`UPDATE moved SET at = 1`);
    const all = [];
    for (const way of ways) all.push(await started(way));
    await old.addStandby();
    await old.letStandbyLag();
    return all;
  }

  async function untilThere(count: number, holds: string, pids: readonly number[]): Promise<void> {
    const text = `SELECT pid FROM pg_stat_activity WHERE ${holds}`;
    for (let looks = 0; looks < 400; looks += 1) {
      if ((await old.query(text, [pids])).length >= count) return;
      await pause(25);
    }
    throw new Error(`after ten seconds, fewer than ${count}: ${holds}`);
  }

  /** One after the other: the first that finds a loss says so to the others. */
  async function outcomes(all: Awaited<ReturnType<typeof withoutStandby>>) {
    const found = [];
    for (const one of all) found.push(await one.outcome());
    return found;
  }

  beforeAll(async () => {
    await old.query('CREATE TABLE moved (way text, at int)');
    await old.query('INSERT INTO moved SELECT unnest($1::text[]), 1', [ways]);
    await old.query('CREATE TABLE told (id int PRIMARY KEY, xid xid8 DEFAULT pg_current_xact_id())');
    await old.query(
      `CREATE FUNCTION curfew_make_move(one text) RETURNS void LANGUAGE sql AS 'UPDATE moved SET at = 2 WHERE way = one AND at = 1'`,
    );
  });

  it('and was acknowledged is missed, in whichever way it was committed', async () => {
    const all = await withoutStandby();
    for (const { move } of all) await move();
    await old.killAndPromote();
    const lost = 'the database lost what was acknowledged';
    expect(await outcomes(all)).toEqual(
      ways.map((way) => [
        way,
        lost,
        expect.stringMatching(/(WAL position|transaction) \S+ was acknowledged/),
      ]),
    );
  }, 120_000);

  it('is nobody’s loss where a change found nothing to do behind a commit whose wait was cancelled', async () => {
    const all = await withoutStandby();
    const first = new pg.Client(old.url);
    first.on('error', () => {});
    await first.connect();
    const held = await hold(first);
    await old.query('SELECT pg_cancel_backend($1)', [held]);
    const text = 'WITH gone AS (DELETE FROM moved) INSERT INTO told VALUES (1)';
    const gone = first.query(text);
    await untilThere(1, `query = '${text}' AND wait_event = 'SyncRep' AND pid = ANY($1)`, [held]);
    // Each has an id before it waits, and finds then that its row is gone, or is there already.
    const settled: string[] = [];
    const moves = all.map(({ way, move }) =>
      move().then(
        () => settled.push(way),
        () => {},
      ),
    );
    const pids = all.map(({ pid }) => pid);
    await untilThere(ways.length, `wait_event_type = 'Lock' AND pid = ANY($1)`, pids);
    await old.query('SELECT pg_cancel_backend($1)', [held]);
    await gone;
    const done = async () => settled.length + (await waiting()).filter((pid) => pids.includes(pid)).length;
    for (let looks = 0; (await done()) < ways.length && looks < 400; looks += 1) await pause(25);
    expect(settled).toEqual([]);
    await old.killAndPromote();
    await Promise.all(moves);
    expect(await outcomes(all)).toEqual(ways.map((way) => [way, 'served']));
    await first.end();
  }, 120_000);
});
