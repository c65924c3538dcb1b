import type { HotStatement, Statements } from '@curfew/persistence';
import type { SessionId } from '@curfew/session-policy';
import { readStored, storedColumns } from './session-columns.js';
import { type EntryRows, readEntries } from './session-row.js';
import type { FoundSession } from './session-store.js';
import { entriesOfSession } from './standing-statements.js';

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
