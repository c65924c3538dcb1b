import type { PrismaService } from '@curfew/persistence';
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

/** Events sealed in one transaction. */
const batch = 2_000;
/** Months that have a partition before they begin. */
const monthsAhead = 3;

/** Keeps the history: seals it, makes room for what comes, and gives up what is too old. On any number of nodes, one does each thing. */
export class EventHistory {
  constructor(
    private readonly prisma: PrismaService,
    private readonly retention: Seconds,
  ) {}

  /** Seals what is new; says how many events. */
  async seal(now: Instant): Promise<number> {
    let sealed = 0;
    for (;;) {
      const [row] = await this.prisma.$queryRaw<{ count: number }[]>`
        SELECT curfew_seal_events(${batch}::int, ${new Date(now)}::timestamptz) AS count`;
      sealed += row!.count;
      if (row!.count < batch) return sealed;
    }
  }

  /** Makes the partitions of this month and the next ones, and drops whole months that are older than the retention. */
  async keep(now: Instant): Promise<void> {
    await this.prisma
      .$queryRaw`SELECT curfew_make_event_partitions(${new Date(now)}::timestamptz, ${monthsAhead + 1}::int)`;
    const before = plus(now, seconds(-this.retention));
    await this.prisma
      .$queryRaw`SELECT curfew_drop_events_before(${new Date(before)}::timestamptz, ${new Date(now)}::timestamptz)`;
  }

  /** Compares every event with its seal, which reads them all; empty when nothing was changed, added or taken away. */
  async verify(): Promise<ChainProblem[]> {
    const rows = await this.prisma.$queryRaw<{ seal: bigint; problem: string }[]>`
      SELECT seal, problem FROM curfew_verify_event_chain()`;
    return rows.map(({ seal, problem }) => ({ seal: Number(seal), problem }));
  }

  /** The last link, or null before the first. */
  async head(): Promise<ChainHead | null> {
    const [row] = await this.prisma.$queryRaw<{ number: bigint; hash: string }[]>`
      SELECT number, encode(hash, 'hex') AS hash FROM event_seal ORDER BY number DESC LIMIT 1`;
    return row ? { seal: Number(row.number), hash: row.hash } : null;
  }
}
