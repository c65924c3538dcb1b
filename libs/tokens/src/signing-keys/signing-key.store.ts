import { createHash } from 'node:crypto';
import { insertEvents, type NewEvent } from '@curfew/events';
import type { PrismaService, Transaction } from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import type { PublicJwk, SigningAlgorithm } from './signing-key.js';

/** One row of table signing_key. */
export interface SigningKeyRow {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly publicJwk: PublicJwk;
  readonly sealedPrivateKey: Uint8Array<ArrayBuffer>;
  readonly createdAt: Instant;
  readonly activatesAt: Instant;
  readonly retiresAt: Instant | undefined;
  readonly removedAt: Instant | undefined;
}

/** The channel on which nodes are told that the set of signing keys changed. */
export const signingKeysChannel = 'curfew_keys';

/** Any number will do, as long as nothing else locks it: the first bytes of a hash of the table's name. */
const lockId = createHash('sha256').update('curfew signing_key').digest().readInt32BE();

const date = (at: Instant): Date => new Date(at);
const maybeInstant = (at: Date | null): Instant | undefined => (at ? instant(at.getTime()) : undefined);

/** Reads and changes table signing_key, the truth about which keys there are. */
export class SigningKeyStore {
  constructor(private readonly prisma: PrismaService) {}

  /** Every key, in the order they were made. */
  async all(database: Transaction | PrismaService = this.prisma): Promise<readonly SigningKeyRow[]> {
    const rows = await database.signingKey.findMany({ orderBy: [{ createdAt: 'asc' }, { kid: 'asc' }] });
    return rows.map((row) => ({
      kid: row.kid,
      alg: row.alg as SigningAlgorithm,
      publicJwk: row.publicJwk as PublicJwk,
      sealedPrivateKey: row.privateJwk,
      createdAt: instant(row.createdAt.getTime()),
      activatesAt: instant(row.activatesAt.getTime()),
      retiresAt: maybeInstant(row.retiresAt),
      removedAt: maybeInstant(row.removedAt),
    }));
  }

  /** Runs `work` while no other node changes the set, and tells all nodes when it commits. */
  async change<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.prisma.$transaction(async (transaction) => {
      await transaction.$executeRaw`SELECT pg_advisory_xact_lock(${lockId}::bigint)`;
      const result = await work(transaction);
      await transaction.$executeRaw`SELECT pg_notify(${signingKeysChannel}, '')`;
      return result;
    });
  }

  /** Adds a key. */
  async add(row: SigningKeyRow, transaction: Transaction): Promise<void> {
    const { kid, alg, publicJwk, sealedPrivateKey, createdAt, activatesAt } = row;
    await transaction.signingKey.create({
      data: {
        kid,
        alg,
        publicJwk: publicJwk as object,
        privateJwk: sealedPrivateKey,
        createdAt: date(createdAt),
        activatesAt: date(activatesAt),
      },
    });
  }

  /** Sets when a key signs last and when it leaves the set. */
  async retire(kid: string, retiresAt: Instant, removedAt: Instant, transaction: Transaction): Promise<void> {
    const data = { retiresAt: date(retiresAt), removedAt: date(removedAt) };
    await transaction.signingKey.updateMany({ where: { kid }, data });
  }

  /** Takes back a retirement at that instant, because the successor will not come. */
  async reopen(alg: SigningAlgorithm, retiresAt: Instant, transaction: Transaction): Promise<void> {
    const where = { alg, retiresAt: date(retiresAt) };
    await transaction.signingKey.updateMany({ where, data: { retiresAt: null, removedAt: null } });
  }

  /** Erases keys, the private part with the rest. */
  async remove(kids: readonly string[], transaction: Transaction): Promise<void> {
    await transaction.signingKey.deleteMany({ where: { kid: { in: [...kids] } } });
  }

  /** Replaces a sealed private key, unless another node has done so already. */
  async reseal({ kid, sealedPrivateKey }: SigningKeyRow, sealed: Uint8Array<ArrayBuffer>): Promise<void> {
    const where = { kid, privateJwk: sealedPrivateKey };
    await this.prisma.signingKey.updateMany({ where, data: { privateJwk: sealed } });
  }

  /** Writes events; one that another node has written already is left as it is. */
  async record(
    events: readonly NewEvent[],
    database: Transaction | PrismaService = this.prisma,
  ): Promise<void> {
    if (events.length === 0) return;
    await database.$executeRaw(insertEvents(events));
  }
}
