import { commitColumns, type HotStatement, StatementValues } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { accountColumns } from '../account-row.js';
import { countKeys } from '../throttle-statements.js';

/** A right answer of a passkey, to be recorded: its challenge is used up, and its counter goes on. */
export interface PasskeyUse {
  /** The credential id, in base64url. */
  readonly id: string;
  /** The key that counts the answers to its challenge, of which the first one counts, and when that may be forgotten. */
  readonly challenge: { readonly key: string; readonly until: Instant };
  readonly counter: number;
  readonly isBackedUp: boolean;
  readonly at: Instant;
  /** Called where the commit finds the passkey gone, or its counter gone on, as that of a copied authenticator does (WebAuthn §6.1.1). */
  readonly refused?: () => void;
}

/** The credential id as it is stored. */
export const bytesOfId = (id: string) => Buffer.from(id, 'base64url');

const iso = (at: Instant): string => new Date(at).toISOString();

/**
 * The steps of such a record in a statement that may have others. The challenge is used up first, so that of any number of attempts with one
 * answer a single one reaches the passkey; `used` has a row if it was this one, and if the counter has not gone on meanwhile (WebAuthn §7.2
 * step 22).
 * @param value where a value stands in the statement, with its type
 * @param ready what the first step waits for
 */
export function passkeyUseSteps(
  { id, challenge, counter, isBackedUp, at }: PasskeyUse,
  value: (value: unknown, type: string) => string,
  ready = 'true',
): readonly (readonly [name: string, text: string])[] {
  const now = value(iso(at), 'timestamptz');
  const once = `SELECT ${value(challenge.key, 'text')}, 1, ${value(iso(challenge.until), 'timestamptz')} WHERE ${ready}`;
  const count = value(counter, 'bigint');
  return [
    ['challenge', countKeys(once, '1', now)],
    [
      'used',
      `UPDATE passkey SET counter = ${count}, backed_up = ${value(isBackedUp, 'boolean')}, last_used_at = ${now}
       WHERE id = ${value(bytesOfId(id), 'bytea')} AND (SELECT c.count FROM challenge c) = 1
         AND (counter < ${count} OR (counter = 0 AND ${count} = 0)) RETURNING account_id`,
    ],
  ];
}

/** A record that is a commit of its own: how many answers the challenge has had, and the account if this one counts. */
export function passkeyUseStatement(use: PasskeyUse): { statement: HotStatement; values: unknown[] } {
  const { all: values, value } = new StatementValues();
  const steps = passkeyUseSteps(use, value).map(([name, step]) => `${name} AS (${step})`);
  const text = `WITH ${steps.join(', ')} SELECT challenge.count, ${accountColumns('a')}, ${commitColumns()}
    FROM challenge LEFT JOIN used ON true LEFT JOIN account a ON a.id = used.account_id`;
  // The counter of the challenge is written in any case.
  return { statement: { name: 'passkey_use', place: 'in its rows', text }, values };
}
