import type { HotStatement, Statements } from '@curfew/persistence';
import { type EndReason, instant, type SessionId } from '@curfew/session-policy';
import { type NotBefore } from '@curfew/session-policy/not-before';
import { readNamed, readStored, storedColumns } from './session-columns.js';
import type { FoundSession } from './session-store.js';
import { entriesOfSession } from './standing-statements.js';

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

/** One row per question, with the place of its question. */
const readStatement: HotStatement = {
  name: 'session_read',
  text: `
    SELECT w.place, ${entriesOfSession}, w.hash IS NOT NULL AND EXISTS (SELECT 1 FROM revoked_token r WHERE r.token_hash = w.hash), ${storedColumns}
    FROM unnest($1::uuid[], $2::bytea[]) WITH ORDINALITY AS w(id, hash, place) JOIN session s ON s.id = w.id`,
};

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
}

/** Reads the sessions that are asked for with one statement; undefined in the place of one that is not there. */
export async function readSessions(
  statements: Statements,
  questions: readonly Question[],
): Promise<readonly (FoundSession | undefined)[]> {
  const values = [questions.map(({ id }) => id), questions.map(({ hash }) => hash)];
  const rows = await statements.run<Row>(readStatement, values);
  const found = new Array<FoundSession | undefined>(questions.length).fill(undefined);
  for (const row of rows) found[Number(row[0]) - 1] = readRow(row);
  return found;
}
