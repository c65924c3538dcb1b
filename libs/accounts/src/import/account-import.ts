import { randomUUID } from 'node:crypto';
import type { Transaction } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import type { Profile } from '../profile/profile.js';
import {
  type AccountFileFormat,
  type ImportFault,
  readAccountFile,
  type WrittenAccount,
} from './account-file.js';
import { AccountImportStore } from './account-import.store.js';
import { type ImportedAccount, importedAccount, repeatedIn } from './imported-account.js';

/** The most accounts of one import: they are written in one transaction, and later events wait for it on their way to receivers. */
export const maxImportedAccounts = 10_000;

/** The most faults that are told at once. */
const maxFaults = 10_000;

/** Raised where a file of accounts has faults: all of them, by line. Nothing was written. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused';
  readonly faults: readonly ImportFault[];

  constructor(faults: readonly ImportFault[]) {
    super('The file has faults.');
    const ordered = [...faults].sort((one, other) => one.line - other.line);
    const left = ordered.length - maxFaults;
    const { line } = ordered[maxFaults] ?? { line: 0 };
    const rest = left > 0 ? [{ line, detail: `has the first of ${left} more faults` }] : [];
    this.faults = [...ordered.slice(0, maxFaults), ...rest];
  }
}

/** The accounts of a file that are to be made, each with the id it will have, and the number of those that are there as the file says. */
export interface PlannedImport {
  readonly accounts: readonly (ImportedAccount & { readonly id: string })[];
  readonly present: number;
}

const store = new AccountImportStore();
const isFault = (one: WrittenAccount | ImportFault): one is ImportFault => 'detail' in one;

/** A file of accounts as it was read: the accounts without fault, and every fault. */
export interface ReadImport {
  readonly accounts: readonly ImportedAccount[];
  readonly faults: readonly ImportFault[];
}

/** Reads and checks a file without the database. @throws ImportRefused where it is too long to be looked at further */
export function readImport(format: AccountFileFormat, content: string): ReadImport {
  const written = readAccountFile(format, content, maxImportedAccounts + 1);
  if (written.length > maxImportedAccounts) {
    const { line } = written[maxImportedAccounts]!;
    const detail = `is beyond the ${maxImportedAccounts} accounts of one import; split the file`;
    throw new ImportRefused([{ line, detail }]);
  }
  if (written.length === 0) throw new ImportRefused([{ line: 1, detail: 'has no account' }]);
  const checked = written.map((one) => (isFault(one) ? [one] : importedAccount(one)));
  const accounts = checked.filter((one) => !Array.isArray(one)) as ImportedAccount[];
  const faults = (checked.filter(Array.isArray) as ImportFault[][]).flat();
  return { accounts, faults: [...faults, ...notInUtf8(content), ...repeatedIn(accounts)] };
}

/** The lines with bytes that were no UTF-8 when somebody read them: the name of nobody is meant by them (Unicode 16, §3.9, U+FFFD). */
function notInUtf8(content: string): ImportFault[] {
  if (!content.includes('\uFFFD')) return [];
  const detail = 'has characters that are not UTF-8 (U+FFFD); save the file as UTF-8';
  return content
    .split('\n')
    .flatMap((text, index) => (text.includes('\uFFFD') ? [{ line: index + 1, detail }] : []));
}

/**
 * Compares the accounts of a file with those that are there. One that is there with the same profile is left as it is, so that a file can
 * be sent again. @throws ImportRefused with the faults of the file, and those beside what is there
 */
export async function planImport(
  { accounts, faults: read }: ReadImport,
  tx: Transaction,
): Promise<PlannedImport> {
  const usernames = accounts.map(({ username }) => username);
  const present = await store.profilesByUsername(usernames, tx);
  const owners = await store.ownersOfVerified(accounts.flatMap(verifiedAddress), tx);
  const faults: ImportFault[] = [...read];
  for (const account of accounts) {
    const { line, username, profile } = account;
    const there = present.get(username);
    if (there && !isSameProfile(there, profile))
      faults.push({ line, member: 'username', detail: 'is taken by an account with another profile' });
    const owner = owners.get(verifiedAddress(account)[0] ?? '');
    if (owner !== undefined && owner !== username)
      faults.push({ line, member: 'email', detail: 'has been verified by another account' });
  }
  if (faults.length > 0) throw new ImportRefused(faults);
  const made = accounts.filter(({ username }) => !present.has(username));
  return {
    accounts: made.map((account) => ({ ...account, id: randomUUID() })),
    present: accounts.length - made.length,
  };
}

/**
 * Writes accounts as they were planned: all of them, or none. @throws ImportRefused where a name or an address was taken since; the
 * transaction must be rolled back
 */
export async function writeImport({ accounts }: PlannedImport, now: Instant, tx: Transaction): Promise<void> {
  const lost = await store.insert(accounts, now, tx);
  const detail = 'has a username or an address that was taken meanwhile';
  if (lost.length > 0) throw new ImportRefused(lost.map(({ line }) => ({ line, detail })));
}

const verifiedAddress = ({ profile: { email, emailVerified } }: ImportedAccount): string[] =>
  emailVerified && email !== null ? [email] : [];

const isSameProfile = (one: Profile, other: Profile): boolean =>
  one.displayName === other.displayName &&
  one.email === other.email &&
  one.emailVerified === other.emailVerified &&
  one.externalId === other.externalId &&
  one.groups.join('\n') === other.groups.join('\n');
