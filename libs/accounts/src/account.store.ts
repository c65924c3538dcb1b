import {
  type Account as AccountRow,
  type HotStatement,
  isUniqueViolation,
  type PrismaService,
  type Statements,
  type Transaction,
} from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import type { Account, AccountNames, SecondFactor } from './account.js';
import { AccountError } from './account-error.js';
import {
  accountColumns,
  type FoundForSignIn,
  foundForSignIn,
  type HotAccountRow,
  hotAccount,
  type SignInRow,
  signInColumns,
} from './account-row.js';

const accountOf = (row: AccountRow): Account => ({
  id: row.id,
  username: row.username,
  passwordChangedAt: instant(row.passwordChangedAt.getTime()),
  mustChangePassword: row.mustChangePassword,
  disabledAt: row.disabledAt && instant(row.disabledAt.getTime()),
  firstRun: row.firstRun,
  createdAt: instant(row.createdAt.getTime()),
  secondFactors: row.secondFactors as SecondFactor[],
  secondStepAlways: row.secondStepAlways,
});

const byIdStatement: HotStatement = {
  name: 'account_by_id',
  text: `SELECT ${accountColumns('account')} FROM account WHERE id = $1::uuid`,
};
const byNameStatement: HotStatement = {
  name: 'account_by_name',
  text: `SELECT ${signInColumns('account')} FROM account WHERE username = $1::text`,
};

/** A username with the address of the profile, in one statement: claims about a person cost what they cost before there were profiles. */
const namesStatement: HotStatement = {
  name: 'account_names',
  text: `SELECT a.username, p.email, coalesce(p.email_verified, false), p.display_name, coalesce(p.groups, '{}') FROM account a
    LEFT JOIN account_profile p ON p.account_id = a.id WHERE a.id = $1::uuid`,
};

/** The columns a change may set. */
export interface AccountChange {
  readonly username?: string;
  readonly passwordHash?: string;
  readonly passwordChangedAt?: Date;
  readonly mustChangePassword?: boolean;
  readonly disabledAt?: Date | null;
  readonly firstRun?: boolean;
  readonly secondFactors?: SecondFactor[];
  readonly secondStepAlways?: boolean;
}

/** Rows of the table `account`. */
export class AccountStore {
  constructor(
    private readonly prisma: PrismaService,
    /** Reads the accounts of people who sign in. */
    private readonly hot: Statements = prisma,
  ) {}

  async insert(
    account: { id: string; username: string; passwordHash: string; firstRun: boolean },
    now: Instant,
    tx: Transaction | undefined,
  ): Promise<Account> {
    const at = new Date(now);
    try {
      const data = { ...account, passwordChangedAt: at, createdAt: at, updatedAt: at };
      return accountOf(await (tx ?? this.prisma).account.create({ data }));
    } catch (error) {
      if (isUniqueViolation(error)) throw new AccountError('username_taken');
      throw error;
    }
  }

  /** Changes one account; false where there is none, or none with that hash. */
  async change(
    where: { id: string; passwordHash?: string },
    change: AccountChange,
    now: Instant,
    tx: Transaction | undefined,
  ): Promise<boolean> {
    const data = { ...change, updatedAt: new Date(now) };
    const select = { id: true } as const;
    try {
      return (await (tx ?? this.prisma).account.updateManyAndReturn({ where, data, select })).length === 1;
    } catch (error) {
      if (isUniqueViolation(error)) throw new AccountError('username_taken');
      throw error;
    }
  }

  async remove(id: string, tx: Transaction | undefined): Promise<boolean> {
    const db = tx ?? this.prisma;
    const removed = await db.$queryRaw<unknown[]>`DELETE FROM account WHERE id = ${id}::uuid RETURNING 1`;
    return removed.length === 1;
  }

  async findById(id: string, tx: Transaction | undefined): Promise<Account | null> {
    if (!tx) {
      const [row] = await this.hot.run<HotAccountRow>(byIdStatement, [id]);
      return row ? hotAccount(row) : null;
    }
    const row = await tx.account.findUnique({ where: { id } });
    return row && accountOf(row);
  }

  async names(id: string): Promise<AccountNames | null> {
    const [row] = await this.hot.run<
      [
        username: string,
        email: string | null,
        emailVerified: boolean,
        displayName: string | null,
        groups: string[],
      ]
    >(namesStatement, [id]);
    if (!row) return null;
    const [username, email, emailVerified, displayName, groups] = row;
    return { username, email, emailVerified, displayName, groups };
  }

  /** The password's hash; null where there is no such account. */
  async passwordHash(id: string, tx: Transaction = this.prisma): Promise<string | null> {
    const row = await tx.account.findUnique({ where: { id }, select: { passwordHash: true } });
    return row?.passwordHash ?? null;
  }

  async enrolmentAskedAt(id: string): Promise<Instant | null> {
    const row = await this.prisma.account.findUnique({ where: { id }, select: { enrolmentAskedAt: true } });
    return row?.enrolmentAskedAt ? instant(row.enrolmentAskedAt.getTime()) : null;
  }

  async noteEnrolmentAsked(id: string, now: Instant): Promise<void> {
    const data = { enrolmentAskedAt: new Date(now) };
    await this.prisma.account.updateMany({ where: { id, enrolmentAskedAt: null }, data });
  }

  async findForSignIn(username: string, tx?: Transaction): Promise<FoundForSignIn | null> {
    if (!tx) {
      const [row] = await this.hot.run<SignInRow>(byNameStatement, [username]);
      return foundForSignIn(row);
    }
    const row = await tx.account.findUnique({ where: { username } });
    return row && { account: accountOf(row), passwordHash: row.passwordHash };
  }

  async page(after: string | null, prefix: string | null, limit: number): Promise<Account[]> {
    const username = {
      ...(after === null ? {} : { gt: after }),
      ...(prefix === null ? {} : { startsWith: prefix.replace(/[\\%_]/g, '\\$&') }),
    };
    const rows = await this.prisma.account.findMany({
      where: { username },
      orderBy: { username: 'asc' },
      take: limit,
    });
    return rows.map(accountOf);
  }

  async firstRun(tx: Transaction = this.prisma): Promise<Account[]> {
    const rows = await tx.account.findMany({
      where: { firstRun: true },
      orderBy: { username: 'asc' },
      take: 100,
    });
    return rows.map(accountOf);
  }
}
