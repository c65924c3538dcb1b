import type { PrismaService } from '@curfew/persistence';
import { instant } from '@curfew/session-policy';
import { profiles } from '@curfew/session-policy/settings';
import { Client } from 'pg';
import {
  type PreviewLimits,
  PreviewStore,
  PreviewTooLarge,
} from '../../apps/admin-api/src/policies/preview.store.js';
import { ReachCountStore } from '../../apps/admin-api/src/sessions/reach-count.store.js';
import type {
  SessionOrder,
  SessionPosition,
  SessionSearch,
} from '../../apps/admin-api/src/sessions/search.js';
import { SessionSearchStore } from '../../apps/admin-api/src/sessions/session-search.store.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { seededSessions, seedSessions } from './admin-seed.js';

const count = seededSessions;
const now = instant(Date.UTC(2030, 0, 10));
/** Milliseconds a first page may take, with room for a busy machine where the table is small. */
const patience = 200;

let database: TestDatabase;
let prisma: PrismaService;
let store: SessionSearchStore;

beforeAll(async () => {
  database = await createTestDatabase();
  prisma = database.prisma({
    CURFEW_DATABASE_STATEMENT_TIMEOUT: '60s',
    CURFEW_DATABASE_TRANSACTION_TIMEOUT: '60s',
  });
  store = new SessionSearchStore(prisma);
  await seedSessions(database, now);
}, 600_000);
afterAll(() => database?.drop());

/** Every session that a search finds, page by page. */
async function all(
  search: SessionSearch,
  order: SessionOrder = '-started_at',
  limit = 500,
): Promise<string[]> {
  const ids: string[] = [];
  let after: SessionPosition | null = null;
  do {
    const page: Awaited<ReturnType<SessionSearchStore['page']>> = await store.page(
      search,
      order,
      after,
      limit,
      now,
    );
    ids.push(...page.found.map(({ session }) => session.id));
    after = page.next;
  } while (after !== null);
  return ids;
}

const minutesAgo = (minutes: number) => instant(now - minutes * 60_000);
const account = '00000000-0000-4000-8000-000000000007';
const hours = (count * 10) / 3600;

/** Searches, and how a database that has all the time in the world finds the same. */
const searches: readonly (readonly [string, SessionSearch, string])[] = [
  ['nothing in particular', {}, 'true'],
  ['an account', { account }, `account_id = '${account}'`],
  ['a client', { client: 'client-3' }, `client_id = 'client-3'`],
  ['a rare client', { client: 'rare' }, `client_id = 'rare'`],
  ['a client nobody knows', { client: 'nobody' }, 'false'],
  ['an address', { ip: '10.0.0.77' }, `baseline ->> 'ip' = '10.0.0.77'`],
  ['a small network', { ip: '10.0.3.0/24' }, `(baseline ->> 'ip')::inet <<= '10.0.3.0/24'`],
  ['a large network', { ip: '10.0.0.0/8' }, 'true'],
  ['an empty network', { ip: '192.0.2.0/24' }, 'false'],
  [
    'part of a user agent',
    { userAgent: 'FIREFOX and' },
    `baseline ->> 'userAgentFamily' = 'Firefox' AND baseline ->> 'operatingSystem' LIKE 'And%'`,
  ],
  ['a rare user agent', { userAgent: 'lynx' }, `baseline ->> 'userAgentFamily' = 'Lynx'`],
  ['a user agent nobody has', { userAgent: 'netscape' }, 'false'],
  ['live', { state: 'live' }, 'ended_at IS NULL'],
  ['ended', { state: 'ended' }, 'ended_at IS NOT NULL'],
  ['a common reason', { reason: 'logout' }, `end_reason = 'logout'`],
  ['a rare reason', { reason: 'refresh_token_reuse' }, `end_reason = 'refresh_token_reuse'`],
  ['a reason that never came up', { reason: 'risk_ip' }, 'false'],
  [
    'started just now',
    { startedAfter: minutesAgo(10) },
    `started_at >= '${new Date(minutesAgo(10)).toISOString()}'`,
  ],
  [
    'started long ago',
    { startedBefore: minutesAgo(hours * 50) },
    `started_at < '${new Date(minutesAgo(hours * 50)).toISOString()}'`,
  ],
  ['ended lately', { endedAfter: minutesAgo(0) }, `ended_at >= '${new Date(now).toISOString()}'`],
  [
    'active lately',
    { activeAfter: minutesAgo(30) },
    `last_active_at >= '${new Date(minutesAgo(30)).toISOString()}'`,
  ],
  [
    'idle for long',
    { activeBefore: minutesAgo(hours * 59) },
    `last_active_at < '${new Date(minutesAgo(hours * 59)).toISOString()}'`,
  ],
  [
    'ended sessions of a client',
    { client: 'client-3', state: 'ended' },
    `client_id = 'client-3' AND ended_at IS NOT NULL`,
  ],
  [
    'a client and an address',
    { client: 'client-3', ip: '10.0.1.0/24' },
    `client_id = 'client-3' AND (baseline ->> 'ip')::inet <<= '10.0.1.0/24'`,
  ],
  [
    'a reason and a user agent',
    { reason: 'logout', userAgent: 'lynx' },
    `end_reason = 'logout' AND baseline ->> 'userAgentFamily' = 'Lynx'`,
  ],
  [
    'clients under a policy',
    { policy: { everyone: false, clients: ['rare', 'client-1'], resources: [] } },
    `client_id IN ('rare', 'client-1')`,
  ],
  [
    'APIs under a policy',
    { policy: { everyone: false, clients: ['rare'], resources: ['https://orders.example.test'] } },
    `(client_id = 'rare' OR resources && ARRAY['https://orders.example.test'])`,
  ],
];

describe('the search of sessions', () => {
  it.each(searches)('finds exactly what is asked for: %s', async (_, search, condition) => {
    if (count > 100_000) return;
    const expected = await database.query<{ id: string }>(
      `SELECT id FROM session WHERE ${condition} ORDER BY id DESC`,
    );
    expect(await all(search)).toEqual(expected.map(({ id }) => id));
  });

  it.each(searches)('answers with a first page in time: %s', async (name, search) => {
    const times: number[] = [];
    for (let run = 0; run < 3; run++) {
      const begun = performance.now();
      await store.page(search, '-started_at', null, 50, now);
      times.push(performance.now() - begun);
    }
    if (count > 100_000) console.log(`${name}: ${times.map(Math.round).join(' ')} ms`);
    expect(Math.min(...times)).toBeLessThan(patience);
  });

  it.each(['started_at', '-ended_at', 'ended_at'] as const)(
    'is ordered by %s, page after page',
    async (order) => {
      if (count > 100_000) return;
      const [column, direction] = order.startsWith('-') ? [order.slice(1), 'DESC'] : [order, 'ASC'];
      const rows = await database.query<{ id: string }>(
        `SELECT id FROM session WHERE client_id = 'rare' AND ${column} IS NOT NULL ORDER BY ${column} ${direction}, id ${direction}`,
      );
      expect(await all({ client: 'rare' }, order, 7)).toEqual(rows.map(({ id }) => id));
    },
  );

  it('counts what meets a search, by client', async () => {
    const counted = await store.countByClient({ client: 'rare', state: 'live' }, now);
    const [row] = await database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM session WHERE client_id = 'rare' AND ended_at IS NULL`,
    );
    expect(counted).toEqual(row!.count === 0 ? [] : [{ clientId: 'rare', count: row!.count }]);
  });

  it('calls nothing live that a mass end covers, before any of it is recorded', async () => {
    const at = new Date(minutesAgo(5)).toISOString();
    await database.query(
      `INSERT INTO not_before (kind, target, at, reason) VALUES ('everyone', '', $1, 'ended_by_administrator')`,
      [at],
    );
    try {
      const young = await database.query<{ id: string }>(
        `SELECT id FROM session WHERE ended_at IS NULL AND signed_in_at > $1 ORDER BY id DESC`,
        [at],
      );
      expect(await all({ state: 'live' })).toEqual(young.map(({ id }) => id));
      const page = await store.page({ state: 'ended' }, '-started_at', null, 5, now);
      expect(page.found).toHaveLength(5);
    } finally {
      await database.query('DELETE FROM not_before');
    }
  });

  it('counts nothing as reached along that a mass end covers, before any of it is recorded', async () => {
    const two = await database.query<{ id: string; client_id: string }>(
      `UPDATE session s SET browser_session_uid = 'of-two', account_id = '00000000-0000-4000-8000-00000000aaaa', client_id = 'reached-' || two.n
       FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM session WHERE ended_at IS NULL ORDER BY id LIMIT 2) two
       WHERE s.id = two.id RETURNING s.id, s.client_id`,
    );
    const reach = new ReachCountStore(prisma);
    const named = { ids: [two.find((one) => one.client_id === 'reached-1')!.id] };
    expect(await reach.ofSearch(named, now)).toEqual({ along: 1, browsers: 0 });
    await database.query(
      `INSERT INTO not_before (kind, target, at, reason) VALUES ('client', 'reached-2', $1, 'ended_by_administrator')`,
      [new Date(now).toISOString()],
    );
    try {
      expect(await reach.ofSearch(named, now)).toEqual({ along: 0, browsers: 0 });
    } finally {
      await database.query('DELETE FROM not_before');
    }
  });

  it('uses no index on a column that a refresh changes', async () => {
    const rows = await database.query<{ indexdef: string }>(
      `SELECT indexdef FROM pg_indexes WHERE tablename = 'session'`,
    );
    expect(rows.length).toBeGreaterThan(8);
    for (const { indexdef } of rows)
      expect(indexdef).not.toMatch(
        /last_active_at|expires_at|generation|retries|rotated_at|token_hash|successor_seal/,
      );
  });
});

describe('a preview of a policy', () => {
  const countWith = (limits?: PreviewLimits, by = prisma) =>
    new PreviewStore(by, limits).count(() => [{ from: 0, to: 100, policy: profiles.standard.policy }], now);
  const enough = { maxLineages: 1_000, maxMs: 60_000 };

  it('counts all live sessions up to its limit of clients and APIs, and nothing one beyond', async () => {
    const [row] = await database.query<{ lineages: number; live: number }>(
      `SELECT count(DISTINCT (client_id, resources))::int AS lineages, count(*)::int AS live FROM session WHERE ended_at IS NULL`,
    );
    const { lineages, live } = row!;
    const counts = await countWith({ ...enough, maxLineages: lineages });
    expect(counts.reduce((sum, one) => sum + one.live, 0)).toBe(live);
    await expect(countWith({ ...enough, maxLineages: lineages - 1 })).rejects.toThrow(PreviewTooLarge);
  });

  it('stops where it takes longer than it may, as a whole or in one statement', async () => {
    await expect(countWith({ ...enough, maxMs: 0 })).rejects.toThrow(PreviewTooLarge);
    const hurried = database.prisma({ CURFEW_DATABASE_STATEMENT_TIMEOUT: '100ms' });
    const other = new Client(database.url);
    await other.connect();
    await other.query('BEGIN; LOCK TABLE session IN ACCESS EXCLUSIVE MODE');
    try {
      await expect(countWith(enough, hurried)).rejects.toThrow(PreviewTooLarge);
    } finally {
      await other.end();
    }
  });
});
