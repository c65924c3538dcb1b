import {
  type HotStatement,
  Prisma,
  type PrismaService,
  retrying,
  type Transaction,
} from '@curfew/persistence';
import { type Instant, plus, type SessionId, seconds } from '@curfew/session-policy';
import type { EndWriter } from './end-writer.js';
import { atDate as at, selectionOf } from './session-columns.js';
import { type EntryRows, readEntries } from './session-read.js';
import { type End } from './session-store.js';
import { deadlineUnderEach, entriesOfSession, markColumns, placeWithinEach } from './standing-statements.js';
import {
  type DueSession,
  type Lineage,
  type LookAgain,
  type ShorterLimits,
  SweepStore,
} from './sweep-store.js';

interface UnsettledRow {
  kind: 'account' | 'client' | 'everyone';
  target: string;
  at: Date;
  reason: End['reason'];
  detail: End['detail'] | null;
}

/** A walk over the sessions that a mass end may have ended, in the order of their ids. */
interface Walk {
  readonly at: number;
  readonly upTo: string;
  /** Whether it passed sessions that somebody else held. */
  readonly hasSkipped: boolean;
}

/** Walks that a node remembers; if there are more mass ends at a time, some begin again. */
const maxWalks = 1_000;
/** Sessions looked at for each that may be ended: most of them have ended already or began later. */
const lookedAtForEach = 10;

const nameOf = ({ kind, target }: UnsettledRow): string => `${kind}:${target}`;
/** Each of these has an index whose order is that of the ids, or finds few sessions. */
function covered({ kind, target }: UnsettledRow): Prisma.Sql {
  if (kind === 'account') return Prisma.sql`account_id = ${target}::uuid`;
  return kind === 'client' ? Prisma.sql`client_id = ${target}` : Prisma.sql`true`;
}

/** Sweeping in PostgreSQL: rows are taken with SKIP LOCKED, so nodes share the work and none waits for another. */
export class PostgresSweepStore extends SweepStore {
  /** How far this node has come with each mass end. Every statement looks at a bounded number of sessions, however many there are. */
  readonly #walks = new Map<string, Walk>();

  constructor(
    private readonly prisma: PrismaService,
    private readonly ends: EndWriter,
    private readonly max = maxWalks,
  ) {
    super();
  }

  override async sweep(
    now: Instant,
    most: number,
    decide: (due: DueSession) => Promise<End | LookAgain>,
  ): Promise<number> {
    let tell = (): void => {};
    const handled = await this.prisma.prepared(async (run) => {
      const due = await run<DueRow>(takeDue, [now, most]);
      const ends: End[] = [];
      const later: (LookAgain & { readonly id: string })[] = [];
      for (const row of due.filter(([, isExpired]) => !isExpired)) {
        const verdict = await decide(readDue(row));
        if ('checkAfter' in verdict) later.push({ id: row[0], ...verdict });
        else ends.push(verdict);
      }
      const expired = due.filter(([, isExpired]) => isExpired).map(([id]) => id);
      if (expired.length > 0) await run(forget, [expired]);
      if (ends.length > 0) tell = await this.ends.endOn({ run }, { ends });
      if (later.length > 0)
        await run(postpone, [
          later.map(({ id }) => id),
          later.map(({ checkAfter }) => checkAfter),
          later.map(({ mark }) => mark?.at ?? null),
        ]);
      return due.length;
    });
    tell();
    return handled;
  }

  override settle(now: Instant, max: number): Promise<number> {
    return this.prisma.$transaction(
      async (transaction) => {
        const [entry] = await transaction.$queryRaw<UnsettledRow[]>`
          SELECT kind, target, at, reason, detail FROM not_before WHERE settled_at IS NULL ORDER BY at LIMIT 1 FOR UPDATE SKIP LOCKED`;
        if (!entry) return 0;
        const walk = this.#walkOf(entry);
        const page = await transaction.$queryRaw<{ id: string; is_left: boolean }[]>`
          SELECT id::text AS id, ended_at IS NULL AND signed_in_at <= ${entry.at} AS is_left FROM session
          WHERE id > ${walk.upTo}::uuid AND ${covered(entry)} ORDER BY id LIMIT ${max * lookedAtForEach}`;
        if (page.length === 0) return this.#settled(transaction, entry, walk, now);
        const left = page.filter((row) => row.is_left).slice(0, max);
        const upTo = left.length === max ? left.at(-1)!.id : page.at(-1)!.id;
        const taken = await this.#endLeft(transaction, entry, left);
        this.#walks.set(nameOf(entry), {
          ...walk,
          upTo,
          hasSkipped: walk.hasSkipped || taken < left.length,
        });
        return Math.max(1, taken);
      },
      { timeout: 30_000 },
    );
  }

  /** Ends those of the sessions that nobody else holds; how many. */
  async #endLeft(
    transaction: Transaction,
    entry: UnsettledRow,
    left: readonly { id: string }[],
  ): Promise<number> {
    if (left.length === 0) return 0;
    const ids = left.map(({ id }) => id);
    const taken = await transaction.$queryRaw<{ id: string }[]>`
      SELECT id::text AS id FROM session WHERE id = ANY(${ids}::uuid[]) FOR UPDATE SKIP LOCKED`;
    const end = { reason: entry.reason, at: entry.at.getTime() as Instant, detail: entry.detail ?? {} };
    const ends = taken.map(({ id }) => ({ id, ...end }));
    if (ends.length > 0) await this.ends.end(ends, { transaction });
    return taken.length;
  }

  /** The walk has come to its end. Sessions that others held meanwhile need one more. */
  async #settled(transaction: Transaction, entry: UnsettledRow, walk: Walk, now: Instant): Promise<number> {
    this.#walks.delete(nameOf(entry));
    if (walk.hasSkipped) return 0;
    return transaction.$executeRaw`
      UPDATE not_before SET settled_at = ${at(now)} WHERE kind = ${entry.kind} AND target = ${entry.target}`;
  }

  #walkOf(entry: UnsettledRow): Walk {
    const walk = this.#walks.get(nameOf(entry));
    if (walk?.at === entry.at.getTime()) return walk;
    if (this.#walks.size >= this.max) this.#walks.clear();
    return { at: entry.at.getTime(), upTo: first, hasSkipped: false };
  }

  override async bringForward(
    after: SessionId | undefined,
    max: number,
    limitsOf: (lineages: readonly Lineage[]) => Promise<readonly ShorterLimits[]>,
  ): Promise<SessionId | undefined> {
    const from = after ?? first;
    const [page] = await this.prisma.$queryRaw<{ last: SessionId | null; lineages: Lineage[] | null }[]>`
      WITH page AS MATERIALIZED (
        SELECT id, client_id, resources, ended_at FROM session WHERE id > ${from}::uuid ORDER BY id LIMIT ${max}
      ), live AS (SELECT DISTINCT client_id AS "clientId", resources FROM page WHERE ended_at IS NULL)
      SELECT (SELECT id::text FROM page ORDER BY id DESC LIMIT 1) AS last, (SELECT jsonb_agg(to_jsonb(live)) FROM live) AS lineages`;
    if (!page?.last) return undefined;
    const limits = page.lineages ? await limitsOf(page.lineages) : [];
    if (limits.length > 0) await retrying(() => this.#applyLimits(from, page.last!, limits));
    return page.last;
  }

  #applyLimits(from: string, last: SessionId, limits: readonly ShorterLimits[]): Promise<number> {
    return this.prisma.$executeRaw`
      UPDATE session s SET check_after = ${deadlineUnderEach}
      FROM jsonb_to_recordset(${JSON.stringify(limits)}::jsonb)
        AS l("clientId" text, resources text[], "from" int, "to" int, "inactivityTimeout" int, "absoluteLifetime" int)
      WHERE s.id > ${from}::uuid AND s.id <= ${last}::uuid AND s.ended_at IS NULL
        AND s.client_id = l."clientId" AND s.resources = l.resources
        AND ${placeWithinEach} AND s.check_after > ${deadlineUnderEach}`;
  }

  override async prune(now: Instant, max: number): Promise<number> {
    const tokens = await this.prisma.$executeRaw`
      DELETE FROM revoked_token WHERE token_hash IN (
        SELECT token_hash FROM revoked_token WHERE expires_at < ${at(now)} LIMIT ${max} FOR UPDATE SKIP LOCKED)`;
    return Math.max(tokens, await this.#pruneNotBefore(plus(now, seconds(-notBeforeKept)), max));
  }

  /** Deletes mass ends that can end nothing any more. That of everyone is one row, and stays. */
  #pruneNotBefore(before: Instant, max: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM not_before WHERE (kind, target) IN (
        SELECT n.kind, n.target FROM not_before n WHERE n.settled_at < ${at(before)} AND n.at < ${at(before)} AND n.kind <> 'everyone'
          AND NOT EXISTS (SELECT 1 FROM session s WHERE s.ended_at IS NULL AND s.signed_in_at <= n.at
            AND s.account_id = CASE WHEN n.kind = 'account' THEN n.target::uuid END)
          AND NOT EXISTS (SELECT 1 FROM session s WHERE s.ended_at IS NULL AND s.signed_in_at <= n.at
            AND s.client_id = CASE WHEN n.kind = 'client' THEN n.target END)
        LIMIT ${max} FOR UPDATE SKIP LOCKED)`;
  }
}

/**
 * How long a mass end is kept after it was settled. Nothing that was authorized before it lives longer than a browser stays signed in, which
 * is 400 days at most; sessions are asked for one by one.
 */
const notBeforeKept = 401 * 86_400;

const first = '00000000-0000-0000-0000-000000000000';

/** The fields that a verdict needs. */
const judged = selectionOf([
  'id',
  'accountId',
  'clientId',
  'resources',
  'signedInAt',
  'authenticatedAt',
  'lastActiveAt',
  'inactivityTimeout',
  'absoluteDeadline',
  'expiresAt',
  'ended',
  'shadowEnd',
  'afterIdleCut',
]);

const takeDue: HotStatement = {
  name: 'sweep_due',
  text: `
    SELECT s.id, s.ended_at IS NOT NULL, ${entriesOfSession}, ${judged.columns}
    FROM session s WHERE s.check_after <= to_timestamp($1::float8 / 1000) ORDER BY s.check_after LIMIT $2::int FOR UPDATE OF s SKIP LOCKED`,
};

const forget: HotStatement = { name: 'sweep_forget', text: 'DELETE FROM session WHERE id = ANY($1::uuid[])' };

const postpone: HotStatement = {
  name: 'sweep_postpone',
  text: `
    UPDATE session s SET check_after = to_timestamp(l.at / 1000), ${markColumns('to_timestamp(l.shadow_end / 1000)', 'NULL::int')}
    FROM unnest($1::uuid[], $2::float8[], $3::float8[]) AS l(id, at, shadow_end) WHERE s.id = l.id`,
};

type DueRow = [id: string, isExpired: boolean, notBefore: EntryRows, ...session: unknown[]];

const readDue = (row: DueRow): DueSession => ({
  session: judged.read(row, 3),
  notBefore: readEntries(row[2]),
});
