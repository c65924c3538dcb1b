import type { ArmCounts } from '@curfew/insight';
import type { TestDatabase } from './database.js';

/** Writes counts of a population as if they had been made on each of the last days. */
export async function plantCounts(
  database: Pick<TestDatabase, 'query'>,
  clientId: string,
  { folded, arm = 0, inactivityTimeout = 1_800 }: Pick<ArmCounts, 'folded'> & Partial<ArmCounts>,
  days: number,
): Promise<void> {
  const inSql = (histogram: Float64Array) => `{${histogram.join(',')}}`;
  const rows = folded.folds.flatMap((counts, fold) =>
    Object.entries(counts).map(([kind, histogram]) => ({ fold, kind, counts: inSql(histogram) })),
  );
  // Clients are ranked by a fold of their own.
  if (clientId !== '') rows.push({ fold: 16, kind: 'returned', counts: inSql(folded.total().returned) });
  await database.query(
    `INSERT INTO gap_histogram (client_id, inactivity_timeout, day, fold, arm, kind, counts)
     SELECT $1, $2, (now() AT TIME ZONE 'UTC')::date - d, fold, $5, kind, counts::int[]
       FROM jsonb_to_recordset($3::jsonb) AS r(fold smallint, kind text, counts text), generate_series(1, $4::int) d
     ON CONFLICT (client_id, inactivity_timeout, day, fold, arm, kind)
       DO UPDATE SET counts = curfew_add_counts(gap_histogram.counts, excluded.counts)`,
    [clientId, inactivityTimeout, JSON.stringify(rows), days, arm],
  );
}
