import type { Transaction } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import type { Profile } from '../profile/profile.js';
import type { ImportedAccount } from './imported-account.js';

/** An account that is to be written, with its id. */
type NewAccount = ImportedAccount & { readonly id: string };

/** The number of rows of one statement. */
const rowsAtOnce = 1_000;

/** Reads and writes many accounts at once. */
export class AccountImportStore {
  /** The profiles of the accounts with these usernames. */
  async profilesByUsername(
    usernames: readonly string[],
    tx: Transaction,
  ): Promise<ReadonlyMap<string, Profile>> {
    const rows = await tx.$queryRaw<(Profile & { username: string })[]>`
      SELECT a.username, p.display_name AS "displayName", p.email, coalesce(p.email_verified, false) AS "emailVerified",
        coalesce(p.groups, '{}') AS groups, p.external_id AS "externalId"
      FROM account a LEFT JOIN account_profile p ON p.account_id = a.id WHERE a.username = ANY(${usernames})`;
    return new Map(rows.map(({ username, ...profile }) => [username, profile]));
  }

  /** The usernames of the accounts that have verified these addresses, by address. */
  async ownersOfVerified(
    addresses: readonly string[],
    tx: Transaction,
  ): Promise<ReadonlyMap<string, string>> {
    const rows = await tx.$queryRaw<{ email: string; username: string }[]>`
      SELECT p.email, a.username FROM account_profile p JOIN account a ON a.id = p.account_id
      WHERE p.email_verified AND p.email = ANY(${addresses})`;
    return new Map(rows.map(({ email, username }) => [email, username]));
  }

  /** Inserts accounts with their profiles; those whose username or verified address somebody took meanwhile, if there are any. */
  async insert(
    accounts: readonly NewAccount[],
    now: Instant,
    tx: Transaction,
  ): Promise<readonly NewAccount[]> {
    // In one order, so that two imports never wait for each other.
    const ordered = [...accounts].sort((one, other) => (one.username < other.username ? -1 : 1));
    const written = new Set<string>();
    for (let from = 0; from < ordered.length; from += rowsAtOnce)
      for (const id of await insertSome(ordered.slice(from, from + rowsAtOnce), now, tx)) written.add(id);
    return accounts.filter(({ id }) => !written.has(id));
  }
}

/** The ids of the accounts that were written with their profiles. */
async function insertSome(
  accounts: readonly NewAccount[],
  now: Instant,
  tx: Transaction,
): Promise<readonly string[]> {
  const at = new Date(now).toISOString();
  const rows = JSON.stringify(
    accounts.map(({ id, username, passwordHash, disabled, profile }) => ({
      ...{ id, username, password_hash: passwordHash, disabled },
      ...{ display_name: profile.displayName, email: profile.email, email_verified: profile.emailVerified },
      ...{ groups: profile.groups, external_id: profile.externalId },
    })),
  );
  const written = await tx.$queryRaw<{ id: string }[]>`
    WITH wanted AS (
      SELECT * FROM jsonb_to_recordset(${rows}::jsonb) AS r(id uuid, username text, password_hash text, disabled boolean,
        display_name text, email text, email_verified boolean, groups text[], external_id text)
    ), made AS (
      INSERT INTO account (id, username, password_hash, password_changed_at, disabled_at, created_at, updated_at)
      SELECT id, username, password_hash, ${at}::timestamptz, CASE WHEN disabled THEN ${at}::timestamptz END, ${at}::timestamptz, ${at}::timestamptz
      FROM wanted ON CONFLICT DO NOTHING RETURNING id
    )
    INSERT INTO account_profile (account_id, display_name, email, email_verified, groups, external_id, updated_at)
    SELECT id, display_name, email, email_verified, groups, external_id, ${at}::timestamptz FROM wanted JOIN made USING (id)
    ON CONFLICT DO NOTHING RETURNING account_id::text AS id`;
  return written.map(({ id }) => id);
}
