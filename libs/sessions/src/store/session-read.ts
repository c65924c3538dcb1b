import type { HotStatement, Statements } from '@curfew/persistence';
import { type EndReason, instant, type SessionId } from '@curfew/session-policy';
import { type NotBefore } from '@curfew/session-policy/standing';
import { readNamed, readStored, storedColumns } from './session-columns.js';
import type { ActingClients, FoundSession } from './session-store.js';
import { entriesOfSession, isCovered } from './standing-statements.js';

/** The columns of `session s` that `readFound` reads, beside `token_revoked`. */
export const foundColumns = `${storedColumns}, ${entriesOfSession} AS not_before`;

/** The not-before entries that end a session, as `entriesOfSession` gives them. */
export type EntryRows = { kind: NotBefore['kind']; at: number; reason: EndReason }[] | null;

/** One read of a session: its columns by name, the entries that end it, and whether the access token asked about was revoked. */
export interface FoundRow extends Readonly<Record<string, unknown>> {
  readonly not_before: EntryRows;
  readonly token_revoked: boolean;
}

/** These entries as the domain speaks of them. */
export const readEntries = (rows: EntryRows): readonly NotBefore[] =>
  (rows ?? []).map(({ kind, reason, at }) => ({ kind, reason, at: instant(Math.round(at)) }));

/** A found row as the domain speaks of it. */
export const readFound = (row: FoundRow): FoundSession => ({
  session: readNamed(row),
  notBefore: readEntries(row.not_before),
  tokenRevoked: row.token_revoked,
});

/** One row per question `w` of these parameters, with the place of its question, and whether its token is over while its session may stand. */
const reading = (name: string, parameters: string, columns: string, isOver: string): HotStatement => ({
  name,
  text: `
    SELECT w.place, ${entriesOfSession}, ${isOver}, ${storedColumns}
    FROM unnest(${parameters}) WITH ORDINALITY AS w(${columns}, place) JOIN session s ON s.id = w.id`,
});

const isRevoked = `w.hash IS NOT NULL AND EXISTS (SELECT 1 FROM revoked_token r WHERE r.token_hash = w.hash)`;
const isActorCovered = `EXISTS (SELECT 1 FROM unnest(string_to_array(w.acting, ' ')) AS a(client)
      WHERE ${isCovered({ client: 'a.client', at: 'to_timestamp(w.issued_at / 1000)' })})`;

const readStatement = reading('session_read', '$1::uuid[], $2::bytea[]', 'id, hash', isRevoked);

/** The same where clients act by a token that is asked about. The question about all other tokens stays as short as it is. */
const readActingStatement = reading(
  'session_read_acting',
  '$1::uuid[], $2::bytea[], $3::text[], $4::float8[]',
  'id, hash, acting, issued_at',
  `(${isRevoked}) OR ${isActorCovered}`,
);

/** The columns before those of the session. */
type Row = [place: string, notBefore: EntryRows, tokenRevoked: boolean, ...session: unknown[]];

const readRow = (row: Row): FoundSession => ({
  session: readStored(row, 3),
  notBefore: readEntries(row[1]),
  tokenRevoked: row[2],
});

/** A session that is asked for, and the hash of the access token that shall be looked up with it. */
export interface Question {
  readonly id: SessionId;
  readonly hash: Uint8Array | null;
  /** The clients that act by that token, where it was exchanged. */
  readonly acting: ActingClients | null;
}

/** Reads the sessions that are asked for with one statement; undefined in the place of one that is not there. */
export async function readSessions(
  statements: Statements,
  questions: readonly Question[],
): Promise<readonly (FoundSession | undefined)[]> {
  const values: unknown[][] = [questions.map(({ id }) => id), questions.map(({ hash }) => hash)];
  const isOfActors = questions.some(({ acting }) => acting !== null);
  // Ids of clients have no blanks.
  if (isOfActors)
    values.push(
      questions.map(({ acting }) => acting?.ids.join(' ') ?? null),
      questions.map(({ acting }) => acting?.issuedAt ?? null),
    );
  const rows = await statements.run<Row>(isOfActors ? readActingStatement : readStatement, values);
  const found = new Array<FoundSession | undefined>(questions.length).fill(undefined);
  for (const row of rows) found[Number(row[0]) - 1] = readRow(row);
  return found;
}
