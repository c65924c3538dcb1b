import {
  type Client as ClientRow,
  type ClientSecret,
  isUniqueViolation,
  type Prisma,
  type PrismaService,
  type Transaction,
} from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import { type Client, type ClientMetadata, isClientId, type StoredSecret } from './client.js';
import type { CheckedRegistration } from './client-rules.js';
import { RegistrationError } from './registration-error.js';
import { literally } from './searched-text.js';

const instantOf = (date: Date): Instant => instant(date.getTime());

/** The JSON of a registration, which was checked before it was written. */
const metadataOf = (json: unknown): ClientMetadata => json as ClientMetadata;

/** The conditions of a list of clients; null makes none. */
interface ClientConditions {
  readonly after: string | null;
  readonly search: string | null;
  readonly ids: readonly string[] | null;
}

const clientOf = (row: ClientRow): Client => ({
  id: row.id,
  name: row.name,
  metadata: metadataOf(row.metadata),
  resource: row.resource,
  disabledAt: row.disabledAt && instantOf(row.disabledAt),
  firstRun: row.firstRun,
  ...(row.documentFreshUntil && { documentFreshUntil: instantOf(row.documentFreshUntil) }),
  version: row.version,
  createdAt: instantOf(row.createdAt),
  updatedAt: instantOf(row.updatedAt),
});

const secretOf = (row: ClientSecret): StoredSecret => ({
  id: row.id,
  hash: row.hash,
  createdAt: instantOf(row.createdAt),
  expiresAt: row.expiresAt && instantOf(row.expiresAt),
});

const columnsOf = ({ name, resource, metadata }: CheckedRegistration) => ({
  name,
  resource,
  metadata: metadata as unknown as Prisma.InputJsonValue,
});

/** Rows of the tables `client` and `client_secret`. */
export class ClientStore {
  constructor(private readonly prisma: PrismaService) {}

  async insert(
    client: { id: string; firstRun: boolean; registration: CheckedRegistration },
    now: Instant,
    tx: Transaction,
  ): Promise<Client> {
    const at = new Date(now);
    const { id, firstRun, registration } = client;
    try {
      const data = { id, firstRun, ...columnsOf(registration), createdAt: at, updatedAt: at };
      return clientOf(await tx.client.create({ data }));
    } catch (error) {
      if (isUniqueViolation(error)) throw new RegistrationError('client_exists');
      throw error;
    }
  }

  async find(id: string, tx: Transaction = this.prisma): Promise<Client | null> {
    const row = await tx.client.findUnique({ where: { id } });
    return row && clientOf(row);
  }

  /** The client, held until the transaction ends, so that its changes happen one after the other. */
  async hold(id: string, tx: Transaction): Promise<Client> {
    if (!isClientId(id)) throw new RegistrationError('unknown_client');
    const held = await tx.$queryRaw<unknown[]>`SELECT 1 FROM client WHERE id = ${id} FOR UPDATE`;
    if (held.length === 0) throw new RegistrationError('unknown_client');
    return clientOf(await tx.client.findUniqueOrThrow({ where: { id } }));
  }

  async replace(
    id: string,
    registration: CheckedRegistration,
    now: Instant,
    tx: Transaction,
  ): Promise<Client> {
    const data = { ...columnsOf(registration), updatedAt: new Date(now), version: { increment: 1 } };
    return clientOf(await tx.client.update({ where: { id }, data }));
  }

  async keepDocument(id: string, freshUntil: Instant, tx: Transaction): Promise<void> {
    await tx.client.update({ where: { id }, data: { documentFreshUntil: new Date(freshUntil) } });
  }

  async setDisabled(id: string, disabledAt: Instant | null, now: Instant, tx: Transaction): Promise<Client> {
    const data = {
      disabledAt: disabledAt === null ? null : new Date(disabledAt),
      updatedAt: new Date(now),
      version: { increment: 1 },
    };
    return clientOf(await tx.client.update({ where: { id }, data }));
  }

  /** Removes the client with its secrets and the attachment of its policy. */
  async remove(id: string, tx: Transaction): Promise<void> {
    await tx.clientSecret.deleteMany({ where: { clientId: id } });
    await tx.policyAttachment.deleteMany({ where: { kind: 'client', target: id } });
    await tx.client.delete({ where: { id } });
  }

  /** Clients in the order of their ids, after `after`, whose id or name contains `search`, among `ids`. */
  async page({ after, search, ids }: ClientConditions, limit: number): Promise<Client[]> {
    const contains = search === null ? undefined : literally(search);
    const rows = await this.prisma.client.findMany({
      where: {
        id: { ...(after === null ? {} : { gt: after }), ...(ids === null ? {} : { in: [...ids] }) },
        ...(contains === undefined
          ? {}
          : { OR: [{ id: { contains } }, { name: { contains, mode: 'insensitive' as const } }] }),
      },
      orderBy: { id: 'asc' },
      take: limit,
    });
    return rows.map(clientOf);
  }

  async firstRun(tx: Transaction = this.prisma): Promise<Client[]> {
    const rows = await tx.client.findMany({ where: { firstRun: true }, orderBy: { id: 'asc' }, take: 100 });
    return rows.map(clientOf);
  }

  /** All secrets of a client, newest first. */
  async secrets(clientId: string, tx: Transaction = this.prisma): Promise<StoredSecret[]> {
    const orderBy = [{ createdAt: 'desc' as const }, { id: 'desc' as const }];
    return (await tx.clientSecret.findMany({ where: { clientId }, orderBy })).map(secretOf);
  }

  async addSecret(
    secret: { id: string; clientId: string; hash: Buffer },
    now: Instant,
    tx: Transaction,
  ): Promise<void> {
    const data = { ...secret, hash: new Uint8Array(secret.hash), createdAt: new Date(now) };
    await tx.clientSecret.create({ data });
  }

  async expireSecret(id: string, expiresAt: Instant, tx: Transaction): Promise<void> {
    await tx.clientSecret.update({ where: { id }, data: { expiresAt: new Date(expiresAt) } });
  }

  /** Removes these secrets of a client, or all. */
  async removeSecrets(clientId: string, ids: readonly string[] | 'all', tx: Transaction): Promise<void> {
    const where = { clientId, ...(ids === 'all' ? {} : { id: { in: [...ids] } }) };
    await tx.clientSecret.deleteMany({ where });
  }

  /** Which of these audiences are registered; they stay so until the transaction ends. */
  async holdResources(audiences: readonly string[], tx: Transaction): Promise<ReadonlySet<string>> {
    const rows = await tx.$queryRaw<{ audience: string }[]>`
      SELECT audience FROM resource WHERE audience = ANY(${[...audiences]}::text[]) ORDER BY audience FOR SHARE`;
    return new Set(rows.map((row) => row.audience));
  }
}
