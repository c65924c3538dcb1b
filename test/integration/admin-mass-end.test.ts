import { ManualClock } from '@curfew/clock';
import { CountsStore } from '@curfew/insight';
import { type Instant, instant } from '@curfew/session-policy';
import type { PostgresSessionStore } from '@curfew/sessions/store';
import pg from 'pg';
import { CameBackStore } from '../../apps/admin-api/src/insight/came-back.store.js';
import { FrictionFigures } from '../../apps/admin-api/src/insight/friction.js';
import { SessionSearchStore } from '../../apps/admin-api/src/sessions/session-search.store.js';
import { Metrics } from '../../apps/admin-api/src/stats/metrics.js';
import { Stats } from '../../apps/admin-api/src/stats/stats.js';
import { StatsStore } from '../../apps/admin-api/src/stats/stats.store.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { sessionStores } from '../support/session-stores.js';
import { seededSessions, seedSessions } from './admin-seed.js';

const now = instant(Date.UTC(2030, 0, 10));
const at = (minutes: number): Instant => instant(now + minutes * 60_000);
const by = { kind: 'administrator', id: 'operator', ip: null } as const;

let database: TestDatabase;
let store: PostgresSessionStore;
let search: SessionSearchStore;

beforeAll(async () => {
  database = await createTestDatabase();
  const settings = { CURFEW_DATABASE_STATEMENT_TIMEOUT: '60s', CURFEW_DATABASE_TRANSACTION_TIMEOUT: '60s' };
  const prisma = database.prisma(settings);
  ({ store } = sessionStores(prisma));
  search = new SessionSearchStore(prisma);
  await seedSessions(database, now);
}, 600_000);
afterAll(() => database?.drop());

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const begun = performance.now();
  const result = await work();
  return [result, performance.now() - begun];
}

/** One plain refresh of a session that lives; the milliseconds it took. */
async function refresh(id: string, generation: number): Promise<number> {
  const rotation = {
    id,
    fromGeneration: generation,
    at: at(1),
    lastActiveAt: at(1),
    expiresAt: at(60),
    tokenHash: Buffer.alloc(32, generation),
    successorSeal: Buffer.alloc(61),
  };
  return (await timed(() => store.rotate(rotation)))[1];
}

describe('the figures of the whole installation', () => {
  it('leave out what a mass end covers before each end is recorded', async () => {
    const figures = () => new StatsStore(database.prisma()).figures(at(2));
    const before = await figures();
    await database.query(
      `INSERT INTO not_before (kind, target, at, reason) VALUES ('client', 'client-3', $1, 'ended_by_administrator')`,
      [new Date(at(1)).toISOString()],
    );
    const after = await figures();
    const of = ({ liveByClient }: typeof before, client: string) =>
      liveByClient.find(({ client_id }) => client_id === client)?.count ?? 0;
    expect(of(before, 'client-3')).toBeGreaterThan(0);
    expect([of(after, 'client-3'), after.live]).toEqual([0, before.live - of(before, 'client-3')]);
    await database.query(`DELETE FROM not_before WHERE target = 'client-3'`);
  });

  it('are counted by one for all who ask, the more seldom the longer it takes, and never waited for again', async () => {
    const prisma = database.prisma({
      CURFEW_DATABASE_STATEMENT_TIMEOUT: '20s',
      CURFEW_DATABASE_TRANSACTION_TIMEOUT: '30s',
    });
    const stats = new Stats(new StatsStore(prisma));
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    const held = async <T>(work: () => Promise<T>): Promise<T> => {
      await holder.query('BEGIN');
      await holder.query('LOCK TABLE account IN ACCESS EXCLUSIVE MODE');
      return work().finally(() => holder.query('COMMIT'));
    };
    const first = await held(async () => {
      const both = [stats.read(at(0)), stats.read(at(0))];
      await new Promise((resolve) => setTimeout(resolve, 200));
      await holder.query('COMMIT');
      const [one, other] = await Promise.all(both);
      expect(one).toBe(other);
      return one!;
    });
    // It took a fifth of a second, so for twenty seconds nobody counts again.
    expect(await stats.read(instant(at(0) + 19_000))).toBe(first);
    const later = instant(at(0) + 595_000);
    expect(await held(() => stats.read(later))).toBe(first);
    const deadline = performance.now() + 20_000;
    while ((await stats.read(later)) === first && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await stats.read(later)).at).toBe(later);
    await holder.end();
  });

  it('say how busy the connections to the database are', async () => {
    const prisma = database.prisma({
      CURFEW_DATABASE_POOL_SIZE: '2',
      CURFEW_DATABASE_CONNECT_TIMEOUT: '20s',
    });
    expect(prisma.load()).toEqual({ open: 0, idle: 0, waiting: 0 });
    const busy = Promise.all([1, 2, 3].map(() => prisma.$queryRaw`SELECT 1 FROM pg_sleep(0.5)`));
    const deadline = performance.now() + 20_000;
    while (prisma.load().waiting === 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(prisma.load()).toEqual({ open: 2, idle: 0, waiting: 1 });
    await busy;
    expect(prisma.load()).toMatchObject({ idle: 2, waiting: 0 });
    const friction = new FrictionFigures(new CountsStore(prisma), new CameBackStore(prisma));
    const metrics = new Metrics(
      new Stats(new StatsStore(prisma)),
      new Stats(friction),
      new ManualClock(now),
      () => prisma.load(),
    );
    expect(await metrics.text()).toMatch(/^curfew_database_pool\{pool="main",state="open"\} 2$/m);
  });
});

describe('a mass end, with very many sessions', () => {
  it('of an account takes less than 100 ms', async () => {
    const target = '00000000-0000-4000-8000-000000000007';
    const live = await search.countByClient({ account: target, state: 'live' }, now);
    const end = {
      kind: 'account',
      target,
      reason: 'ended_by_administrator',
      at: at(0),
      detail: { by },
    } as const;
    const [ended, ms] = await timed(() => store.endAll(end));
    expect(ended.length).toBe(live.reduce((sum, { count }) => sum + count, 0));
    expect(ended.length).toBeGreaterThan(5);
    expect(ms).toBeLessThan(100);
    expect(await search.countByClient({ account: target, state: 'live' }, now)).toEqual([]);
  });

  it('of everyone takes less than a second, while refreshes go on', async () => {
    const rows = await database.query<{ id: string; generation: number }>(
      'SELECT id, generation FROM session WHERE ended_at IS NULL ORDER BY id DESC LIMIT 400',
    );
    const quiet = [];
    for (const { id, generation } of rows.slice(0, 200)) quiet.push(await refresh(id, generation));
    const end = {
      kind: 'everyone',
      target: '',
      reason: 'ended_by_administrator',
      at: at(0),
      detail: { by },
    } as const;
    const ending = timed(() => store.endAll(end));
    const busy = [];
    for (const { id, generation } of rows.slice(200)) busy.push(await refresh(id, generation));
    const [, ms] = await ending;
    const p99 = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length * 0.99) - 1]!;
    if (seededSessions > 100_000)
      console.log(
        `everyone: ${Math.round(ms)} ms; refresh p99 quiet ${p99(quiet).toFixed(1)} ms, busy ${p99(busy).toFixed(1)} ms`,
      );
    expect(ms).toBeLessThan(1_000);
    const [page, found] = await timed(() => search.page({ state: 'live' }, '-started_at', null, 50, at(0)));
    expect(page.found).toEqual([]);
    expect(found).toBeLessThan(200);
    // The mass end that kills the session is found with it, whatever the row says.
    const killed = await store.read(rows[399]!.id);
    expect(killed!.notBefore).toContainEqual(expect.objectContaining({ kind: 'everyone' }));
  });
});
