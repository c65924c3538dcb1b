import {
  type HotStatement,
  isUniqueViolation,
  type PrismaService,
  type Statements,
  type Transaction,
} from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { AccountError } from '../account-error.js';
import { isUuid } from '../account-row.js';
import { normaliseEmail } from './email-address.js';
import { emptyProfile, type Profile, type ProfileChange, profileBounds } from './profile.js';

const columns = 'p.display_name, p.email, p.email_verified, p.groups, p.external_id';

const ofStatement: HotStatement = {
  name: 'account_profile',
  text: `SELECT ${columns} FROM account_profile p WHERE p.account_id = $1::uuid`,
};
type ProfileRow = [
  displayName: string | null,
  email: string | null,
  emailVerified: boolean,
  groups: string[],
  externalId: string | null,
];

const profileOf = ([displayName, email, emailVerified, groups, externalId]: ProfileRow): Profile => ({
  displayName,
  email,
  emailVerified,
  groups,
  externalId,
});

const unprintable = /\p{C}/u;

/** Brings a change into the form that is stored. @throws AccountError */
export function checkedProfile(change: ProfileChange): ProfileChange {
  const { displayName, email, groups, externalId } = change;
  const { maxGroups, maxGroupLength, maxNameLength } = profileBounds;
  const isText = (text: string, max: number) =>
    text.trim() !== '' && text.length <= max && !unprintable.test(text);
  if (displayName && !isText(displayName, maxNameLength)) throw new AccountError('display_name_invalid');
  if (externalId && !isText(externalId, maxNameLength)) throw new AccountError('external_id_invalid');
  if (groups && (groups.length > maxGroups || !groups.every((group) => isText(group, maxGroupLength))))
    throw new AccountError('groups_invalid');
  const address = email ? normaliseEmail(email) : email;
  if (email && address === null) throw new AccountError('email_invalid');
  return {
    ...change,
    ...(email === undefined ? {} : { email: address ?? null }),
    ...(groups === undefined ? {} : { groups: [...new Set(groups)] }),
  };
}

/** Profiles of accounts: names, addresses and groups. */
export class Profiles {
  constructor(
    private readonly prisma: PrismaService,
    private readonly statements: Statements = prisma,
  ) {}

  /** The profile of an account; an empty one where nothing is known. */
  async of(accountId: string, tx?: Transaction): Promise<Profile> {
    if (!isUuid(accountId)) return emptyProfile;
    if (tx) return (await tx.accountProfile.findUnique({ where: { accountId } })) ?? emptyProfile;
    const [row] = await this.statements.run<ProfileRow>(ofStatement, [accountId]);
    return row ? profileOf(row) : emptyProfile;
  }

  /** The profiles of these accounts, by id. */
  async ofMany(accountIds: readonly string[]): Promise<ReadonlyMap<string, Profile>> {
    const rows = await this.prisma.accountProfile.findMany({ where: { accountId: { in: [...accountIds] } } });
    return new Map(
      rows.map(({ accountId, displayName, email, emailVerified, groups, externalId }) => [
        accountId,
        { displayName, email, emailVerified, groups, externalId },
      ]),
    );
  }

  /** The language of the pages on which the person of the account signs in (RFC 5646); null where none is known. */
  async languageOf(accountId: string): Promise<string | null> {
    const where = { accountId };
    return (
      (await this.prisma.accountProfile.findUnique({ where, select: { language: true } }))?.language ?? null
    );
  }

  /** The id of the account that has shown this address to be its own, or null. */
  async accountOfVerified(address: string): Promise<string | null> {
    const email = normaliseEmail(address);
    if (email === null) return null;
    const row = await this.prisma.accountProfile.findFirst({
      where: { email, emailVerified: true },
      select: { accountId: true },
    });
    return row?.accountId ?? null;
  }

  /**
   * Changes the profile. Another address is not verified unless the change says so.
   * @throws AccountError
   */
  async change(accountId: string, change: ProfileChange, now: Instant, tx: Transaction): Promise<void> {
    const wanted = checkedProfile(change);
    const before = await tx.accountProfile.findUnique({ where: { accountId } });
    const isOther = wanted.email !== undefined && wanted.email !== (before?.email ?? null);
    const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
    const data = {
      ...(isOther ? { emailVerified: false } : {}),
      ...(Object.fromEntries(given) as Partial<Omit<Profile, 'groups'> & { groups: string[] }>),
      updatedAt: new Date(now),
    };
    const email = data.email === undefined ? (before?.email ?? null) : data.email;
    if (data.emailVerified && email === null) throw new AccountError('email_invalid');
    try {
      await tx.accountProfile.upsert({
        where: { accountId },
        create: { accountId, ...data },
        update: data,
      });
    } catch (error) {
      if (isUniqueViolation(error)) throw new AccountError('email_taken');
      throw error;
    }
  }

  /** Marks the address as verified; false where the account has another one by now. @throws AccountError */
  async verify(accountId: string, email: string, now: Instant, tx: Transaction): Promise<boolean> {
    const row = await tx.accountProfile.findUnique({ where: { accountId } });
    if (row?.email !== email) return false;
    await this.change(accountId, { emailVerified: true }, now, tx);
    return true;
  }
}
