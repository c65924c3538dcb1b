import { createHash } from 'node:crypto';

/** Accounts that one browser is remembered for at most; the one that was remembered first gives way. */
const maxAccounts = 5;

/** A mark of the account, 22 characters of a hash, and the random value, 43 characters. */
const entryFormat = /^[A-Za-z0-9_-]{65}$/;

const markOf = (accountId: string): string =>
  createHash('sha256').update(accountId).digest('base64url').slice(0, 22);

const entriesOf = (cookie: string | undefined): readonly string[] =>
  (cookie ?? '').split('~', maxAccounts).filter((entry) => entryFormat.test(entry));

/** The value for an account in the cookie of a remembered browser; undefined where there is none. */
export function valueFor(cookie: string | undefined, accountId: string): string | undefined {
  const mark = markOf(accountId);
  return entriesOf(cookie)
    .find((entry) => entry.startsWith(mark))
    ?.slice(mark.length);
}

/** The cookie with this value for the account, before those of others. */
export function withValue(cookie: string | undefined, accountId: string, value: string): string {
  const mark = markOf(accountId);
  const others = entriesOf(cookie).filter((entry) => !entry.startsWith(mark));
  return [`${mark}${value}`, ...others].slice(0, maxAccounts).join('~');
}
