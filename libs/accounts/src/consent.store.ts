import type { Clock } from '@curfew/clock';
import {
  type Consent as ConsentRow,
  type HotStatement,
  milliseconds,
  type Prisma,
  type PrismaService,
  type Statements,
  type Transaction,
} from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import type { Account } from './account.js';
import { accountColumns, accountWidth, type HotAccountRow, hotAccount, isUuid } from './account-row.js';
import { type Consent, type ConsentedAccess, mergeAccess } from './consent.js';

interface StoredAccess {
  readonly scope: string;
  readonly claims: readonly string[];
  readonly resources: Readonly<Record<string, string>>;
}

// In the row scopes are written as OAuth writes them: one text, separated by spaces.
const join = (scopes: readonly string[]): string => scopes.join(' ');
const split = (scope: string | undefined): string[] => (scope ?? '').split(' ').filter(Boolean);

const mapValues = <A, B>(of: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [key, change(value)]));

/** The JSON of a consent as `stored` wrote it. */
const accessIn = (json: unknown): StoredAccess => json as StoredAccess;

const consentOf = (row: ConsentRow): Consent => {
  const granted = accessIn(row.granted);
  return {
    accountId: row.accountId,
    clientId: row.clientId,
    scopes: split(granted.scope),
    claims: granted.claims,
    resources: mapValues(granted.resources, split),
    grantedAt: instant(row.grantedAt.getTime()),
  };
};

const stored = (access: ConsentedAccess): Prisma.InputJsonValue => ({
  scope: join(access.scopes),
  claims: [...access.claims],
  resources: mapValues(access.resources, join),
});

/** The columns of a consent, in the order of `HotConsentRow`. */
export const consentColumns = (table: string): string =>
  `${table}.granted, ${milliseconds(`${table}.granted_at`)} AS granted_at`;

/** A consent as a hot statement finds it; null where a join found none. */
export type HotConsentRow = [granted: ConsentRow['granted'] | null, grantedAt: number | null];

/** The consent in such a row. */
export const hotConsent = (
  [granted, grantedAt]: HotConsentRow,
  of: { readonly accountId: string; readonly clientId: string },
): Consent | null =>
  grantedAt === null ? null : consentOf({ ...of, granted, grantedAt: new Date(Math.round(grantedAt)) });

const findStatement: HotStatement = {
  name: 'consent_find',
  text: `SELECT ${consentColumns('c')} FROM consent c WHERE c.account_id = $1::uuid AND c.client_id = $2::text`,
};
const withAccountStatement: HotStatement = {
  name: 'consent_with_account',
  text: `SELECT ${accountColumns('a')}, ${consentColumns('c')}
    FROM account a LEFT JOIN consent c ON c.account_id = a.id AND c.client_id = $2::text WHERE a.id = $1::uuid`,
};
type AccountAndConsent = [...HotAccountRow, ...HotConsentRow];

const nothing: ConsentedAccess = { scopes: [], claims: [], resources: {} };

/** A consent as it is to be written: JSON of what is allowed now, and of what was before, null for nothing. */
export interface PreparedConsent {
  readonly accountId: string;
  readonly clientId: string;
  readonly granted: string;
  readonly before: string | null;
  readonly grantedAt: Instant;
}

/** Consents that accounts gave to clients, remembered so that they are asked once. Withdrawing ends no session by itself. */
export class ConsentService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly clock: Clock,
    /** Reads and writes consents during sign-ins. */
    private readonly hot: Statements = prisma,
  ) {}

  /** Adds to what the account allowed the client before; simultaneous answers of two tabs are both kept. */
  async remember(
    accountId: string,
    clientId: string,
    access: ConsentedAccess,
    tx?: Transaction,
  ): Promise<Consent> {
    const merge = async (db: Transaction): Promise<Consent> => {
      const grantedAt = new Date(this.clock.now());
      // An insert that changes nothing locks the row even if it is not there yet.
      await db.$executeRaw`
        INSERT INTO consent (account_id, client_id, granted, granted_at)
        VALUES (${accountId}::uuid, ${clientId}, ${JSON.stringify(stored(nothing))}::jsonb, ${grantedAt.toISOString()}::timestamptz)
        ON CONFLICT (account_id, client_id) DO UPDATE SET granted_at = EXCLUDED.granted_at`;
      const where = { accountId_clientId: { accountId, clientId } };
      const before = consentOf(await db.consent.findUniqueOrThrow({ where }));
      const granted = stored(mergeAccess(before, access));
      return consentOf(await db.consent.update({ where, data: { granted } }));
    };
    return tx ? merge(tx) : this.prisma.$transaction(merge);
  }

  /**
   * Like `remember`, as a statement for the caller's transaction. It applies only while the account's consent still equals `before`;
   * otherwise the caller uses `remember`.
   */
  async prepare(accountId: string, clientId: string, access: ConsentedAccess): Promise<PreparedConsent> {
    const before = await this.find(accountId, clientId);
    return {
      accountId,
      clientId,
      granted: JSON.stringify(stored(mergeAccess(before ?? nothing, access))),
      before: before && JSON.stringify(stored(before)),
      grantedAt: this.clock.now(),
    };
  }

  /** The consent of the account for the client, or null. */
  async find(accountId: string, clientId: string): Promise<Consent | null> {
    const [row] = await this.hot.run<HotConsentRow>(findStatement, [accountId, clientId]);
    return row ? hotConsent(row, { accountId, clientId }) : null;
  }

  /** An account and what it allowed the client, in one read; null for an account that is not there. */
  async findWithAccount(
    accountId: string,
    clientId: string,
  ): Promise<{ readonly account: Account; readonly consent: Consent | null } | null> {
    if (!isUuid(accountId)) return null;
    const [row] = await this.hot.run<AccountAndConsent>(withAccountStatement, [accountId, clientId]);
    if (!row) return null;
    const consent = hotConsent(row.slice(accountWidth) as HotConsentRow, { accountId, clientId });
    return { account: hotAccount(row), consent };
  }

  /** Everything the account allowed, latest first, at most 500. */
  async ofAccount(accountId: string): Promise<Consent[]> {
    const rows = await this.prisma.consent.findMany({
      where: { accountId },
      orderBy: [{ grantedAt: 'desc' }, { clientId: 'asc' }],
      take: 500,
    });
    return rows.map(consentOf);
  }

  /** Forgets one consent and says whether there was one. */
  async withdraw(accountId: string, clientId: string, tx?: Transaction): Promise<boolean> {
    const forgotten = await (tx ?? this.prisma).$queryRaw<unknown[]>`
      DELETE FROM consent WHERE account_id = ${accountId}::uuid AND client_id = ${clientId} RETURNING 1`;
    return forgotten.length === 1;
  }

  /** Forgets every consent that was given to a client that is deleted. */
  async forgetClient(clientId: string, tx?: Transaction): Promise<void> {
    await (tx ?? this.prisma).consent.deleteMany({ where: { clientId } });
  }
}
