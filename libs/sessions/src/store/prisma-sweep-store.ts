import { type PrismaService, retrying, type Transaction } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { endWithin } from './end-statements.js';
import { atDate as at, type FoundRow, readFound } from './session-row.js';
import {
  type End,
  type FoundSession,
  type Lineage,
  type Retention,
  type ShorterLimits,
  SweepStore,
} from './session-store.js';

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
    decide: (found: FoundSession) => Promise<End | { readonly checkAfter: Instant }>,
  ): Promise<number> {
    return this.prisma.$transaction(
      async (transaction) => {
        const due = await takeDue(transaction, now, most);
        const expired = due.filter((row) => row.ended_at !== null).map((row) => row.id);
        if (expired.length > 0)
          await transaction.$executeRaw`DELETE FROM session WHERE id = ANY(${expired}::uuid[])`;
        const ends: End[] = [];
        const later: { id: string; checkAfter: Instant }[] = [];
        for (const row of due.filter((candidate) => candidate.ended_at === null)) {
          const verdict = await decide(readFound(row));
          if ('checkAfter' in verdict) later.push({ id: row.id, checkAfter: verdict.checkAfter });
          else ends.push(verdict);
        }
        await endWithin(transaction, ends, [], this.retention);
        await transaction.$executeRaw`
          UPDATE session s SET check_after = l.at
          FROM unnest(${later.map((l) => l.id)}::uuid[], ${later.map((l) => at(l.checkAfter))}::timestamptz[]) AS l(id, at)
          WHERE s.id = l.id`;
        return due.length;
      },
      { timeout: 30_000 },
    );
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
    const { clientId, resources, inactivityTimeout, absoluteLifetime } = limits;
    return retrying(
      () => this.prisma.$executeRaw`
        UPDATE session SET check_after = LEAST(last_active_at + make_interval(secs => ${inactivityTimeout}),
          signed_in_at + make_interval(secs => ${absoluteLifetime}))
        WHERE client_id = ${clientId} AND resources = ${resources}::text[] AND ended_at IS NULL
          AND check_after > LEAST(last_active_at + make_interval(secs => ${inactivityTimeout}),
            signed_in_at + make_interval(secs => ${absoluteLifetime}))`,
    );
  }

  override prune(now: Instant, most: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM revoked_token WHERE token_hash IN (
        SELECT token_hash FROM revoked_token WHERE expires_at < ${at(now)} LIMIT ${most} FOR UPDATE SKIP LOCKED)`;
  }
}

const first = '00000000-0000-0000-0000-000000000000';

const takeDue = (transaction: Transaction, now: Instant, most: number): Promise<FoundRow[]> =>
  transaction.$queryRaw<FoundRow[]>`
    SELECT s.*, (SELECT jsonb_agg(jsonb_build_object('kind', n.kind, 'reason', n.reason, 'at', floor(extract(epoch FROM n.at) * 1000)))
        FROM not_before n
       WHERE (n.kind, n.target) IN (('account', s.account_id::text), ('client', s.client_id), ('everyone', ''))
         AND n.at >= s.signed_in_at) AS not_before, false AS token_revoked
    FROM session s WHERE s.check_after <= ${at(now)} ORDER BY s.check_after LIMIT ${most} FOR UPDATE OF s SKIP LOCKED`;
