import { commitColumns, type HotStatement, retrying, type Statements } from '@curfew/persistence';
import type { Rotation } from './session-store.js';
import { markColumns } from './standing-statements.js';

/** The assignments of a rotation, from the columns of `from`. */
function rotatedColumns(from: string): string {
  return `SET generation = s.generation + 1, retries = 0, rotated_at = ${from}.at,
      last_active_at = GREATEST(s.last_active_at, ${from}.last_active_at),
      expires_at = GREATEST(${from}.expires_at, CASE WHEN s.last_active_at > ${from}.last_active_at THEN s.expires_at END),
      token_hash = ${from}.token_hash, successor_seal = ${from}.successor_seal`;
}

/**
 * Compare-and-set for many sessions at once. A session asked for twice is changed once, and the row that comes back says
 * for whom; the other lost, as it would have alone. Sorted by id, so that two batches take their locks in one order. Instants go as
 * numbers: the driver takes long to write a date.
 *
 * It compares no not-before entry, so a rotation may commit after an end of everything was acknowledged. What it hands out is dead all the
 * same: whoever shows it is judged by the entries that are there then, and by `signed_in_at`, which no rotation moves. An entry compared
 * here would still miss an end that commits while the statement runs.
 */
const rotateStatement: HotStatement = {
  name: 'session_rotate',
  place: 'in its rows',
  text: `
    UPDATE session s ${rotatedColumns('w')}
    FROM (
      SELECT id, generation, to_timestamp(at / 1000) AS at, to_timestamp(last_active_at / 1000) AS last_active_at,
        to_timestamp(expires_at / 1000) AS expires_at, token_hash, successor_seal, place
      FROM unnest($1::uuid[], $2::int[], $3::float8[], $4::float8[], $5::float8[], $6::bytea[], $7::bytea[])
        WITH ORDINALITY AS u(id, generation, at, last_active_at, expires_at, token_hash, successor_seal, place)
    ) w
    WHERE s.id = w.id AND s.generation = w.generation AND s.ended_at IS NULL AND s.expires_at > w.at
    RETURNING w.place, ${commitColumns}`,
};

/** The same for rotations some of which carry the mark of a shadow. Those without one, which are nearly all, do not pay for its columns. */
const markedRotateStatement: HotStatement = {
  name: 'session_rotate_marked',
  place: 'in its rows',
  text: `
    UPDATE session s ${rotatedColumns('w')}, ${markColumns('w.shadow_end', 'w.shadow_used_after')}
    FROM (
      SELECT id, generation, to_timestamp(at / 1000) AS at, to_timestamp(last_active_at / 1000) AS last_active_at,
        to_timestamp(expires_at / 1000) AS expires_at, token_hash, successor_seal, to_timestamp(shadow_end / 1000) AS shadow_end,
        shadow_used_after, place
      FROM unnest($1::uuid[], $2::int[], $3::float8[], $4::float8[], $5::float8[], $6::bytea[], $7::bytea[], $8::float8[], $9::int[])
        WITH ORDINALITY AS u(id, generation, at, last_active_at, expires_at, token_hash, successor_seal, shadow_end, shadow_used_after, place)
    ) w
    WHERE s.id = w.id AND s.generation = w.generation AND s.ended_at IS NULL AND s.expires_at > w.at
    RETURNING w.place, ${commitColumns}`,
};

/**
 * The same with the proofs that some came with (RFC 9449 §11.1): only whoever's proof was not known gets to its session, and what is
 * recorded stays recorded where the session turns out to have changed. A proof that came twice is the first one's. The session's rows
 * are joined with a list, not asked through a subquery: a row that another transaction has just changed is looked at again, and that
 * must not lead back into the insertion.
 */
const provenRotateStatement: HotStatement = {
  name: 'session_rotate_proven',
  place: 'in its rows',
  text: `
    WITH w AS MATERIALIZED (
      SELECT u.id, u.generation, to_timestamp(u.at / 1000) AS at, to_timestamp(u.last_active_at / 1000) AS last_active_at,
        to_timestamp(u.expires_at / 1000) AS expires_at, u.token_hash, u.successor_seal, u.kind, u.proof,
        to_timestamp(u.remembered_until / 1000) AS remembered_until, to_timestamp(u.shadow_end / 1000) AS shadow_end, u.shadow_used_after, u.place
      FROM unnest($1::uuid[], $2::int[], $3::float8[], $4::float8[], $5::float8[], $6::bytea[], $7::bytea[], $8::float8[], $9::int[],
          $10::text[], $11::bytea[], $12::float8[])
        WITH ORDINALITY AS u(id, generation, at, last_active_at, expires_at, token_hash, successor_seal, shadow_end, shadow_used_after,
          kind, proof, remembered_until, place)
    ), shown AS MATERIALIZED (
      SELECT DISTINCT ON (kind, proof) kind, proof, remembered_until, place FROM w WHERE proof IS NOT NULL ORDER BY kind, proof, place
    ), recorded AS (
      INSERT INTO protocol_artifact (kind, id_hash, payload, expires_at)
      SELECT kind, proof, ''::bytea, remembered_until FROM shown ORDER BY kind, proof
      ON CONFLICT (kind, id_hash) DO UPDATE SET expires_at = excluded.expires_at
        WHERE protocol_artifact.expires_at <= to_timestamp($13::float8 / 1000)
      RETURNING kind, id_hash
    ), allowed AS MATERIALIZED (
      SELECT w.* FROM w LEFT JOIN (shown JOIN recorded ON recorded.kind = shown.kind AND recorded.id_hash = shown.proof) ON shown.place = w.place
      WHERE w.proof IS NULL OR shown.place IS NOT NULL ORDER BY w.place
    ), rotated AS (
      UPDATE session s ${rotatedColumns('a')}, ${markColumns('a.shadow_end', 'a.shadow_used_after')}
      FROM allowed a
      WHERE s.id = a.id AND s.generation = a.generation AND s.ended_at IS NULL AND s.expires_at > a.at
      RETURNING a.place
    )
    SELECT a.place, r.place IS NOT NULL, ${commitColumns} FROM allowed a LEFT JOIN rotated r ON r.place = a.place`,
};

/** Whether the session was rotated, or why it was not even looked for. */
export type Rotated = boolean | 'used before';

/** Rotates these sessions with one statement, which is one commit. */
export async function rotateSessions(
  statements: Statements,
  rotations: readonly Rotation[],
): Promise<readonly Rotated[]> {
  const order = [...rotations.keys()].sort((a, b) => (rotations[a]!.id < rotations[b]!.id ? -1 : 1));
  const sorted = order.map((index) => rotations[index]!);
  const won = sorted.some(({ proof }) => proof)
    ? await rotateProven(statements, sorted)
    : (await rotatePlain(statements, sorted)).map(([place]) => [place, true] as const);
  const outcomes = rotations.map(({ proof }): Rotated => (proof ? 'used before' : false));
  for (const [place, isRotated] of won) outcomes[order[Number(place) - 1]!] = isRotated;
  return outcomes;
}

function rotatePlain(statements: Statements, sorted: readonly Rotation[]): Promise<[place: string][]> {
  const isMarked = sorted.some(({ mark }) => mark);
  const values = isMarked ? [...columnsOf(sorted), ...marksOf(sorted)] : columnsOf(sorted);
  return retrying(() => statements.run(isMarked ? markedRotateStatement : rotateStatement, values));
}

function rotateProven(
  statements: Statements,
  sorted: readonly Rotation[],
): Promise<[place: string, isRotated: boolean][]> {
  const values = [
    ...columnsOf(sorted),
    ...marksOf(sorted),
    sorted.map(({ proof }) => proof?.kind ?? null),
    sorted.map(({ proof }) => proof?.idHash ?? null),
    sorted.map(({ proof }) => proof?.expiresAt ?? null),
    // What has been forgotten by the first of them has been by all.
    Math.min(...sorted.map(({ at }) => at)),
  ];
  return retrying(() => statements.run(provenRotateStatement, values));
}

const columnsOf = (sorted: readonly Rotation[]): unknown[] => [
  sorted.map(({ id }) => id),
  sorted.map(({ fromGeneration }) => fromGeneration),
  sorted.map(({ at }) => at),
  sorted.map(({ lastActiveAt }) => lastActiveAt),
  sorted.map(({ expiresAt }) => expiresAt),
  sorted.map(({ tokenHash }) => tokenHash),
  sorted.map(({ successorSeal }) => successorSeal),
];

const marksOf = (sorted: readonly Rotation[]): unknown[] => [
  sorted.map(({ mark }) => mark?.at ?? null),
  sorted.map(({ mark }) => mark?.usedAfter ?? null),
];
