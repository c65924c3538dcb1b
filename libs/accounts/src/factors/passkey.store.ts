import {
  type HotStatement,
  Prisma,
  type PrismaService,
  retrying,
  type Statements,
  type Transaction,
} from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import type { Account } from '../account.js';
import { accountColumns, accountWidth, type HotAccountRow, hotAccount } from '../account-row.js';
import type { Consent } from '../consent.js';
import { consentColumns, type HotConsentRow, hotConsent } from '../consent.store.js';
import { lockFactors } from './factor-lock.js';
import { bytesOfId, type PasskeyUse, passkeyUseStatement } from './passkey-use.js';

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

/** A passkey that was looked for: `accountId` is null where nobody has it. */
export interface FoundPasskey extends Omit<PasskeyRecord, 'accountId'> {
  readonly accountId: string | null;
  /** The account that its answer names, which may be another one. */
  readonly named: Account | null;
  /** The consent of that account to the client that was asked for. */
  readonly consent: Consent | null;
}

/** A passkey to look for. */
export interface SoughtPasskey {
  /** The credential id, in base64url. */
  readonly id: string;
  /** The account that its answer names; null where it names none of ours. */
  readonly named: string | null;
  /** The client to which that account signs in; null for pages of our own. */
  readonly clientId: string | null;
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

/** Whether a right answer counts: its challenge was open, and the counter of the passkey has not gone on meanwhile. */
export type RecordedUse =
  | { readonly kind: 'ok'; readonly account: Account }
  | { readonly kind: 'stale' | 'invalid' };

/**
 * There is a row in any case, with the account that was named, so that an id that nobody has takes as long to read as one that somebody has.
 * A consent is read for the owner of the passkey alone: nobody else learns from a time whether an account has one.
 */
const findStatement: HotStatement = {
  name: 'passkey_find',
  text: `
    SELECT ${accountColumns('a')}, ${consentColumns('c')}, p.account_id::text AS owner,
      COALESCE(p.public_key, $3::bytea) AS public_key, COALESCE(p.counter, 0)::float8 AS counter
    FROM (VALUES (1)) one LEFT JOIN passkey p ON p.id = $1::bytea AND p.relying_party = $2::text
      LEFT JOIN account a ON a.id = $4::uuid LEFT JOIN consent c
        ON c.account_id = p.account_id AND p.account_id = $4::uuid AND c.client_id = $5::text`,
};

/** Rows of the table `passkey`. */
export class PasskeyStore {
  constructor(
    private readonly prisma: PrismaService,
    /** Finds and records the passkeys of sign-ins. */
    private readonly hot: Statements = prisma,
  ) {}

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

  /** The passkey of that id, or one of nobody with the key given, beside the account that is named. */
  async find(
    { id, named, clientId }: SoughtPasskey,
    relyingParty: string,
    keyOfNobody: Uint8Array,
  ): Promise<FoundPasskey> {
    type Key = [owner: string | null, publicKey: Uint8Array<ArrayBuffer>, counter: number];
    const values = [bytesOfId(id), relyingParty, keyOfNobody, named, clientId];
    const [row] = await this.hot.run<[...HotAccountRow, ...HotConsentRow, ...Key]>(findStatement, values);
    const [granted, grantedAt, accountId, publicKey, counter] = row!.slice(accountWidth) as [
      ...HotConsentRow,
      ...Key,
    ];
    const account = row![0] === null ? null : hotAccount(row!);
    const of = account && clientId !== null && { accountId: account.id, clientId };
    const consent = of ? hotConsent([granted, grantedAt], of) : null;
    return { accountId, named: account, consent, publicKey, counter };
  }

  /**
   * Records the use of a passkey in a commit of its own. A challenge that was answered before is stale; a passkey that is gone, or whose
   * counter went on meanwhile, is refused.
   */
  async use(use: PasskeyUse): Promise<RecordedUse> {
    const { statement, values } = passkeyUseStatement(use);
    const [row] = await retrying(() => this.hot.run<[count: number, ...HotAccountRow]>(statement, values));
    const [count, ...account] = row!;
    if (count > 1) return { kind: 'stale' };
    return account[0] === null ? { kind: 'invalid' } : { kind: 'ok', account: hotAccount(account) };
  }

  /** Keeps a new passkey. False where the account has as many as it may, or where somebody has one of that id. */
  async add(passkey: NewPasskey, max: number, now: Instant, tx: Transaction): Promise<boolean> {
    const { accountId } = passkey;
    await lockFactors(accountId, tx);
    if ((await tx.passkey.count({ where: { accountId } })) >= max) return false;
    const row = {
      id: bytesOfId(passkey.id),
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
    const isMeant = id === null ? Prisma.sql`true` : Prisma.sql`id = ${bytesOfId(id)}`;
    return tx.$queryRaw<RemovedPasskey[]>`
      DELETE FROM passkey WHERE account_id = ${accountId}::uuid AND ${isMeant} RETURNING is_platform AS "isPlatform"`;
  }

  /** How many passkeys were made for other relying parties, and work no more. */
  countOfOthers(relyingParty: string): Promise<number> {
    return this.prisma.passkey.count({ where: { NOT: { relyingParty } } });
  }
}
