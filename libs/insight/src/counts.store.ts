import { type HotStatement, Prisma, type PrismaService, retrying } from '@curfew/persistence';
import { type Instant, plus, seconds } from '@curfew/session-policy';
import { type Arm } from '@curfew/session-policy/trial';
import { bucketCount, type CountKind, countKinds, FoldedCounts, sumOf } from './counts.js';
import type { CountsUnderTimeout } from './evidence.js';
import type { ArmCounts } from './give-up.js';
import type { CountedHour } from './recorder.js';
import { allClients, allFolds, rowsOf, summed } from './summed-counts.js';

/** Which counts are asked for. */
export interface CountsQuestion {
  /** Undefined for all clients together. */
  readonly clientIds?: readonly string[] | undefined;
  /** The first day, and the one after the last. */
  readonly from: Instant;
  readonly to: Instant;
  /** All of them where it is left out. */
  readonly kinds?: readonly CountKind[];
}

/** Counts and the days on which they were made. */
export interface FoundCounts {
  readonly groups: readonly CountsUnderTimeout[];
  readonly days: number;
}

/** Returned silences of an hour of the week, under one timeout. */
export interface HourCounts {
  readonly clientId: string;
  readonly inactivityTimeout: number;
  readonly hourOfWeek: number;
  readonly weeks: number;
  readonly returned: Float64Array;
}

interface CountsRow {
  part: string;
  inactivity_timeout: number;
  fold: number;
  kind: CountKind;
  counts: string;
}

/** Days are kept as they are for a fortnight; whole weeks older than that are added up. */
const daysKept = seconds(14 * 86_400);

/** The storage of counts. Every statement of a flush is one. */
export class CountsStore {
  constructor(private readonly prisma: PrismaService) {}

  /** Adds what was counted, in one statement. Sorted by key, so that two nodes that write at once do not wait for each other. */
  async add(hours: readonly CountedHour[]): Promise<void> {
    const { histograms, returned } = await summed(hours);
    if (histograms.size === 0) return;
    const values = [await rowsOf(histograms), await rowsOf(returned)];
    await retrying(() => this.prisma.direct.run(addStatement, values));
  }

  /** The counts of the days asked for, by the timeout they were made under. */
  async find({ clientIds, from, to, kinds = countKinds }: CountsQuestion): Promise<FoundCounts> {
    const question = { clientIds, from, to, kinds };
    const [rows, days] = await Promise.all([
      this.#sums(question, Prisma.sql`0`),
      this.#days(question, Prisma.sql`0`),
    ]);
    return { groups: groupsOf(rows), days: days.get('0') ?? 0 };
  }

  /** The counts of each week from the first day on, where there are any; in time no more than all of them together. */
  async findByWeek(question: CountsQuestion): Promise<readonly (FoundCounts & { readonly week: number })[]> {
    const week = Prisma.sql`(day - ${dayAt(question.from)}::date) / 7`;
    const [rows, days] = await Promise.all([this.#sums(question, week), this.#days(question, week)]);
    const parts = partsOf(rows);
    return [...days]
      .map(([part, count]) => ({ week: Number(part), groups: groupsOf(parts.get(part) ?? []), days: count }))
      .sort((a, b) => a.week - b.week);
  }

  /** Sums by timeout, fold and kind, for each value of `part`. */
  #sums({ kinds = countKinds, ...question }: CountsQuestion, part: Prisma.Sql): Promise<CountsRow[]> {
    return this.prisma.$queryRaw<CountsRow[]>`
      SELECT (${part})::text AS part, inactivity_timeout, fold, kind, ${sums} AS counts FROM gap_histogram
      WHERE ${rangeOf(question)} AND fold < ${allFolds} AND kind = ANY(${[...kinds]}::text[])
      GROUP BY 1, inactivity_timeout, fold, kind`;
  }

  /** Days on which something was counted, for each value of `part`. */
  async #days(question: CountsQuestion, part: Prisma.Sql): Promise<ReadonlyMap<string, number>> {
    const rows = await this.prisma.$queryRaw<{ part: string; days: number }[]>`
      SELECT part, sum(days)::int AS days
      FROM (SELECT (${part})::text AS part, max(days) AS days FROM gap_histogram WHERE ${rangeOf(question)} GROUP BY 1, day) d GROUP BY 1`;
    return new Map(rows.map(({ part: name, days }) => [name, days]));
  }

  /** The counts of the days asked for, by the arm of a canary and the timeout they were made under. */
  async arms(question: CountsQuestion): Promise<readonly ArmCounts[]> {
    const arm = Prisma.sql`arm`;
    const [rows, days] = await Promise.all([this.#sums(question, arm), this.#days(question, arm)]);
    return [...partsOf(rows)].flatMap(([part, own]) =>
      groupsOf(own).map((group) => ({ arm: Number(part) as Arm, days: days.get(part) ?? 0, ...group })),
    );
  }

  /** Returned silences of each client over all folds, the busiest first. */
  async returnedByClient(
    from: Instant,
    to: Instant,
  ): Promise<readonly { readonly clientId: string; readonly returned: Float64Array }[]> {
    const rows = await this.prisma.$queryRaw<{ client_id: string; counts: string }[]>`
      SELECT client_id, ${sums} AS counts FROM gap_histogram
      WHERE day >= ${dayAt(from)}::date AND day < ${dayAt(to)}::date AND kind = 'returned' AND fold = ${allFolds}
      GROUP BY client_id`;
    return rows
      .map(({ client_id: clientId, counts }) => ({ clientId, returned: countsIn(counts) }))
      .sort((a, b) => sumOf(b.returned) - sumOf(a.returned));
  }

  /** Counts of each of these clients, by the timeout they were made under. */
  async findByClient(
    clientIds: readonly string[],
    question: Omit<CountsQuestion, 'clientIds'>,
  ): Promise<readonly { readonly clientId: string; readonly groups: readonly CountsUnderTimeout[] }[]> {
    // One statement for each: the database adds them up side by side.
    const found = clientIds.map(async (clientId) => {
      const rows = await this.#sums({ ...question, clientIds: [clientId] }, Prisma.sql`0`);
      return { clientId, groups: groupsOf(rows) };
    });
    return Promise.all(found);
  }

  /** Returned silences by the hour of the week. */
  async hours(clientIds: readonly string[] | undefined): Promise<HourCounts[]> {
    const rows = await this.prisma.$queryRaw<
      {
        client_id: string;
        inactivity_timeout: number;
        hour_of_week: number;
        weeks: number;
        counts: string;
      }[]
    >`
      SELECT client_id, inactivity_timeout, hour_of_week::int AS hour_of_week, array_to_json(counts)::text AS counts,
        greatest(1, ceil((last_day - first_day + 1) / 7.0))::int AS weeks
      FROM gap_hour WHERE client_id = ANY(${[...(clientIds ?? [allClients])]}::text[])`;
    return rows.map((row) => ({
      clientId: row.client_id,
      inactivityTimeout: row.inactivity_timeout,
      hourOfWeek: row.hour_of_week,
      weeks: row.weeks,
      returned: countsIn(row.counts),
    }));
  }

  /** Makes weeks of the days of one client that are over a fortnight old; how many rows those were. Ask again until there are none. */
  foldDays(now: Instant): Promise<number> {
    const before = dayAt(plus(now, seconds(-daysKept)));
    return this.prisma.$executeRaw`
      WITH old AS (
        DELETE FROM gap_histogram WHERE days = 1 AND day < date_trunc('week', ${before}::date)::date AND client_id = (
          SELECT client_id FROM gap_histogram WHERE days = 1 AND day < date_trunc('week', ${before}::date)::date LIMIT 1)
        RETURNING *
      )
      INSERT INTO gap_histogram (client_id, inactivity_timeout, day, fold, arm, kind, days, counts)
      SELECT client_id, inactivity_timeout, date_trunc('week', day)::date, fold, arm, kind, 7, curfew_sum_counts(counts) FROM old
      GROUP BY 1, 2, 3, 4, 5, 6
      ON CONFLICT (client_id, inactivity_timeout, day, fold, arm, kind)
        DO UPDATE SET counts = curfew_add_counts(gap_histogram.counts, excluded.counts), days = 7`;
  }

  /** Deletes up to `max` rows of counts from before `before`; how many. */
  async prune(before: Instant, max: number): Promise<number> {
    const day = dayAt(before);
    const histograms = await this.prisma.$executeRaw`
      DELETE FROM gap_histogram WHERE ctid IN (SELECT ctid FROM gap_histogram WHERE day < ${day}::date LIMIT ${max})`;
    const hours = await this.prisma.$executeRaw`
      DELETE FROM gap_hour WHERE ctid IN (SELECT ctid FROM gap_hour WHERE last_day < ${day}::date LIMIT ${max})`;
    return Math.max(histograms, hours);
  }
}

const rangeOf = ({ clientIds = [allClients], from, to }: CountsQuestion): Prisma.Sql =>
  Prisma.sql`client_id = ANY(${[...clientIds]}::text[]) AND day >= ${dayAt(from)}::date AND day < ${dayAt(to)}::date`;

function partsOf(rows: readonly CountsRow[]): ReadonlyMap<string, readonly CountsRow[]> {
  const parts = new Map<string, CountsRow[]>();
  for (const row of rows) {
    const part = parts.get(row.part);
    if (part === undefined) parts.set(row.part, [row]);
    else part.push(row);
  }
  return parts;
}

function groupsOf(rows: readonly CountsRow[]): CountsUnderTimeout[] {
  const groups = new Map<number, FoldedCounts>();
  for (const { inactivity_timeout: timeout, fold, kind, counts } of rows) {
    const folded = groups.get(timeout) ?? new FoldedCounts();
    folded.add(fold, kind, countsIn(counts));
    groups.set(timeout, folded);
  }
  return [...groups].map(([inactivityTimeout, folded]) => ({ inactivityTimeout, folded }));
}

const dayAt = (at: Instant): string => new Date(at).toISOString().slice(0, 10);

const places = Array.from({ length: bucketCount }, (_, bucket) => bucket + 1);

/** The counts that a row of a table has and those that are added to it, by place as well. */
const bothIn = (table: string): string =>
  `ARRAY[${places.map((place) => `${table}.counts[${place}] + excluded.counts[${place}]`).join(', ')}]`;

/** A thousand clients are four thousand rows, which Prisma would look at one by one. */
const addStatement: HotStatement = {
  name: 'counts_add',
  text: `
    WITH counted AS (
      INSERT INTO gap_histogram (client_id, inactivity_timeout, day, fold, arm, kind, counts)
      SELECT "clientId", "inactivityTimeout", day, fold, arm, kind, counts::int[] FROM jsonb_to_recordset($1::jsonb)
        AS h("clientId" text, "inactivityTimeout" int, day date, fold smallint, arm smallint, kind text, counts text) ORDER BY 1, 2, 3, 4, 5, 6
      ON CONFLICT (client_id, inactivity_timeout, day, fold, arm, kind)
        DO UPDATE SET counts = ${bothIn('gap_histogram')}
    )
    INSERT INTO gap_hour (client_id, inactivity_timeout, hour_of_week, first_day, last_day, counts)
    SELECT "clientId", "inactivityTimeout", hour, day, day, counts::bigint[] FROM jsonb_to_recordset($2::jsonb)
      AS h("clientId" text, "inactivityTimeout" int, hour smallint, day date, counts text) ORDER BY 1, 2, 3
    ON CONFLICT (client_id, inactivity_timeout, hour_of_week) DO UPDATE SET
      first_day = LEAST(gap_hour.first_day, excluded.first_day), last_day = GREATEST(gap_hour.last_day, excluded.last_day),
      counts = ${bothIn('gap_hour')}`,
};

/** The sum of each bucket; by place, which costs a tenth of what unnesting costs, and as JSON, which is read faster than an array. */
const sums = Prisma.raw(
  `array_to_json(ARRAY[${places.map((place) => `sum(counts[${place}])`).join(', ')}])::text`,
);
const countsIn = (json: string): Float64Array => Float64Array.from(JSON.parse(json) as number[]);
