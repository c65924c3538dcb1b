import { AccountError } from '../account-error.js';
import { HashFault, readPasswordHash } from '../hashing/index.js';
import { noPassword } from '../password-hasher.js';
import { emptyProfile, type Profile, type ProfileChange } from '../profile/profile.js';
import { checkedProfile } from '../profile/profile.store.js';
import { normaliseUsername } from '../username.js';
import { type ImportFault, maxMembers, type WrittenAccount } from './account-file.js';

/** An account of a file, in the form in which it is stored. */
export interface ImportedAccount {
  readonly line: number;
  readonly username: string;
  /** The hash of the other system, until the first sign-in. */
  readonly passwordHash: string;
  readonly disabled: boolean;
  readonly profile: Profile;
}

/** The parts of an account that a member of a file says, or what is wrong with the member. */
type Part = { readonly username?: string; readonly passwordHash?: string; readonly disabled?: boolean } & {
  readonly profile?: ProfileChange;
};
type Reader = (value: unknown) => Part | string;

const isText = (value: unknown): value is string => typeof value === 'string';
const isListOfTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(isText);

/** A part of the profile that passes the rules of profiles. */
function profilePart(change: ProfileChange): Part | string {
  try {
    return { profile: checkedProfile(change) };
  } catch (error) {
    if (error instanceof AccountError) return error.message;
    throw error;
  }
}

const text =
  (name: 'displayName' | 'email' | 'externalId'): Reader =>
  (value) =>
    value === null || isText(value) ? profilePart({ [name]: value || null }) : 'must be a text';

const readers: Readonly<Record<string, Reader>> = {
  username: (value) => {
    const username = isText(value) ? normaliseUsername(value) : null;
    return username === null ? new AccountError('username_invalid').message : { username };
  },
  display_name: text('displayName'),
  email: text('email'),
  email_verified: (value) =>
    typeof value === 'boolean' ? { profile: { emailVerified: value } } : 'must be true or false',
  groups: (value) => (isListOfTexts(value) ? profilePart({ groups: value }) : 'must be a list of texts'),
  external_id: text('externalId'),
  disabled: (value) => (typeof value === 'boolean' ? { disabled: value } : 'must be true or false'),
  password_hash: (value) => {
    // Django and crypt(3) write this where nobody signs in with a password.
    if (value === null || (isText(value) && value.startsWith('!'))) return {};
    const read = readPasswordHash(value);
    return read instanceof HashFault ? read.detail : { passwordHash: read };
  },
};

const names = Object.keys(readers).join(', ');

/** Checks one account of a file by itself; every fault of it, if there is one. */
export function importedAccount({ line, members }: WrittenAccount): ImportedAccount | ImportFault[] {
  if (Object.keys(members).length > maxMembers)
    return [{ line, detail: `has more than ${maxMembers} members` }];
  const faults: ImportFault[] = [];
  let account: ImportedAccount = {
    ...{ line, username: '', passwordHash: noPassword, disabled: false },
    profile: emptyProfile,
  };
  for (const [member, value] of Object.entries(members)) {
    const reader = Object.hasOwn(readers, member) ? readers[member] : undefined;
    const part = reader?.(value) ?? `is no member of an account, which are ${names}`;
    if (typeof part === 'string')
      faults.push({ line, ...(reader ? { member } : { member: shown(member) }), detail: part });
    else account = { ...account, ...part, profile: { ...account.profile, ...part.profile } as Profile };
  }
  if (!('username' in members)) faults.push({ line, member: 'username', detail: 'is missing' });
  if (account.profile.emailVerified && account.profile.email === null && !('email' in members))
    faults.push({ line, member: 'email_verified', detail: 'is true, and there is no email' });
  return faults.length > 0 ? faults : account;
}

/** The name of an unknown member, if it is a plain one: anything else may be a value in the wrong place. */
const shown = (member: string): string => (/^\w{1,40}$/.test(member) ? member : 'another member');

/** The faults of accounts beside each other: names and verified addresses that stand in a file twice. */
export function repeatedIn(accounts: readonly ImportedAccount[]): ImportFault[] {
  const firstLines = new Map<string, number>();
  return accounts.flatMap(({ line, username, profile: { email, emailVerified } }) => {
    const keys = [
      ['username', `username ${username}`],
      ...(emailVerified && email !== null ? [['email', `email ${email}`]] : []),
    ] as [string, string][];
    return keys.flatMap(([member, key]) => {
      const first = firstLines.get(key);
      if (first === undefined) firstLines.set(key, line);
      return first === undefined ? [] : [{ line, member, detail: `stands in line ${first} already` }];
    });
  });
}
