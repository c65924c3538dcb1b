import { foldCount } from '@curfew/insight';
import { type AdaptationState } from '@curfew/insight/adaptation';
import type { PrismaService, Transaction } from '@curfew/persistence';
import { type Instant, instant, plus, seconds } from '@curfew/session-policy';
import { placeWithin } from '@curfew/sessions/statements';
import { leastIdAt } from '@curfew/tokens';

/** A decision, as it is shown until the next one. */
export interface DecisionNote {
  readonly kind: string;
  readonly reasons: readonly string[];
}

/** How a policy adapts, as it is stored. */
export interface StoredAdaptation {
  readonly policy: string;
  /** As they were given; `parseAdaptation` reads them. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly state: AdaptationState;
  readonly decidedAt: Instant | null;
  readonly decision: DecisionNote | null;
}

/** A proposal is open until a person settles it, or a newer one or a stop takes it back. */
export const proposalStatuses = ['open', 'approved', 'declined', 'withdrawn'] as const;

/** A step that a person is asked about. */
export interface Proposal {
  readonly id: string;
  readonly policy: string;
  readonly status: (typeof proposalStatuses)[number];
  readonly from_timeout: number;
  readonly to_timeout: number;
  readonly numbers: Readonly<Record<string, unknown>>;
  readonly made_at: Date;
  readonly settled_at: Date | null;
  readonly settled_by: string | null;
}

/** Failed attempts to sign in of one arm of a canary, by fold. */
export interface ArmFailures {
  readonly arm: 0 | 1;
  readonly folds: readonly number[];
}

/** An alert counts as open for a day after it was raised. */
const alertOpenFor = seconds(86_400);
const maxProposals = 200;
/** A step that was declined is not proposed again before the evidence for it is another. */
const declinedFor = seconds(28 * 86_400);
/** Settled proposals and releases are kept for a year. */
const keptFor = seconds(365 * 86_400);

/** How policies adapt, their proposals, and what decisions ask about beside counts. */
export class AdaptationStore {
  constructor(private readonly prisma: PrismaService) {}

  /** How one policy adapts; held until the transaction ends, so that of two who decide at once one waits. */
  async hold(policy: string, tx: Transaction): Promise<StoredAdaptation | null> {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('curfew adaptation ' || ${policy}, 0))`;
    return this.find(policy, tx);
  }

  async find(policy: string, tx: Transaction = this.prisma): Promise<StoredAdaptation | null> {
    const row = await tx.policyAdaptation.findUnique({ where: { policy } });
    return row && stored(row);
  }

  /** Names of the policies that adapt and that nothing has been decided about since the instant. */
  async due(since: Instant): Promise<string[]> {
    const rows = await this.prisma.$queryRaw<{ policy: string }[]>`
      SELECT policy FROM policy_adaptation
      WHERE settings ->> 'mode' <> 'off' AND (decided_at IS NULL OR decided_at < ${new Date(since)}) ORDER BY policy`;
    return rows.map(({ policy }) => policy);
  }

  /** Names of the policies that have settings for it. */
  async names(tx: Transaction): Promise<string[]> {
    const rows = await tx.policyAdaptation.findMany({ select: { policy: true }, orderBy: { policy: 'asc' } });
    return rows.map(({ policy }) => policy);
  }

  async write(one: StoredAdaptation, tx: Transaction): Promise<void> {
    const { policy, settings, state, decision, decidedAt } = one;
    const at = decidedAt === null ? null : new Date(decidedAt);
    await tx.$executeRaw`
      INSERT INTO policy_adaptation (policy, settings, state, decided_at)
      VALUES (${policy}, ${JSON.stringify(settings)}::jsonb, ${JSON.stringify({ ...state, decision })}::jsonb, ${at}::timestamptz)
      ON CONFLICT (policy) DO UPDATE SET settings = excluded.settings, state = excluded.state, decided_at = excluded.decided_at`;
  }

  async remove(policy: string, tx: Transaction): Promise<void> {
    await tx.$executeRaw`DELETE FROM policy_adaptation WHERE policy = ${policy}`;
  }

  /** Proposals of a policy, the latest first. */
  proposals(policy: string): Promise<Proposal[]> {
    return this.prisma.$queryRaw<Proposal[]>`
      SELECT id::text AS id, policy, status, from_timeout, to_timeout, numbers, made_at, settled_at, settled_by
      FROM policy_proposal WHERE policy = ${policy} ORDER BY made_at DESC, id DESC LIMIT ${maxProposals}`;
  }

  /** A proposal of a policy, held until the transaction ends. */
  async proposal(policy: string, id: string, tx: Transaction): Promise<Proposal | undefined> {
    const [row] = await tx.$queryRaw<Proposal[]>`
      SELECT id::text AS id, policy, status, from_timeout, to_timeout, numbers, made_at, settled_at, settled_by
      FROM policy_proposal WHERE id = ${id}::uuid AND policy = ${policy} FOR UPDATE`;
    return row;
  }

  /** Makes a proposal in place of an open one of the same policy; nothing where that says the same, or the same was declined lately. Whether it is new. */
  async propose(
    {
      id,
      policy,
      from,
      to,
      numbers,
    }: { id: string; policy: string; from: number; to: number; numbers: object },
    now: Instant,
    tx: Transaction,
  ): Promise<boolean> {
    const same = await tx.$queryRaw<unknown[]>`
      SELECT 1 FROM policy_proposal WHERE policy = ${policy} AND from_timeout = ${from} AND to_timeout = ${to}
        AND (status = 'open' OR (status = 'declined' AND settled_at > ${new Date(plus(now, seconds(-declinedFor)))}))`;
    if (same.length > 0) return false;
    await this.withdraw(policy, now, tx);
    await tx.$executeRaw`
      INSERT INTO policy_proposal (id, policy, status, from_timeout, to_timeout, numbers, made_at)
      VALUES (${id}::uuid, ${policy}, 'open', ${from}, ${to}, ${JSON.stringify(numbers)}::jsonb, ${new Date(now)})`;
    return true;
  }

  /** Takes back what is open. */
  async withdraw(policy: string, now: Instant, tx: Transaction): Promise<void> {
    await tx.$executeRaw`
      UPDATE policy_proposal SET status = 'withdrawn', settled_at = ${new Date(now)} WHERE policy = ${policy} AND status = 'open'`;
  }

  /** Deletes proposals that were settled, and releases, over a year ago. */
  async prune(now: Instant): Promise<void> {
    const before = new Date(plus(now, seconds(-keptFor)));
    await this.prisma.$executeRaw`DELETE FROM policy_proposal WHERE settled_at < ${before}`;
    await this.prisma.$executeRaw`DELETE FROM client_release WHERE released_at < ${before}`;
  }

  async settle(
    { id, status, by }: { id: string; status: 'approved' | 'declined'; by: string },
    now: Instant,
    tx: Transaction,
  ): Promise<void> {
    await tx.$executeRaw`
      UPDATE policy_proposal SET status = ${status}, settled_at = ${new Date(now)}, settled_by = ${by} WHERE id = ${id}::uuid`;
  }

  /** Notes the release of an application. */
  async release(clientId: string, at: Instant, by: string, tx: Transaction): Promise<void> {
    await tx.$executeRaw`
      INSERT INTO client_release (client_id, released_at, created_by) VALUES (${clientId}, ${new Date(at)}, ${by}) ON CONFLICT DO NOTHING`;
  }

  /** The last release of one of these clients, or of any. */
  async releasedAt(clientIds: readonly string[] | undefined): Promise<Instant | null> {
    const [row] = await this.prisma.$queryRaw<{ at: Date | null }[]>`
      SELECT max(released_at) AS at FROM client_release
      WHERE ${clientIds === undefined} OR client_id = ANY(${[...(clientIds ?? [])]}::text[])`;
    return row?.at ? instant(row.at.getTime()) : null;
  }

  /** Alerts that were raised within a day. */
  async openAlerts(now: Instant): Promise<number> {
    const [row] = await this.prisma.$queryRaw<[{ count: number }]>`
      SELECT count(*)::int AS count FROM event WHERE type = 'alert.raised' AND id >= ${leastIdAt(plus(now, seconds(-alertOpenFor)))}::uuid`;
    return row.count;
  }

  /** How many accounts had sessions of these clients, up to a bound: that there are enough is all that matters. */
  async accounts(clientIds: readonly string[] | undefined, since: Instant, max: number): Promise<number> {
    const [row] = await this.prisma.$queryRaw<[{ count: number }]>`
      SELECT count(*)::int AS count FROM (SELECT DISTINCT account_id FROM session
        WHERE started_at >= ${new Date(since)} AND (${clientIds === undefined} OR client_id = ANY(${[...(clientIds ?? [])]}::text[])) LIMIT ${max}) a`;
    return row.count;
  }

  /**
   * Failed attempts to sign in since an instant, by fold, of accounts with a place below `share` and of the others. They are counted without a
   * client: those at other clients fall into both arms alike.
   */
  async failures(share: number, since: Instant): Promise<ArmFailures[]> {
    const rows = await this.prisma.$queryRaw<{ is_in: boolean; fold: number; failures: number }[]>`
      SELECT ${placeWithin(0, share)} AS is_in, ('x' || right(s.account_id::text, 1))::bit(4)::int AS fold, sum(s.failures)::float8 AS failures
      FROM (SELECT account_id, (data ->> 'count')::int AS failures FROM event_count
        WHERE type = 'signin.failed' AND account_id IS NOT NULL AND id >= ${leastIdAt(since)}::uuid) s
      GROUP BY 1, 2`;
    return ([0, 1] as const).map((arm) => {
      const folds = new Array<number>(foldCount).fill(0);
      for (const row of rows) if (row.is_in === (arm === 1)) folds[row.fold] = row.failures;
      return { arm, folds };
    });
  }
}

const stored = (row: {
  policy: string;
  settings: unknown;
  state: unknown;
  decidedAt: Date | null;
}): StoredAdaptation => {
  const { decision, ...state } = row.state as AdaptationState & { readonly decision: DecisionNote | null };
  return {
    policy: row.policy,
    settings: row.settings as Record<string, unknown>,
    state,
    decision,
    decidedAt: row.decidedAt && instant(row.decidedAt.getTime()),
  };
};
