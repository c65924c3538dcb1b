import { Prisma, type PrismaService, type Transaction } from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import { lockFactors } from './factor-lock.js';

/** A passkey of an account, for people who look at it. */
export interface Passkey {
  /** The credential id, in base64url. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant | null;
  /** Whether its authenticator is part of a device. */
  readonly isPlatform: boolean;
  /** Whether copies of it are kept elsewhere. */
  readonly isBackedUp: boolean;
}

/** The account, the key and the counter with which an answer is compared. */
export interface PasskeyRecord {
  readonly accountId: string;
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly counter: number;
}

/** A new passkey as its authenticator described it. */
export interface NewPasskey extends PasskeyRecord {
  readonly id: string;
  readonly name: string;
  readonly relyingParty: string;
  readonly isPlatform: boolean;
  readonly isBackupEligible: boolean;
  readonly isBackedUp: boolean;
}

/** A passkey that an account had. */
export type RemovedPasskey = Pick<Passkey, 'isPlatform'>;

const bytesOf = (id: string) => Buffer.from(id, 'base64url');

/** Rows of the table `passkey`. */
export class PasskeyStore {
  constructor(private readonly prisma: PrismaService) {}

  async ofAccount(accountId: string): Promise<Passkey[]> {
    const rows = await this.prisma.passkey.findMany({ where: { accountId }, orderBy: { createdAt: 'asc' } });
    return rows.map((row) => ({
      id: Buffer.from(row.id).toString('base64url'),
      name: row.name,
      createdAt: instant(row.createdAt.getTime()),
      lastUsedAt: row.lastUsedAt && instant(row.lastUsedAt.getTime()),
      isPlatform: row.isPlatform,
      isBackedUp: row.backedUp,
    }));
  }

  async find(id: string, relyingParty: string): Promise<PasskeyRecord | null> {
    const [row] = await this.prisma.$queryRaw<
      { accountId: string; publicKey: Uint8Array<ArrayBuffer>; counter: bigint }[]
    >`SELECT account_id::text AS "accountId", public_key AS "publicKey", counter FROM passkey
      WHERE id = ${bytesOf(id)} AND relying_party = ${relyingParty}`;
    return row ? { accountId: row.accountId, publicKey: row.publicKey, counter: Number(row.counter) } : null;
  }

  /** Records a use. False where the passkey is gone, or its counter went on meanwhile (WebAuthn §7.2 step 22). */
  async use(
    id: string,
    { counter, isBackedUp }: { counter: number; isBackedUp: boolean },
    now: Instant,
  ): Promise<boolean> {
    const rows = await this.prisma.$queryRaw<unknown[]>`
      UPDATE passkey SET counter = ${counter}, backed_up = ${isBackedUp}, last_used_at = ${new Date(now)}
      WHERE id = ${bytesOf(id)} AND (counter < ${counter} OR (counter = 0 AND ${counter} = 0)) RETURNING 1`;
    return rows.length === 1;
  }

  /** Keeps a new passkey. False where the account has as many as it may, or where somebody has one of that id. */
  async add(passkey: NewPasskey, max: number, now: Instant, tx: Transaction): Promise<boolean> {
    const { accountId } = passkey;
    await lockFactors(accountId, tx);
    if ((await tx.passkey.count({ where: { accountId } })) >= max) return false;
    const row = {
      id: bytesOf(passkey.id),
      accountId,
      relyingParty: passkey.relyingParty,
      name: passkey.name,
      publicKey: Buffer.from(passkey.publicKey),
      counter: passkey.counter,
      isPlatform: passkey.isPlatform,
      backupEligible: passkey.isBackupEligible,
      backedUp: passkey.isBackedUp,
      createdAt: new Date(now),
    };
    const select = { accountId: true } as const;
    return (await tx.passkey.createManyAndReturn({ data: [row], skipDuplicates: true, select })).length === 1;
  }

  /** Removes the passkey of that id, or all of the account; those that it had. */
  async remove(accountId: string, id: string | null, tx: Transaction): Promise<readonly RemovedPasskey[]> {
    await lockFactors(accountId, tx);
    const isMeant = id === null ? Prisma.sql`true` : Prisma.sql`id = ${bytesOf(id)}`;
    return tx.$queryRaw<RemovedPasskey[]>`
      DELETE FROM passkey WHERE account_id = ${accountId}::uuid AND ${isMeant} RETURNING is_platform AS "isPlatform"`;
  }

  /** How many passkeys were made for other relying parties, and work no more. */
  countOfOthers(relyingParty: string): Promise<number> {
    return this.prisma.passkey.count({ where: { NOT: { relyingParty } } });
  }
}
