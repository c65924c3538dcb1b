import { isUniqueViolation, type PrismaService, type Transaction } from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import { AccountError } from '../account-error.js';
import { lockFactors } from '../factors/factor-lock.js';
import type { Identity, LinkedIdentity } from './identity-provider.js';

/** The identities that one account may have. */
const maxLinkedIdentities = 20;

/** The accounts of people as identity providers know them: rows of the tables `linked_identity` and `removed_identity`. */
export class LinkedIdentities {
  constructor(private readonly prisma: PrismaService) {}

  /** The id of the account of an identity, or undefined. */
  async accountOf({ issuer, subject }: Identity): Promise<string | undefined> {
    const where = { issuer_subject: { issuer, subject } };
    const row = await this.prisma.linkedIdentity.findUnique({ where, select: { accountId: true } });
    return row?.accountId;
  }

  /** The identities of an account, the oldest first. */
  async ofAccount(accountId: string, tx: Transaction = this.prisma): Promise<readonly LinkedIdentity[]> {
    const rows = await tx.linkedIdentity.findMany({
      where: { accountId },
      orderBy: { createdAt: 'asc' },
      take: maxLinkedIdentities,
    });
    return rows.map(({ issuer, subject, createdAt, lastUsedAt }) => ({
      ...{ issuer, subject, createdAt: instant(createdAt.getTime()) },
      lastUsedAt: lastUsedAt && instant(lastUsedAt.getTime()),
    }));
  }

  /**
   * Links an identity to an account for its person, which forgets that they had removed it. @throws AccountError where it has an account
   * already, or the account has as many as it may have
   */
  async link(identity: Identity, accountId: string, now: Instant, tx: Transaction): Promise<void> {
    await lockFactors(accountId, tx);
    await this.#insert(identity, accountId, now, tx);
    await this.forgetRemoval(identity, accountId, tx);
  }

  /**
   * Links an identity to the account that has its address; false where the person has removed it from there (ADR 120). A removal waits for the
   * same lock, so that it is seen here or finds this link. @throws AccountError as `link` does
   */
  async linkByAddress(
    identity: Identity,
    accountId: string,
    now: Instant,
    tx: Transaction,
  ): Promise<boolean> {
    await lockFactors(accountId, tx);
    const { issuer, subject } = identity;
    const where = { accountId_issuer_subject: { accountId, issuer, subject } };
    if (await tx.removedIdentity.findUnique({ where, select: { accountId: true } })) return false;
    await this.#insert(identity, accountId, now, tx);
    return true;
  }

  /** Links at once have the lock one after the other: none is beyond those that the list shows. */
  async #insert(
    { issuer, subject }: Identity,
    accountId: string,
    now: Instant,
    tx: Transaction,
  ): Promise<void> {
    if ((await tx.linkedIdentity.count({ where: { accountId } })) >= maxLinkedIdentities)
      throw new AccountError('too_many_identities');
    try {
      await tx.linkedIdentity.create({ data: { issuer, subject, accountId, createdAt: new Date(now) } });
    } catch (error) {
      if (isUniqueViolation(error)) throw new AccountError('identity_taken');
      throw error;
    }
  }

  /** Takes the link to an account away; false where there is none. */
  async unlink({ issuer, subject }: Identity, accountId: string, tx: Transaction): Promise<boolean> {
    const gone = await tx.$queryRaw<unknown[]>`
      DELETE FROM linked_identity WHERE issuer = ${issuer} AND subject = ${subject} AND account_id = ${accountId}::uuid RETURNING 1`;
    return gone.length === 1;
  }

  /**
   * Remembers that the person has removed it, so that no address links it again by itself. An account has as many of these as it may have
   * links: the oldest go.
   */
  async rememberRemoval(
    { issuer, subject }: Identity,
    accountId: string,
    now: Instant,
    tx: Transaction,
  ): Promise<void> {
    await lockFactors(accountId, tx);
    await tx.$executeRaw`
      INSERT INTO removed_identity (account_id, issuer, subject, removed_at)
      VALUES (${accountId}::uuid, ${issuer}, ${subject}, ${new Date(now)})
      ON CONFLICT (account_id, issuer, subject) DO UPDATE SET removed_at = excluded.removed_at`;
    await tx.$executeRaw`
      DELETE FROM removed_identity WHERE (account_id, issuer, subject) IN (
        SELECT account_id, issuer, subject FROM removed_identity WHERE account_id = ${accountId}::uuid
        ORDER BY removed_at DESC, issuer, subject OFFSET ${maxLinkedIdentities}::int)`;
  }

  /** Forgets that it was removed; false where it was not. */
  async forgetRemoval({ issuer, subject }: Identity, accountId: string, tx: Transaction): Promise<boolean> {
    const gone = await tx.$queryRaw<unknown[]>`
      DELETE FROM removed_identity WHERE account_id = ${accountId}::uuid AND issuer = ${issuer} AND subject = ${subject} RETURNING 1`;
    return gone.length === 1;
  }

  /** Whether a person has removed it from an account, whichever that is. */
  async isRemoved({ issuer, subject }: Identity): Promise<boolean> {
    const select = { accountId: true } as const;
    return (await this.prisma.removedIdentity.findFirst({ where: { issuer, subject }, select })) !== null;
  }

  /** Notes that somebody signed in with it. */
  async used({ issuer, subject }: Identity, now: Instant): Promise<void> {
    await this.prisma.linkedIdentity.updateMany({
      where: { issuer, subject },
      data: { lastUsedAt: new Date(now) },
    });
  }
}
