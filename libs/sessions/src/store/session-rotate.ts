import { commitColumns, type HotStatement, retrying, type Statements } from '@curfew/persistence';
import { recordOnceText } from './once-record.js';
import type { Rotation } from './session-store.js';
import { markColumns } from './standing-statements.js';

/** A column of the rows that a statement is given: its name, the type of its parameter, and whether it is an instant. */
interface GivenColumn {
  readonly name: string;
  readonly type: string;
  readonly isInstant?: true;
}

/** The columns of every rotation, in the order of their parameters. Instants go as numbers: the driver takes long to write a date. */
const givenColumns: readonly GivenColumn[] = [
  { name: 'id', type: 'uuid' },
  { name: 'generation', type: 'int' },
  { name: 'at', type: 'float8', isInstant: true },
  { name: 'last_active_at', type: 'float8', isInstant: true },
  { name: 'expires_at', type: 'float8', isInstant: true },
  { name: 'token_hash', type: 'bytea' },
  { name: 'successor_seal', type: 'bytea' },
  { name: 'siblings', type: 'int' },
];

/** The columns of a mark that a shadow leaves; null where it leaves none. */
const givenMarks: readonly GivenColumn[] = [
  { name: 'shadow_end', type: 'float8', isInstant: true },
  { name: 'shadow_used_after', type: 'int' },
];

/** The columns of a proof that a rotation came with; null where it came with none. */
const givenProofs: readonly GivenColumn[] = [
  { name: 'kind', type: 'text' },
  { name: 'proof', type: 'bytea' },
  { name: 'remembered_until', type: 'float8', isInstant: true },
];

/** A query of the rows that a statement is given, one parameter for each column, numbered from 1, and `place` in their order. */
function givenRows(columns: readonly GivenColumn[]): string {
  const read = ({ name, isInstant }: GivenColumn) =>
    isInstant ? `to_timestamp(${name} / 1000) AS ${name}` : name;
  const parameters = columns.map(({ type }, index) => `$${index + 1}::${type}[]`);
  return `SELECT ${columns.map(read).join(', ')}, place
      FROM unnest(${parameters.join(', ')}) WITH ORDINALITY AS u(${columns.map(({ name }) => name).join(', ')}, place)`;
}

/** The compare-and-set of a rotation from the rows `from`. */
function rotate(from: string, name: string, marks: string): string {
  return `UPDATE session s SET generation = s.generation + 1, retries = 0, siblings = ${name}.siblings, rotated_at = ${name}.at,
      last_active_at = GREATEST(s.last_active_at, ${name}.last_active_at),
      expires_at = GREATEST(${name}.expires_at, CASE WHEN s.last_active_at > ${name}.last_active_at THEN s.expires_at END),
      token_hash = ${name}.token_hash, successor_seal = ${name}.successor_seal${marks}
    FROM ${from} ${name}
    WHERE s.id = ${name}.id AND s.generation = ${name}.generation AND s.ended_at IS NULL AND s.expires_at > ${name}.at`;
}

/** The assignments of a mark in a rotation from the rows `name`. */
const marked = (name: string): string =>
  `, ${markColumns(`${name}.shadow_end`, `${name}.shadow_used_after`)}`;

/**
 * Compare-and-set for many sessions at once. A session asked for twice is changed once, and the row that comes back says for whom; the
 * other lost, as it would have alone. Sorted by id, so that two batches take their locks in one order.
 *
 * It compares no not-before entry, so a rotation may commit after an end of everything was acknowledged. The token that it hands out is
 * dead all the same: its next use is judged by the entries that are there then, and by `signed_in_at`, which no rotation moves. An entry
 * compared here would still miss an end that commits while the statement runs.
 */
const rotateStatement: HotStatement = {
  name: 'session_rotate',
  place: 'in its rows',
  text: `${rotate(`(${givenRows(givenColumns)})`, 'w', '')} RETURNING w.place, ${commitColumns()}`,
};

/** The same for rotations some of which carry the mark of a shadow. Those without one, which are nearly all, do not pay for its columns. */
const markedRotateStatement: HotStatement = {
  name: 'session_rotate_marked',
  place: 'in its rows',
  text: `${rotate(`(${givenRows([...givenColumns, ...givenMarks])})`, 'w', marked('w'))} RETURNING w.place, ${commitColumns()}`,
};

/**
 * The same with the proofs that some came with (RFC 9449 §11.1): a rotation whose proof was known does not get to its session, and what is
 * recorded stays recorded where the session turns out to have changed. A proof that came twice is the first one's. The session's rows
 * are joined with a list, not asked through a subquery: a row that another transaction has just changed is looked at again, and that
 * must not lead back into the insertion.
 */
const provenRotateStatement: HotStatement = {
  name: 'session_rotate_proven',
  place: 'in its rows',
  text: `
    WITH w AS MATERIALIZED (
      ${givenRows([...givenColumns, ...givenMarks, ...givenProofs])}
    ), shown AS MATERIALIZED (
      SELECT DISTINCT ON (kind, proof) kind, proof, remembered_until, place FROM w WHERE proof IS NOT NULL ORDER BY kind, proof, place
    ), recorded AS (
      ${recordOnceText('SELECT kind, proof, remembered_until FROM shown', 'to_timestamp($14::float8 / 1000)')}
    ), allowed AS MATERIALIZED (
      SELECT w.* FROM w LEFT JOIN (shown JOIN recorded ON recorded.kind = shown.kind AND recorded.id_hash = shown.proof) ON shown.place = w.place
      WHERE w.proof IS NULL OR shown.place IS NOT NULL ORDER BY w.place
    ), rotated AS (
      ${rotate('allowed', 'a', marked('a'))}
      RETURNING a.place
    )
    SELECT a.place, r.place IS NOT NULL, ${commitColumns('EXISTS (SELECT 1 FROM recorded) OR EXISTS (SELECT 1 FROM rotated)')}
    FROM allowed a LEFT JOIN rotated r ON r.place = a.place`,
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
    // A record that the earliest rotation may forget is forgotten for all of them.
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
  // Null, which takes no room, for none.
  sorted.map(({ siblings }) => siblings || null),
];

const marksOf = (sorted: readonly Rotation[]): unknown[] => [
  sorted.map(({ mark }) => mark?.at ?? null),
  sorted.map(({ mark }) => mark?.usedAfter ?? null),
];
