import type pg from 'pg';
import { type DatabaseServer, historyOf } from './server.js';
import { readWalPosition } from './wal-position.js';
import type { Witness } from './witness.js';

/**
 * The database's knowledge about the memory of a witness: its mark, its commits in their order, and where its timeline ended. Its position
 * is asked for with that: one that was read before the witness spoke may lie before what was acknowledged since.
 */
export interface KnownOfWitness {
  readonly mark: string | null;
  readonly outcomes: readonly string[];
  readonly next_began: string | null;
  readonly position: string;
}

/** Rows of processes that are gone for longer are deleted, and a witness of that age says nothing any more. */
export const forgottenAfterDays = 60;
const believedForMs = (forgottenAfterDays - 10) * 86_400_000;

/**
 * Whether what was known at `at` still says something at `now`, both by the clock of the database in milliseconds since the epoch: the row
 * that would confirm it is deleted after a while.
 */
export const isBelieved = (at: number, now: number): boolean => now - at <= believedForMs;

// `pg_xact_status` fails for an id that was never given; a sequence of transactions that is behind has given fewer.
const question = `
  SELECT (SELECT mark::text FROM node_mark WHERE node = $1::uuid) AS mark,
    ARRAY(SELECT CASE WHEN id::xid8 < pg_snapshot_xmax(pg_current_snapshot()) THEN coalesce(pg_xact_status(id::xid8), 'forgotten') ELSE 'unknown' END
          FROM unnest($2::text[]) WITH ORDINALITY AS asked(id, place) ORDER BY place) AS outcomes,
    (SELECT began_at::text FROM wal_timeline WHERE system = $3 AND timeline > $4 ORDER BY timeline LIMIT 1) AS next_began,
    pg_current_wal_insert_lsn()::text AS position`;

/**
 * The commits that a witness remembers and a database lacks, in words for an operator; undefined if it lacks none. `now` is the time of the
 * database in milliseconds since the epoch.
 */
export async function missingFor(
  witness: Witness,
  server: DatabaseServer,
  client: pg.ClientBase,
  now: number,
): Promise<string | undefined> {
  if (!isBelieved(witness.at, now)) return undefined;
  const { rows } = await client.query<KnownOfWitness>(question, [
    witness.node,
    witness.commits.map(({ xid }) => xid),
    witness.system,
    witness.timeline,
  ]);
  return lackOf(witness, server, rows[0]!);
}

/** The commits that a witness remembers and a server lacks, given its database's knowledge; undefined if it lacks none. */
export function lackOf(
  witness: Witness,
  server: Pick<DatabaseServer, 'system' | 'timeline' | 'recoveredTo'>,
  { mark, outcomes, next_began, position: reached }: KnownOfWitness,
): string | undefined {
  if (Number(mark ?? 0) < witness.mark)
    return `process ${witness.node} committed mark ${witness.mark}, the database has ${mark ?? 'none'}`;
  const isSameSystem = witness.system === server.system;
  if (isSameSystem && server.timeline < witness.timeline)
    return `it was on WAL timeline ${witness.timeline}, and is on ${server.timeline}`;
  const reach = isSameSystem ? reachOf(witness, server, { next_began, position: reached }) : undefined;
  for (const [index, { xid, position, isMark }] of witness.commits.entries()) {
    if (reach !== undefined && readWalPosition(position) > reach)
      return `WAL position ${position} was acknowledged, timeline ${historyOf(server)} does not reach it`;
    // In another cluster only an upgrade keeps transaction ids; the row of the mark is there in a dump as well.
    const isThere = ['committed', 'forgotten'].includes(outcomes[index] ?? '') || (isMark && !isSameSystem);
    if (!isThere) return `transaction ${xid} was acknowledged, the database has it as ${outcomes[index]}`;
  }
  return undefined;
}

/** How far the timeline of the witness goes in the history of this server; undefined where nobody saw it end. */
function reachOf(
  witness: Witness,
  server: Pick<DatabaseServer, 'timeline' | 'recoveredTo'>,
  { next_began, position }: Pick<KnownOfWitness, 'next_began' | 'position'>,
): bigint | undefined {
  if (server.timeline === witness.timeline) return readWalPosition(position);
  return next_began === null ? (server.recoveredTo ?? undefined) : readWalPosition(next_began);
}
