import type { HotStatement, PrismaService, Transaction } from '@curfew/persistence';
import { type Instant, plus, type Seconds, seconds } from '@curfew/session-policy';

/** Something about the history that does not fit. */
export interface ChainProblem {
  /** Number of the seal at which it was noticed. */
  readonly seal: number;
  readonly problem: string;
}

/** The last link of the chain; written down elsewhere, it shows later that nothing before it was changed. */
export interface ChainHead {
  readonly seal: number;
  /** Hexadecimal. */
  readonly hash: string;
}

/** The result of checking a part of the chain. */
export interface ChainCheck {
  readonly problems: readonly ChainProblem[];
  /** The last seal that was looked at; null where there was none. */
  readonly through: number | null;
  /** Events behind the seals that were looked at. */
  readonly events: number;
  /** The position from which to go on; null at the end. */
  readonly next: number | null;
}

/** Events sealed in one transaction. */
const batch = 2_000;
/** Months that have a partition before they begin. */
const monthsAhead = 3;

const sealStatement: HotStatement = {
  name: 'seal_events',
  text: `SELECT curfew_seal_events($1::int, to_timestamp($2::float8 / 1000))`,
};

/** How long events are kept, and the counts beside them. */
export interface HistoryRetention {
  readonly events: Seconds;
  readonly counts: Seconds;
}

/** Keeps the history: seals it, makes room for what comes, and gives up what is too old. On any number of nodes, one does each thing. */
export class EventHistory {
  constructor(
    private readonly prisma: PrismaService,
    private readonly retention: HistoryRetention,
  ) {}

  /** Seals what is new; says how many events. */
  async seal(now: Instant): Promise<number> {
    let sealed = 0;
    for (;;) {
      const [row] = await this.prisma.direct.run<[count: number]>(sealStatement, [batch, now]);
      const [count] = row!;
      sealed += count;
      if (count < batch) return sealed;
    }
  }

  /** Makes the partitions of this month and the next ones, and drops whole months that are older than the retention, with their seals, and counts past theirs. */
  async keep(now: Instant): Promise<void> {
    await this.prisma
      .$queryRaw`SELECT curfew_make_event_partitions(${new Date(now)}::timestamptz, ${monthsAhead + 1}::int)`;
    const before = plus(now, seconds(-this.retention.events));
    await this.prisma
      .$queryRaw`SELECT curfew_drop_events_before(${new Date(before)}::timestamptz, ${new Date(now)}::timestamptz)`;
    while ((await this.#dropSeals()) === batch);
    const countsBefore = plus(now, seconds(-this.retention.counts));
    while ((await this.#dropCounts(countsBefore)) === batch);
  }

  /** Deletes old counts, with what still waits to be delivered of them; says how many. */
  async #dropCounts(before: Instant): Promise<number> {
    const [row] = await this.prisma.$queryRaw<{ dropped: number }[]>`
      WITH gone AS (
        DELETE FROM event_count WHERE id IN (
          SELECT id FROM event_count WHERE at < ${new Date(before)}::timestamptz ORDER BY at LIMIT ${batch} FOR UPDATE SKIP LOCKED)
        RETURNING id
      ), undelivered AS (
        DELETE FROM delivery d USING delivery_receiver r, gone WHERE d.receiver_id = r.id AND d.event_id = gone.id
      ) SELECT count(*)::int AS dropped FROM gone`;
    return row!.dropped;
  }

  async #dropSeals(): Promise<number> {
    const [row] = await this.prisma.$queryRaw<{ dropped: number }[]>`
      SELECT curfew_drop_seals(${batch}::int) AS dropped`;
    return row!.dropped;
  }

  /** Compares every event with its seal, which reads them all; empty when nothing was changed, added or taken away. */
  async verify(): Promise<ChainProblem[]> {
    const rows = await this.prisma.$queryRaw<{ seal: bigint; problem: string }[]>`
      SELECT seal, problem FROM curfew_verify_event_chain()`;
    return rows.map(({ seal, problem }) => ({ seal: Number(seal), problem }));
  }

  /**
   * Compares the events of some seals, from number `from` on, with what was sealed: at most so many seals, and no new one after
   * `withinMs` milliseconds. Its cost is bounded by that, however long the history is.
   */
  async verifyFrom(from: number, most: number, withinMs: number): Promise<ChainCheck> {
    const rows = await this.prisma.$queryRaw<
      { seal: bigint; problem: string | null; events: bigint | null }[]
    >`
      SELECT seal, problem, events FROM curfew_verify_event_seals(${from}::bigint, ${most}::int, make_interval(secs => ${withinMs / 1000}))`;
    const last = rows.find(({ problem }) => problem === null);
    const head = await this.head();
    const through = last ? Number(last.seal) : null;
    return {
      problems: rows.flatMap(({ seal, problem }) =>
        problem === null ? [] : [{ seal: Number(seal), problem }],
      ),
      through,
      events: Number(last?.events ?? 0),
      next: through !== null && head !== null && head.seal > through ? through + 1 : null,
    };
  }

  /** Some seals behind which events still tell of an account. */
  async sealsAbout(accountId: string, limit: number): Promise<readonly number[]> {
    const rows = await this.prisma.$queryRaw<{ number: bigint }[]>`
      SELECT DISTINCT s.number FROM event e CROSS JOIN LATERAL (
        SELECT number FROM event_seal WHERE era = e.era AND (last_xid, last_id) >= (e.xid, e.id) ORDER BY last_xid, last_id LIMIT 1
      ) s WHERE e.account_id = ${accountId}::uuid AND e.data <> curfew_without_person(e.data, ${accountId}::uuid)
      ORDER BY s.number LIMIT ${limit}`;
    return rows.map(({ number }) => Number(number));
  }

  /**
   * Takes the personal data of an account out of the events behind these seals; answers the content that each seal has since, which the event
   * `erasureId` must tell in the same transaction. Rejects where events do not fit their seal: an erasure must not cover a change up.
   */
  async eraseBehind(
    seals: readonly number[],
    accountId: string,
    erasureId: string,
    tx: Transaction,
  ): Promise<Readonly<Record<string, string>>> {
    const contents: Record<string, string> = {};
    for (const seal of seals) {
      const [row] = await tx.$queryRaw<{ content: string }[]>`
        SELECT curfew_erase_from_seal(${seal}::bigint, ${accountId}::uuid, ${erasureId}::uuid) AS content`;
      contents[String(seal)] = row!.content;
    }
    return contents;
  }

  /** Takes the personal data of an account out of events that are not sealed yet, and out of counts. */
  async eraseUnsealed(accountId: string, tx: Transaction): Promise<number> {
    const [row] = await tx.$queryRaw<{ changed: number }[]>`
      SELECT curfew_erase_unsealed(${accountId}::uuid) AS changed`;
    return row!.changed;
  }

  /** The hash of a seal, hexadecimal, or null where there is none of that number. */
  async hashOf(seal: number): Promise<string | null> {
    const [row] = await this.prisma.$queryRaw<{ hash: string }[]>`
      SELECT encode(hash, 'hex') AS hash FROM event_seal WHERE number = ${seal}::bigint`;
    return row?.hash ?? null;
  }

  /** The last link, or null before the first. */
  async head(): Promise<ChainHead | null> {
    const [row] = await this.prisma.$queryRaw<{ number: bigint; hash: string }[]>`
      SELECT number, encode(hash, 'hex') AS hash FROM event_seal ORDER BY number DESC LIMIT 1`;
    return row ? { seal: Number(row.number), hash: row.hash } : null;
  }
}
