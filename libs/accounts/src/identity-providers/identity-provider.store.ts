import {
  type IdentityProvider as IdentityProviderRow,
  isUniqueViolation,
  type PrismaService,
  type Transaction,
} from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import type { IdentityProvider, IdentityProviderFields } from './identity-provider.js';

/** The NOTIFY channel on which changes of identity providers are announced to the processes that offer them. */
export const identityProvidersChannel = 'curfew_identity_providers';

/** Keeps the client secrets of identity providers under a service key. */
export interface IdentityProviderSeal {
  /** Sealed bytes that open only beside the same `context`. */
  close(secret: string, context: string): Uint8Array;
  /** The secret, or undefined when its key is gone. */
  open(sealed: Uint8Array, context: string): string | undefined;
}

const providerOf = ({ secret: _, createdAt, updatedAt, ...row }: IdentityProviderRow): IdentityProvider => ({
  ...row,
  acrMethods: row.acrMethods as IdentityProvider['acrMethods'],
  createdAt: instant(createdAt.getTime()),
  updatedAt: instant(updatedAt.getTime()),
});

const dataOf = ({ scopes, acrMethods, ...rest }: IdentityProviderFields) => ({
  ...rest,
  scopes: [...scopes],
  acrMethods: Object.fromEntries(Object.entries(acrMethods).map(([acr, methods]) => [acr, [...methods]])),
});

/** Other identity providers: rows of the table `identity_provider`. */
export class IdentityProviders {
  constructor(
    private readonly prisma: PrismaService,
    private readonly seal: IdentityProviderSeal,
  ) {}

  /** Those after an id, in the order of their ids. */
  async list(after: string | null, limit: number): Promise<readonly IdentityProvider[]> {
    const where = after === null ? {} : { id: { gt: after } };
    const rows = await this.prisma.identityProvider.findMany({ where, orderBy: { id: 'asc' }, take: limit });
    return rows.map(providerOf);
  }

  /** One, or undefined. */
  async find(id: string): Promise<IdentityProvider | undefined> {
    const row = await this.prisma.identityProvider.findUnique({ where: { id } });
    return row ? providerOf(row) : undefined;
  }

  /** One that people may sign in with, and its client secret; undefined where there is none, or none whose secret opens. */
  async opened(id: string): Promise<{ provider: IdentityProvider; secret: string } | undefined> {
    const row = await this.prisma.identityProvider.findUnique({ where: { id } });
    const secret = row?.enabled ? this.seal.open(row.secret, contextOf(row)) : undefined;
    return row && secret !== undefined ? { provider: providerOf(row), secret } : undefined;
  }

  /** How many people can sign in with, and the ids of those among them whose secret does not open any more; the first hundred. */
  async examined(): Promise<{ readonly enabled: number; readonly unreadable: readonly string[] }> {
    const rows = await this.prisma.identityProvider.findMany({
      where: { enabled: true },
      orderBy: { id: 'asc' },
      take: 100,
    });
    const closed = rows.filter((row) => this.seal.open(row.secret, contextOf(row)) === undefined);
    return { enabled: rows.length, unreadable: closed.map(({ id }) => id) };
  }

  /** Adds one; undefined where its id or its issuer is taken. */
  async insert(
    fields: IdentityProviderFields,
    secret: string,
    now: Instant,
    tx: Transaction,
  ): Promise<IdentityProvider | undefined> {
    const at = new Date(now);
    const [row] = await tx.identityProvider.createManyAndReturn({
      data: [{ ...dataOf(fields), secret: this.#close(secret, fields), createdAt: at, updatedAt: at }],
      skipDuplicates: true,
    });
    if (!row) return undefined;
    await announce(tx);
    return providerOf(row);
  }

  /**
   * Replaces this version; undefined where it is another one by now, or gone, and `taken` where another one has that issuer. Without a secret
   * it keeps the one it has, which goes to no other issuer. The transaction cannot go on after `taken`.
   */
  async replace(
    fields: IdentityProviderFields,
    secret: string | undefined,
    version: number,
    now: Instant,
    tx: Transaction,
  ): Promise<IdentityProvider | 'taken' | undefined> {
    const data = {
      ...dataOf(fields),
      ...(secret === undefined ? {} : { secret: this.#close(secret, fields) }),
      updatedAt: new Date(now),
      version: { increment: 1 },
    };
    try {
      const where = { id: fields.id, version };
      const [row] = await tx.identityProvider.updateManyAndReturn({ where, data });
      if (!row) return undefined;
      await announce(tx);
      return providerOf(row);
    } catch (error) {
      if (isUniqueViolation(error)) return 'taken';
      throw error;
    }
  }

  /** Deletes this version; false where it is another one by now, or gone. The links of its people stay until they are removed. */
  async remove(id: string, version: number, tx: Transaction): Promise<boolean> {
    const gone = await tx.$queryRaw<unknown[]>`
      DELETE FROM identity_provider WHERE id = ${id} AND version = ${version} RETURNING 1`;
    if (gone.length === 1) await announce(tx);
    return gone.length === 1;
  }

  #close(secret: string, fields: IdentityProviderFields): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.seal.close(secret, contextOf(fields)));
  }
}

/** A secret opens for the issuer that it was given for: a row whose address was changed has it sent nowhere. */
const contextOf = ({ id, issuer, clientId }: Pick<IdentityProviderFields, 'id' | 'issuer' | 'clientId'>) =>
  JSON.stringify([id, issuer, clientId]);

const announce = async (tx: Transaction): Promise<void> => {
  await tx.$executeRaw`SELECT pg_notify(${identityProvidersChannel}, '')`;
};
