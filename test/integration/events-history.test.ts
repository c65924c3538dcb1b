import { ManualClock } from '@curfew/clock';
import { EventHistory, EventLog, type NewEvent } from '@curfew/events';
import { type Instant, type SessionId, seconds } from '@curfew/session-policy';
import { newId } from '@curfew/tokens';
import pg from 'pg';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';

const day = 86_400;
const retention = { events: seconds(90 * day), counts: seconds(30 * day) };

let database: TestDatabase;
let clock: ManualClock;
let log: EventLog;
let history: EventHistory;
beforeEach(async () => {
  database = await createTestDatabase();
  clock = new ManualClock();
  log = new EventLog(database.prisma());
  history = new EventHistory(database.prisma(), retention);
});
afterEach(() => database.drop());

const anEvent = (at: Instant = clock.now()): NewEvent => ({
  id: newId(at),
  at,
  type: 'session.stepped_up',
  sessionId: newId(at) as SessionId,
  accountId: newId(at),
  clientId: 'web',
  data: { signals: {} } as never,
});
const record = async (count: number): Promise<NewEvent[]> => {
  const events = Array.from({ length: count }, () => anEvent());
  await log.record(events);
  return events;
};
/** As somebody who may do anything to the database, triggers included. */
const asIntruder = async (sql: string, values: unknown[] = []): Promise<void> => {
  await database.query(`ALTER TABLE event DISABLE TRIGGER USER`);
  await database.query(`ALTER TABLE event_seal DISABLE TRIGGER USER`);
  await database.query(sql, values);
};
const partitions = async () =>
  (
    await database.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'event'::regclass ORDER BY 1`,
    )
  ).map(({ name }) => name);

describe('what happened', () => {
  it.each([
    ['changed', `UPDATE event SET type = 'session.started'`],
    ['deleted', 'DELETE FROM event'],
    ['truncated', 'TRUNCATE event'],
    ['truncated in a part', 'TRUNCATE event_partition.event_other'],
    ['deleted in a part', 'DELETE FROM event_partition.event_other'],
    ['sealed otherwise', `UPDATE event_seal SET hash = content`],
    ['unsealed', 'DELETE FROM event_seal'],
  ])('cannot be %s by the role of the application', async (_, sql) => {
    await record(3);
    await history.seal(clock.now());
    await expect(database.query(sql)).rejects.toMatchObject({ code: '42501' });
    expect(await history.verify()).toEqual([]);
    await assertInvariants(database);
  });

  it('is sealed in batches, by one of two nodes at a time, and verifies', async () => {
    const other = new EventHistory(database.prisma(), retention);
    await record(30);
    const first = (await Promise.all([history.seal(clock.now()), other.seal(clock.now())])).reduce(
      (a, b) => a + b,
    );
    await record(20);
    expect(first + (await other.seal(clock.now()))).toBeGreaterThanOrEqual(50);
    expect(await history.seal(clock.now())).toBe(0);
    expect(await history.verify()).toEqual([]);
    const seals = await database.query<{ events: number }>('SELECT events FROM event_seal ORDER BY number');
    expect(seals.reduce((total, { events }) => total + events, 0)).toBe(50);
    expect((await history.head())!.seal).toBe(seals.length);
  });

  it('is sealed only when no older transaction is open that could put something before it', async () => {
    const slow = new pg.Client({ connectionString: database.url });
    await slow.connect();
    await slow.query('BEGIN');
    const early = anEvent();
    await slow.query(
      `INSERT INTO event (id, at, type, session_id, account_id, client_id, data) VALUES ($1, now(), $2, $3, $4, 'web', '{}')`,
      [early.id, early.type, early.sessionId, early.accountId],
    );
    await record(5);
    expect(await history.seal(clock.now())).toBe(0);
    await slow.query('COMMIT');
    await slow.end();
    expect(await history.seal(clock.now())).toBe(6);
    expect(await history.verify()).toEqual([]);
  });
});

describe('tampering by somebody with every right', () => {
  it.each([
    [
      'a changed event',
      `UPDATE event SET data = '{"signals":{"ip":"192.0.2.1"}}' WHERE id = $1`,
      'an event was changed',
    ],
    ['a changed time', `UPDATE event SET at = at - interval '1 hour' WHERE id = $1`, 'an event was changed'],
    ['a deleted event', 'DELETE FROM event WHERE id = $1', '10 events were sealed and there are 9'],
  ])('shows: %s', async (_, sql, problem) => {
    await record(10);
    await history.seal(clock.now());
    const [, victim] = await record(10);
    await history.seal(clock.now());
    await record(10);
    await history.seal(clock.now());
    await asIntruder(sql, [victim!.id]);
    expect(await history.verify()).toEqual([{ seal: 2, problem }]);
  });

  it('shows: an event put among sealed ones', async () => {
    const [known] = await record(10);
    await history.seal(clock.now());
    await asIntruder(
      `INSERT INTO event SELECT '00000000-0000-7000-8000-000000000000', at, type, session_id, account_id, client_id, data, xid FROM event WHERE id = $1`,
      [known!.id],
    );
    expect(await history.verify()).toEqual([{ seal: 1, problem: '10 events were sealed and there are 11' }]);
  });

  it('shows: a seal made to fit a changed event', async () => {
    const [victim] = await record(2);
    await history.seal(clock.now());
    await record(2);
    await history.seal(clock.now());
    const head = await history.head();
    await asIntruder(`UPDATE event SET type = 'session.started' WHERE id = $1`, [victim!.id]);
    await database.query(
      `UPDATE event_seal SET content = (SELECT sha256((SELECT salt FROM event_salt WHERE seal = 1) || convert_to(string_agg(curfew_event_text(e), E'\\n' ORDER BY e.xid, e.id), 'UTF8'))
         FROM (SELECT * FROM event ORDER BY xid, id LIMIT 2) e) WHERE number = 1`,
    );
    await database.query(`UPDATE event_seal SET hash = sha256(content) WHERE number = 1`);
    expect(await history.verify()).toEqual([
      { seal: 2, problem: 'the seal does not follow from the one before it' },
    ]);
    expect(await history.head()).toEqual(head);
  });

  it('shows: a missing seal', async () => {
    for (let batch = 0; batch < 3; batch += 1) {
      await record(2);
      await history.seal(clock.now());
    }
    await asIntruder('DELETE FROM event_seal WHERE number = 2');
    expect((await history.verify()).map(({ problem }) => problem)).toContain('a seal before it is missing');
  });
});

describe('the months of events', () => {
  it('get their partitions ahead of time, and events go where they belong', async () => {
    await history.keep(clock.now());
    expect(await partitions()).toEqual(
      expect.arrayContaining([
        'event_2030_01',
        'event_2030_02',
        'event_2030_03',
        'event_2030_04',
        'event_other',
      ]),
    );
    await record(2);
    clock.advance(40 * day);
    await record(3);
    expect(
      await database.query(
        `SELECT tableoid::regclass::text AS part, count(*)::int AS count FROM event GROUP BY 1 ORDER BY 1`,
      ),
    ).toEqual([
      { part: 'event_partition.event_2030_01', count: 2 },
      { part: 'event_partition.event_2030_02', count: 3 },
    ]);
  });

  it('are given up whole when they are older than the retention, and the chain still verifies', async () => {
    await history.keep(clock.now());
    for (let month = 0; month < 6; month += 1) {
      await record(4);
      await history.seal(clock.now());
      clock.advance(30 * day);
      await history.keep(clock.now());
    }
    expect((await partitions()).filter((name) => /^event_2030_0[1-4]/.test(name))).toEqual(['event_2030_04']);
    expect(await database.query('SELECT count(*)::int AS count FROM event')).toEqual([{ count: 12 }]);
    expect(await history.verify()).toEqual([]);
    // The seals go with their events, but for the one the chain begins with.
    const seals = await database.query<{ number: string }>(
      'SELECT number::text FROM event_seal ORDER BY event_seal.number',
    );
    expect(seals.map(({ number }) => number)).toEqual(['3', '4', '5', '6']);
    await assertInvariants(database);
    await asIntruder('DELETE FROM event_seal WHERE number <= 4');
    expect((await history.verify()).map(({ problem }) => problem)).toContain('a seal before it is missing');
  });

  it('leave counts out of the chain, which go with what still waits of them when their own retention is over', async () => {
    const failed = (): NewEvent => ({
      ...anEvent(),
      type: 'signin.failed',
      sessionId: null,
      data: { cause: 'wrong_password', signals: {}, count: 3 } as never,
    });
    const early = failed();
    await log.record([early, anEvent()]);
    clock.advance(29 * day);
    const late = failed();
    await log.record([late]);
    await database.query(
      `INSERT INTO delivery_receiver (id, kind, name, settings, created_at, updated_at) VALUES ('r', 'webhook', 'r', '{}', now(), now())`,
    );
    await database.query(
      `INSERT INTO delivery (receiver_id, event_id, event_at, next_attempt_at, created_at)
       SELECT 'r', id, at, now(), now() FROM any_event`,
    );
    await history.seal(clock.now());
    await history.keep(clock.now());
    const left = async (table: string, column: string) =>
      (await database.query<{ id: string }>(`SELECT ${column}::text AS id FROM ${table} ORDER BY 1`)).map(
        ({ id }) => id,
      );
    expect([await left('event_count', 'id'), await left('event', 'id')]).toEqual([
      [early.id, late.id].sort(),
      [expect.any(String)],
    ]);
    clock.advance(2 * day);
    await history.keep(clock.now());
    expect(await left('event_count', 'id')).toEqual([late.id]);
    expect(await left('delivery', 'event_id')).not.toContain(early.id);
    expect(await left('delivery', 'event_id')).toHaveLength(2);
    expect(await history.verify()).toEqual([]);
    expect((await history.head())!.seal).toBe(1);
  });

  it('that came before their partition stay where they are and are given up in time, too', async () => {
    await record(5);
    await history.keep(clock.now());
    expect(await partitions()).not.toContain('event_2030_01');
    await history.seal(clock.now());
    clock.advance(150 * day);
    await history.keep(clock.now());
    expect(await database.query('SELECT count(*)::int AS count FROM event')).toEqual([{ count: 0 }]);
    expect(await history.verify()).toEqual([]);
  });

  it('are kept by several nodes at once without getting in each other’s way', async () => {
    const nodes = Array.from({ length: 4 }, () => new EventHistory(database.prisma(), retention));
    await Promise.all(nodes.map((node) => node.keep(clock.now())));
    expect(await partitions()).toContain('event_2030_04');
  });
});
