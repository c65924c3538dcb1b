import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ManualClock } from '@curfew/clock';
import { type CountedEvent, EventLog, type NewEvent } from '@curfew/events';
import {
  type AlertThresholds,
  alertPatterns,
  ThrottledNetworks,
  Watch,
  type WatchParts,
  WatchStore,
} from '@curfew/events/alerts';
import { type SessionId, seconds } from '@curfew/session-policy';
import { newId } from '@curfew/tokens';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';
import { countStatements } from '../support/statement-counter.js';

const thresholds = Object.fromEntries(
  alertPatterns.map((pattern) => [pattern, { count: 10, window: 300 }]),
) as AlertThresholds;

let database: TestDatabase;
let clock: ManualClock;
let log: EventLog;
beforeEach(async () => {
  database = await createTestDatabase();
  clock = new ManualClock();
  log = new EventLog(database.prisma());
});
afterEach(async () => {
  await assertInvariants(database);
  await database.drop();
});

const aNode = (seen: string[] = [], more: Partial<WatchParts> = {}, databaseUrl = database.url): Watch => {
  const prisma = database.prisma({ DATABASE_URL: databaseUrl });
  return new Watch({
    store: new WatchStore(prisma),
    log: new EventLog(prisma),
    clock,
    thresholds,
    seen: ({ id }) => seen.push(id),
    ...more,
  });
};
const reuse = (): NewEvent => ({
  id: newId(clock.now()),
  at: clock.now(),
  type: 'session.reuse_found',
  sessionId: newId(clock.now()) as SessionId,
  accountId: newId(clock.now()),
  clientId: 'web',
  data: { evidence: {}, signals: {} } as never,
});
const record = (count: number) => log.record(Array.from({ length: count }, reuse));
const alerts = () =>
  database.query<{ pattern: string; observed: number }>(
    `SELECT data ->> 'pattern' AS pattern, (data ->> 'observed')::int AS observed FROM event WHERE type = 'alert.raised' ORDER BY id`,
  );

describe('the watch', () => {
  it('raises an alert as an event, once for a window however long it goes on', async () => {
    const node = aNode();
    await node.run();
    await record(9);
    await node.run();
    expect(await alerts()).toEqual([]);
    await record(1);
    await node.run();
    await record(20);
    await node.run();
    expect(await alerts()).toEqual([{ pattern: 'reuse_across_sessions', observed: 10 }]);
    clock.advance(301);
    await record(10);
    await node.run();
    expect(await alerts()).toHaveLength(2);
  });

  it('belongs to one of two nodes, which sees every event once', async () => {
    const [first, second]: [string[], string[]] = [[], []];
    const nodes = [aNode(first), aNode(second)];
    for (let round = 0; round < 5; round += 1) {
      await record(20);
      await Promise.all(nodes.map((node) => node.run()));
    }
    expect(nodes.filter((node) => node.watching)).toHaveLength(1);
    expect(Math.min(first.length, second.length)).toBe(0);
    const all = [...first, ...second];
    expect(all.length).toBeGreaterThanOrEqual(100);
    expect(new Set(all).size).toBe(all.length);
  });

  it('costs one look where nothing has happened, at the node that has it and at the others', async () => {
    const counter = await countStatements(database.url);
    const nodes = [aNode([], {}, counter.url), aNode([], {}, counter.url)];
    await record(3);
    for (const node of nodes) for (let time = 0; time < 2; time += 1) await node.run();
    counter.reset();
    for (const node of nodes) await node.run();
    expect(counter.carriedOut()).toHaveLength(2);
    // It is kept in good time.
    clock.advance(6);
    for (const node of nodes) await node.run();
    clock.advance(6);
    for (const node of nodes) await node.run();
    expect(nodes.map((node) => node.watching)).toEqual([true, false]);
    await counter.close();
  });

  it('is taken over from a node that died, with what that one remembered', async () => {
    const first = aNode();
    await record(6);
    await first.run();
    // It says nothing any more; its successor may take over when it was not heard of for ten seconds.
    clock.advance(5);
    await record(4);
    const second = aNode();
    await second.run();
    expect([second.watching, await alerts()]).toEqual([false, []]);
    clock.advance(5);
    await second.run();
    expect(second.watching).toBe(true);
    expect(await alerts()).toEqual([{ pattern: 'reuse_across_sessions', observed: 10 }]);
  });

  it('raises nothing twice when it crashed between an alert and remembering where it was', async () => {
    await record(10);
    const node = aNode();
    await database.query(`CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.xid IS DISTINCT FROM OLD.xid AND NEW.name = 'watch' THEN RAISE EXCEPTION 'a fault put in by a test'; END IF; RETURN NEW; END $$`);
    await database.query(
      'CREATE TRIGGER crash BEFORE UPDATE ON delivery_cursor FOR EACH ROW EXECUTE FUNCTION crash()',
    );
    await expect(node.run()).rejects.toThrow();
    expect(await alerts()).toHaveLength(1);
    await database.query('DROP FUNCTION crash CASCADE');
    await node.run();
    expect(await alerts()).toHaveLength(1);
  });

  it('sees counts beside the events, in their order, and a node that takes over reads them again', async () => {
    const [seen, first] = [[] as string[], aNode()];
    const shown = (count: number): NewEvent => ({
      ...reuse(),
      type: 'token.unknown',
      sessionId: null,
      data: { endpoint: 'token', presentedBy: 'web', ip: null, count },
    });
    await log.record([shown(4), reuse()]);
    await first.run();
    clock.advance(11);
    const second = aNode(seen);
    await second.run();
    const last = [reuse(), shown(6)];
    await log.record(last);
    await second.run();
    expect(seen).toEqual(expect.arrayContaining(last.map(({ id }) => id)));
    expect(seen).toHaveLength(2);
    expect(await alerts()).toEqual([{ pattern: 'unknown_token_spray', observed: 10 }]);
    // A count is reason enough to look, also where nothing else happens.
    const alone = shown(1);
    await log.record([alone]);
    await second.run();
    expect(seen).toContain(alone.id);
  });

  it('holds networks back at every node, also one that starts later, until the time is over', async () => {
    const answers = { answers: { credential_stuffing: 'throttle' }, throttledFor: seconds(600) } as const;
    const node = aNode([], { answers });
    const networks = new ThrottledNetworks(new WatchStore(database.prisma()), clock);
    await networks.load();
    expect([networks.any, networks.wait(['192.0.2.0/24'])]).toEqual([false, null]);
    const failed = (): NewEvent => ({
      ...reuse(),
      type: 'signin.failed',
      data: { cause: 'wrong_password', signals: { prefix: '192.0.2.0/24' } } as never,
    });
    await log.record(Array.from({ length: 10 }, failed));
    await node.run();
    clock.advance(60);
    const late = new ThrottledNetworks(new WatchStore(database.prisma()), clock);
    await Promise.all([networks.load(), late.load()]);
    for (const one of [networks, late]) {
      expect([one.any, one.wait([null, '192.0.2.0/24'])]).toEqual([true, 540]);
      expect(one.wait(['198.51.100.0/24', null])).toBeNull();
    }
    clock.advance(541);
    expect([late.any, late.wait(['192.0.2.0/24'])]).toEqual([false, null]);
  });

  it('holds back as many networks as it may, and of one more those that are free again soonest are let go', async () => {
    const answers = { answers: { credential_stuffing: 'throttle' }, throttledFor: seconds(3_600) } as const;
    const node = aNode([], { answers });
    const failedFrom = (prefix: string): NewEvent => ({
      ...reuse(),
      type: 'signin.failed',
      data: { cause: 'wrong_password', signals: { prefix } } as never,
    });
    const prefixes = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'];
    const waits = async (max: number) => {
      const networks = new ThrottledNetworks(new WatchStore(database.prisma()), clock, max);
      await networks.load();
      return prefixes.map((prefix) => networks.wait([prefix]) !== null);
    };
    for (const prefix of prefixes) {
      await log.record(Array.from({ length: 10 }, () => failedFrom(prefix)));
      await node.run();
      // Another window, and another alert.
      clock.advance(301);
    }
    expect(await waits(3)).toEqual([true, true, true]);
    expect(await waits(2)).toEqual([false, true, true]);
  });

  it('ends what an alert is about once for a window, and not at all without the alert', async () => {
    const answers = { answers: { reuse_across_sessions: 'end' }, throttledFor: seconds(600) } as const;
    const ended: (string | null)[] = [];
    let broken = true;
    const end: NonNullable<WatchParts['end']> = async ({ clientId }) => {
      if (broken) throw new Error('a fault put in by a test');
      ended.push(clientId);
    };
    const node = aNode([], { answers, end });
    await record(10);
    await expect(node.run()).rejects.toThrow('a fault put in by a test');
    expect([await alerts(), ended]).toEqual([[], []]);
    broken = false;
    await node.run();
    await record(10);
    await node.run();
    expect(await alerts()).toHaveLength(1);
    expect(ended).toEqual(['web']);
  });

  it('counts bad tokens by the address they came from, and beyond some addresses by none', async () => {
    const shown = (ip: string | null) => ({
      id: newId(clock.now()),
      at: clock.now(),
      type: 'token.unknown' as const,
      sessionId: null,
      accountId: null,
      clientId: null,
      data: { endpoint: 'userinfo' as const, presentedBy: null, ip, count: 1 },
    });
    // The first address of a batch does not answer for the flood behind it.
    log.tally('token.unknown', 'userinfo', shown, '192.0.2.1');
    for (let n = 0; n < 60; n += 1) log.tally('token.unknown', 'userinfo', shown, `203.0.113.${n % 30}`);
    await log.flush();
    const counted = await database.query<{ ip: string | null; count: number }>(
      `SELECT data ->> 'ip' AS ip, (data ->> 'count')::int AS count FROM event_count WHERE data ->> 'endpoint' = 'userinfo' ORDER BY id`,
    );
    expect(counted).toHaveLength(21);
    expect(counted.find(({ ip }) => ip === '192.0.2.1')?.count).toBe(1);
    expect(counted.find(({ ip }) => ip === '203.0.113.3')?.count).toBe(2);
    expect(counted.find(({ ip }) => ip === null)?.count).toBe(22);
  });

  it('writes one row a minute about the refreshes of a client, and counts of failures at once', async () => {
    const used = (clientId: string): CountedEvent => ({
      id: newId(clock.now()),
      at: clock.now(),
      type: 'sessions.refreshed',
      sessionId: null,
      accountId: null,
      clientId,
      data: { count: 1 },
    });
    const failed = (): CountedEvent => ({
      ...used('web'),
      type: 'token.unknown',
      data: { endpoint: 'token', presentedBy: 'web', ip: null, count: 1 },
    });
    const rows = async (type: string) =>
      (
        await database.query<{ count: number }>(
          `SELECT (data ->> 'count')::int AS count FROM event_count WHERE type = '${type}' ORDER BY count`,
        )
      ).map(({ count }) => count);
    for (let second = 0; second < 180; second += 1) {
      for (const clientId of ['web', 'spa', 'web'])
        log.tally('sessions.refreshed', clientId, () => used(clientId));
      if (second < 3) log.tally('token.unknown', 'web', failed);
      await log.flush(clock.now());
      clock.advance(1);
    }
    expect(await rows('token.unknown')).toEqual([1, 1, 1]);
    expect(await database.query('SELECT 1 FROM event')).toEqual([]);
    // Three minutes, two clients: the last minute of each is still being counted.
    expect((await rows('sessions.refreshed')).length).toBeLessThanOrEqual(6);
    await log.flush();
    const all = await rows('sessions.refreshed');
    expect(all.length).toBeLessThanOrEqual(6);
    expect(all.reduce((sum, count) => sum + count, 0)).toBe(540);
  });

  it('stays below 20 MB through 100,000 bad tokens of 100,000 callers, and loses no alert', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const node = aNode();
    await node.run();
    const flood = async (from: number, to: number) => {
      for (let n = from; n < to; n += 1) {
        const presentedBy = n % 1_000 === 0 ? 'the-thief' : `made-up-${n}`;
        log.tally('token.unknown', presentedBy, () => ({
          id: newId(clock.now()),
          at: clock.now(),
          type: 'token.unknown',
          sessionId: null,
          accountId: null,
          clientId: null,
          data: { endpoint: 'token', presentedBy, ip: `10.0.${(n >> 8) & 255}.${n & 255}`, count: 1 },
        }));
        if (n % 5_000 === 4_999) {
          await log.flush();
          await node.run();
          clock.advance(1);
        }
      }
    };
    await flood(0, 5_000);
    collect();
    const before = process.memoryUsage().heapUsed;
    await flood(5_000, 100_000);
    collect();
    expect((process.memoryUsage().heapUsed - before) / 1_000_000).toBeLessThan(20);
    expect(log.dropped).toBe(0);
    // The watch stays behind the oldest open transaction of the whole PostgreSQL, which may be one of its own upkeep.
    for (let turn = 0; turn < 100 && (await alerts()).length === 0; turn += 1) {
      await node.run();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect((await alerts()).map(({ pattern }) => pattern)).toEqual(['unknown_token_spray']);
  }, 60_000);
});
