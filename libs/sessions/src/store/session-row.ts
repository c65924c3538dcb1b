import { type EndReason, instant } from '@curfew/session-policy';
import { type NotBefore } from '@curfew/session-policy/not-before';
import { readNamed, storedColumns } from './session-columns.js';
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
