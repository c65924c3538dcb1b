import { type Instant, instant, seconds } from '@curfew/session-policy';
import { PrismaSessionStore } from '@curfew/sessions';
import { SessionSearchStore } from '../../apps/admin-api/src/sessions/session-search.store.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { seededSessions, seedSessions } from './admin-seed.js';

const now = instant(Date.UTC(2030, 0, 10));
const at = (minutes: number): Instant => instant(now + minutes * 60_000);
const by = { kind: 'administrator', id: 'operator', ip: null } as const;

let database: TestDatabase;
let store: PrismaSessionStore;
let search: SessionSearchStore;

beforeAll(async () => {
  database = await createTestDatabase();
  const settings = { CURFEW_DATABASE_STATEMENT_TIMEOUT: '60s', CURFEW_DATABASE_TRANSACTION_TIMEOUT: '60s' };
  const prisma = database.prisma(settings);
  store = new PrismaSessionStore(prisma, { ended: seconds(3_600) });
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
    // Whatever the row says: what kills it is found with it.
    const killed = await store.read(rows[399]!.id);
    expect(killed!.notBefore).toContainEqual(expect.objectContaining({ kind: 'everyone' }));
  });
});
