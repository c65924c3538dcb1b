import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { ManualClock } from '@curfew/clock';
import { EventHistory, EventLog, FeedStore, type NewEvent } from '@curfew/events';
import { type AlertThresholds, alertPatterns, Watch, WatchStore } from '@curfew/events/alerts';
import { DeliveryStore } from '@curfew/events/delivery';
import { instant, type SessionId, seconds } from '@curfew/session-policy';
import { newId } from '@curfew/tokens';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';

/** Transactions by which the lost cluster was ahead. */
const ahead = 3_000;

let database: TestDatabase;
let clock: ManualClock;
let log: EventLog;
let history: EventHistory;
beforeEach(async () => {
  database = await createTestDatabase();
  clock = new ManualClock(instant(Math.floor(performance.timeOrigin + performance.now())));
  log = new EventLog(database.prisma());
  history = new EventHistory(database.prisma(), {
    events: seconds(90 * 86_400),
    counts: seconds(30 * 86_400),
  });
});
afterEach(async () => {
  await assertInvariants(database);
  await database.drop();
});

const record = async (count: number): Promise<readonly string[]> => {
  const events = Array.from(
    { length: count },
    (): NewEvent => ({
      id: newId(clock.now()),
      at: clock.now(),
      type: 'session.stepped_up',
      sessionId: newId(clock.now()) as SessionId,
      accountId: null,
      clientId: 'web',
      data: { signals: {} } as never,
    }),
  );
  await log.record(events);
  return events.map(({ id }) => id);
};

/**
 * Makes the rows those of a cluster that had come further, as a logical backup brings them: their transaction ids are ahead of this
 * one's, and the seals over the first of them fit.
 */
async function asRestored(sealed: number): Promise<void> {
  for (const table of ['event', 'event_seal'])
    await database.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
  const later = (column: string) => `${column} = (${column}::text::bigint + ${ahead})::text::xid8`;
  for (const [table, column] of [
    ['event', 'xid'],
    ['not_before', 'xid'],
    ['revoked_token', 'xid'],
    ['delivery_cursor', 'xid'],
  ] as const)
    await database.query(`UPDATE ${table} SET ${later(column)}`);
  await database.query(`UPDATE delivery_receiver SET since = '${10 * ahead}:${10 * ahead}:'`);
  await database.query('DELETE FROM event_seal');
  // A seal of the lost cluster is made again as it was, which an era that is over allows.
  await database.query('UPDATE service_state SET era = 1');
  await database.query('SELECT curfew_seal_events($1, now())', [sealed]);
  await database.query('UPDATE service_state SET era = 0');
  for (const table of ['event', 'event_seal'])
    await database.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
}

function afterRestore(): Promise<number | null> {
  const env = {
    PATH: process.env['PATH'],
    CURFEW_MODE: 'test',
    CURFEW_KEY_ENCRYPTION_SECRETS: randomBytes(32).toString('hex'),
    DATABASE_URL: database.url,
  };
  const child = spawn(process.execPath, ['apps/admin-api/dist/after-restore.js', '--yes'], {
    env,
    stdio: 'ignore',
  });
  return new Promise((resolve) => child.once('close', resolve));
}

/** Transactions that do nothing but count, until those of the lost cluster are behind. */
const catchUp = () =>
  database.query(
    `DO $$ BEGIN FOR n IN 1..${2 * ahead} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`,
  );

const handOnAll = async (store: DeliveryStore): Promise<void> => {
  for (let turn = 0; turn < 40; turn += 1) {
    await store.handOn(clock.now(), 500);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};
const handedOn = async () =>
  (await database.query<{ id: string }>('SELECT event_id::text AS id FROM delivery ORDER BY id')).map(
    ({ id }) => id,
  );

describe('a logical backup in a cluster whose transactions are behind', () => {
  it('goes on: what is new is delivered, watched, told and sealed, and nothing of the past comes again', async () => {
    await database.query(`INSERT INTO delivery_receiver (id, kind, name, event_types, secrets, settings, created_at, updated_at)
      VALUES ('kept', 'webhook', 'kept', '{session.stepped_up}', '{}', '{}', now(), now())`);
    const old = await record(20);
    await history.seal(clock.now());
    const unsealed = await record(5);
    await asRestored(20);
    expect(await afterRestore()).toBe(0);

    const store = new DeliveryStore(database.prisma(), 'http://admin.example.test');
    const seen: string[] = [];
    const thresholds = Object.fromEntries(
      alertPatterns.map((pattern) => [pattern, { count: 10, window: 300 }]),
    ) as AlertThresholds;
    const watch = new Watch({
      store: new WatchStore(database.prisma()),
      log,
      clock,
      thresholds,
      seen: ({ id }) => seen.push(id),
    });
    await watch.run();
    const feed = new FeedStore(database.prisma());
    const began = await feed.position();
    const young = await record(7);
    await handOnAll(store);
    await watch.run();
    expect(await handedOn()).toEqual([...young].sort());
    expect(seen).toEqual(expect.arrayContaining([...young]));
    expect((await feed.since(began, 100)).ends).toMatchObject({ sessions: [], tokens: [], all: [] });

    await history.seal(clock.now());
    expect(await history.verify()).toEqual([]);
    await catchUp();
    const younger = await record(3);
    await handOnAll(store);
    await watch.run();
    await history.seal(clock.now());
    expect(await handedOn()).toEqual([...young, ...younger].sort());
    for (const id of [...old, ...unsealed]) expect(seen).not.toContain(id);
    expect((await feed.since(began, 100)).ends).toMatchObject({ sessions: [], tokens: [], all: [] });
    expect(await history.verify()).toEqual([]);
    const [{ count }] = (await database.query<{ count: number }>(
      'SELECT sum(events)::int AS count FROM event_seal',
    )) as [{ count: number }];
    expect(count).toBeGreaterThanOrEqual(old.length + unsealed.length + young.length + younger.length);
  }, 60_000);

  it('shows an event that was put into the past after the restore', async () => {
    const [first] = await record(10);
    await asRestored(10);
    expect(await afterRestore()).toBe(0);
    await record(3);
    await history.seal(clock.now());
    expect(await history.verify()).toEqual([]);
    await database.query('ALTER TABLE event DISABLE TRIGGER USER');
    await database.query(
      `INSERT INTO event (id, at, type, data, xid, era)
         SELECT '${newId(clock.now())}', at, type, data, (xid::text::bigint + 1)::text::xid8, 0 FROM event WHERE id = $1`,
      [first],
    );
    await database.query('ALTER TABLE event ENABLE TRIGGER USER');
    expect((await history.verify()).map(({ problem }) => problem)).toEqual([
      'an event was added to an era that is over',
    ]);
  });

  it('is looked at part by part, with a bound on each', async () => {
    for (let n = 0; n < 5; n += 1) {
      await record(2);
      await history.seal(clock.now());
    }
    const first = await history.verifyFrom(1, 2, 1_000);
    expect(first).toEqual({ problems: [], through: 2, events: 4, next: 3 });
    expect(await history.verifyFrom(3, 100, 1_000)).toEqual({
      problems: [],
      through: 5,
      events: 6,
      next: null,
    });
    // Without time there is still one, so that whoever goes on arrives.
    expect(await history.verifyFrom(3, 100, 0)).toMatchObject({ through: 3, next: 4 });
    expect(await history.verifyFrom(6, 100, 1_000)).toEqual({
      problems: [],
      through: null,
      events: 0,
      next: null,
    });
    expect(await history.hashOf(5)).toBe((await history.head())!.hash);
  });
});
