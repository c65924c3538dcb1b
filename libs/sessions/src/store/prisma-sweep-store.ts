import { type HotStatement, type PrismaService, retrying } from '@curfew/persistence';
import { type EndReason, type Instant, instant, type NotBefore, seconds } from '@curfew/session-policy';
import { endStatement, endWithin, thatIsAll } from './end-statements.js';
import { atDate as at, ms } from './session-row.js';
import {
  type DueSession,
  type End,
  type Lineage,
  type Retention,
  type ShorterLimits,
  SweepStore,
} from './session-store.js';
import { deadlineUnder, killersOfSession } from './standing-statements.js';

interface UnsettledRow {
  kind: 'account' | 'client' | 'everyone';
  target: string;
  at: Date;
  reason: End['reason'];
  detail: End['detail'] | null;
}

/** Sweeping in PostgreSQL: rows are taken with SKIP LOCKED, so nodes share the work and none waits for another. */
export class PrismaSweepStore extends SweepStore {
  /** How far this node has come with a mass end, so that a million sessions are not searched from the start each time. */
  readonly #settledUpTo = new Map<string, string>();

  constructor(
    private readonly prisma: PrismaService,
    private readonly retention: Retention,
  ) {
    super();
  }

  override sweep(
    now: Instant,
    most: number,
    decide: (due: DueSession) => Promise<End | { readonly checkAfter: Instant }>,
  ): Promise<number> {
    return this.prisma.prepared(async (run) => {
      const due = await run<DueRow>(takeDue, [now, most]);
      const ends: End[] = [];
      const later: { id: string; checkAfter: Instant }[] = [];
      for (const row of due.filter(([, isExpired]) => !isExpired)) {
        const verdict = await decide(readDue(row));
        if ('checkAfter' in verdict) later.push({ id: row[0], checkAfter: verdict.checkAfter });
        else ends.push(verdict);
      }
      const expired = due.filter(([, isExpired]) => isExpired).map(([id]) => id);
      if (expired.length > 0) await run(forget, [expired]);
      if (ends.length > 0) {
        const how = { together: true, answer: thatIsAll };
        const { text, values } = endStatement(ends, [], this.retention, how);
        await run({ name: 'sweep_end', text }, values);
      }
      if (later.length > 0)
        await run(postpone, [later.map(({ id }) => id), later.map(({ checkAfter }) => checkAfter)]);
      return due.length;
    });
  }

  override settle(now: Instant, most: number): Promise<number> {
    return this.prisma.$transaction(
      async (transaction) => {
        const rows = await transaction.$queryRaw<UnsettledRow[]>`
          SELECT kind, target, at, reason, detail FROM not_before WHERE settled_at IS NULL ORDER BY at LIMIT 1 FOR UPDATE SKIP LOCKED`;
        const entry = rows[0];
        if (!entry) return 0;
        const account = entry.kind === 'account' ? entry.target : null;
        const client = entry.kind === 'client' ? entry.target : null;
        const name = `${entry.kind}:${entry.target}`;
        const killed = await transaction.$queryRaw<{ id: string }[]>`
          SELECT id::text AS id FROM session
          WHERE ended_at IS NULL AND signed_in_at <= ${entry.at} AND id > ${this.#settledUpTo.get(name) ?? first}::uuid
            AND (${account}::uuid IS NULL OR account_id = ${account}::uuid) AND (${client}::text IS NULL OR client_id = ${client})
          ORDER BY id LIMIT ${most} FOR UPDATE SKIP LOCKED`;
        const end = { reason: entry.reason, at: entry.at.getTime() as Instant, detail: entry.detail ?? {} };
        await endWithin(
          transaction,
          killed.map(({ id }) => ({ id, ...end })),
          [],
          this.retention,
          { together: true },
        );
        if (killed.length > 0) {
          this.#settledUpTo.set(name, killed.at(-1)!.id);
          return killed.length;
        }
        this.#settledUpTo.delete(name);
        // Nothing to take may also mean that others hold what is left: then it is not settled yet.
        const settled = await transaction.$executeRaw`
          UPDATE not_before SET settled_at = ${at(now)} WHERE kind = ${entry.kind} AND target = ${entry.target}
            AND NOT EXISTS (SELECT 1 FROM session WHERE ended_at IS NULL AND signed_in_at <= ${entry.at}
              AND (${account}::uuid IS NULL OR account_id = ${account}::uuid) AND (${client}::text IS NULL OR client_id = ${client}))`;
        return settled;
      },
      { timeout: 30_000 },
    );
  }

  override async lineages(): Promise<readonly Lineage[]> {
    const rows = await this.prisma.$queryRaw<{ client_id: string; resources: string[] }[]>`
      SELECT DISTINCT client_id, resources FROM session WHERE ended_at IS NULL`;
    return rows.map(({ client_id: clientId, resources }) => ({ clientId, resources }));
  }

  override bringForward(limits: ShorterLimits): Promise<number> {
    const { clientId, resources } = limits;
    const deadline = deadlineUnder(limits);
    return retrying(
      () => this.prisma.$executeRaw`
        UPDATE session s SET check_after = ${deadline}
        WHERE client_id = ${clientId} AND resources = ${resources}::text[] AND ended_at IS NULL AND check_after > ${deadline}`,
    );
  }

  override prune(now: Instant, most: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM revoked_token WHERE token_hash IN (
        SELECT token_hash FROM revoked_token WHERE expires_at < ${at(now)} LIMIT ${most} FOR UPDATE SKIP LOCKED)`;
  }
}

const first = '00000000-0000-0000-0000-000000000000';

/** Only what a verdict needs; the column order is that of `readDue`. */
const takeDue: HotStatement = {
  name: 'sweep_due',
  text: `
    SELECT s.id, s.ended_at IS NOT NULL, s.client_id, s.resources, ${ms('s.signed_in_at')}, ${ms('s.last_active_at')},
      s.inactivity_timeout, ${ms('s.absolute_deadline')}, ${ms('s.expires_at')}, ${ms('s.authenticated_at')},
      ${killersOfSession}
    FROM session s WHERE s.check_after <= to_timestamp($1::float8 / 1000) ORDER BY s.check_after LIMIT $2::int FOR UPDATE OF s SKIP LOCKED`,
};

const forget: HotStatement = { name: 'sweep_forget', text: 'DELETE FROM session WHERE id = ANY($1::uuid[])' };

const postpone: HotStatement = {
  name: 'sweep_postpone',
  text: `
    UPDATE session s SET check_after = to_timestamp(l.at / 1000)
    FROM unnest($1::uuid[], $2::float8[]) AS l(id, at) WHERE s.id = l.id`,
};

type DueRow = [
  id: string,
  isExpired: boolean,
  clientId: string,
  resources: string[],
  signedInAt: number,
  lastActiveAt: number,
  inactivityTimeout: number,
  absoluteDeadline: number,
  expiresAt: number,
  authenticatedAt: number | null,
  notBefore: { kind: NotBefore['kind']; reason: EndReason; at: number }[] | null,
];

const readDue = (row: DueRow): DueSession => ({
  session: {
    id: row[0],
    clientId: row[2],
    resources: row[3],
    signedInAt: moment(row[4]),
    lastActiveAt: moment(row[5]),
    inactivityTimeout: seconds(row[6]),
    absoluteDeadline: moment(row[7]),
    expiresAt: moment(row[8]),
    authenticatedAt: row[9] === null ? null : moment(row[9]),
    ended: null,
  },
  notBefore: (row[10] ?? []).map((entry) => ({ ...entry, at: moment(entry.at) })),
});

const moment = (value: number): Instant => instant(Math.round(value));
