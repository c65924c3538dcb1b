import { type EndReason, instant } from '@curfew/session-policy';
import { type NotBefore } from '@curfew/session-policy/not-before';
import { readNamed, storedColumns } from './session-columns.js';
import type { FoundSession } from './session-store.js';
import { killersOfSession } from './standing-statements.js';

/** The columns of `session s` that `readFound` reads, beside `token_revoked`. */
export const foundColumns = `${storedColumns}, ${killersOfSession} AS not_before`;

/** The not-before entries that end a session, as `killersOfSession` gives them. */
export type KillerRows = { kind: NotBefore['kind']; at: number; reason: EndReason }[] | null;

/** One read of a session: its columns by name, the entries that end it, and whether the access token asked about was revoked. */
export interface FoundRow extends Readonly<Record<string, unknown>> {
  readonly not_before: KillerRows;
  readonly token_revoked: boolean;
}

/** These entries as the domain speaks of them. */
export const readKillers = (rows: KillerRows): readonly NotBefore[] =>
  (rows ?? []).map(({ kind, reason, at }) => ({ kind, reason, at: instant(Math.round(at)) }));

/** A found row as the domain speaks of it. */
export const readFound = (row: FoundRow): FoundSession => ({
  session: readNamed(row),
  notBefore: readKillers(row.not_before),
  tokenRevoked: row.token_revoked,
});
