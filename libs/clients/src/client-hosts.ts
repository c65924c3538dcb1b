import type { Clock } from '@curfew/clock';
import type { PrismaService, Transaction } from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import { isDocumentHost } from './client.js';
import { ClientStore } from './client.store.js';
import { RegistrationError } from './registration-error.js';
import { announce } from './registry-channel.js';
import { namesPublicHost } from './uri-rules.js';

/** A host whose documents may introduce clients, and the APIs that these may ask for. */
export interface ClientHost {
  readonly host: string;
  readonly resources: readonly string[];
  readonly createdAt: Instant;
}

/** A host with the ids of the clients that its documents introduced. */
export interface ListedHost extends ClientHost {
  readonly clients: readonly string[];
}

/** Rules of an installation about clients that documents introduce. */
export interface ClientHostRules {
  readonly isOn: boolean;
  /** The admin API, which none of these clients may ask for. */
  readonly adminApi: string;
  /** Development only: hosts of the inside may be allowed. */
  readonly allowPrivateAddresses: boolean;
}

/** Hosts that may be allowed at once. */
const maxHosts = 100;
/** Clients of one host that are remembered; a host that has as many gets no further one. */
export const maxClientsOfHost = 100;

/** The hosts whose documents may introduce clients. There is none until an operator allows one. */
export class ClientHosts {
  constructor(
    private readonly prisma: PrismaService,
    private readonly clock: Clock,
    private readonly rules: ClientHostRules,
  ) {}

  /** Whether documents introduce clients at all. */
  get isOn(): boolean {
    return this.rules.isOn;
  }

  /** All of them, by name. */
  async list(): Promise<readonly ListedHost[]> {
    const rows = await this.prisma.clientHost.findMany({ orderBy: { host: 'asc' }, take: maxHosts });
    const clients = await clientsByHost(
      rows.map(({ host }) => host),
      this.prisma,
    );
    return rows.map((row) => ({ ...hostOf(row), clients: clients.get(row.host) ?? [] }));
  }

  /** The host, or null where it is not allowed. */
  async find(host: string, tx: Transaction = this.prisma): Promise<ClientHost | null> {
    const row = await tx.clientHost.findUnique({ where: { host } });
    return row && hostOf(row);
  }

  /**
   * The same, which stays so until the transaction ends: one that is being revoked is none. An API that has become the admin API since it was
   * allowed is none of the host's any more.
   */
  async hold(host: string, tx: Transaction): Promise<ClientHost | null> {
    const held = await tx.$queryRaw<unknown[]>`SELECT 1 FROM client_host WHERE host = ${host} FOR UPDATE`;
    if (held.length === 0) return null;
    const found = hostOf(await tx.clientHost.findUniqueOrThrow({ where: { host } }));
    return { ...found, resources: found.resources.filter((one) => one !== this.rules.adminApi) };
  }

  /**
   * Allows a host, or gives it other APIs, which its clients have from now on. `before` are the APIs that it had, or null where it was not
   * allowed: nobody changes them between that reading and the end of the transaction. @throws RegistrationError
   */
  async allow(
    host: string,
    resources: readonly string[],
    tx: Transaction,
  ): Promise<{ readonly allowed: ClientHost; readonly before: readonly string[] | null }> {
    const mayBe = isDocumentHost(host);
    if (!mayBe || !(this.rules.allowPrivateAddresses || namesPublicHost(new URL(`https://${host}`))))
      throw new RegistrationError('invalid_client_metadata', ['host must be the name of a public host']);
    // Clients that nobody has looked at must never come near the right to administer.
    if (resources.includes(this.rules.adminApi))
      throw new RegistrationError('invalid_client_metadata', ['resources must not name the admin API']);
    const known = await new ClientStore(this.prisma).holdResources(resources, tx);
    if (resources.some((one) => !known.has(one)))
      throw new RegistrationError('unknown_resource', ['resources must name registered resources']);
    const data = { resources: [...resources] };
    const createdAt = new Date(this.clock.now());
    // A second one that allows the same host at once waits here, and finds the host of the first.
    const made = await tx.$queryRaw<unknown[]>`
      INSERT INTO client_host (host, resources, created_at) VALUES (${host}, ${data.resources}::text[], ${createdAt})
      ON CONFLICT (host) DO NOTHING RETURNING 1`;
    const [had] =
      made.length > 0
        ? []
        : await tx.$queryRaw<{ resources: string[] }[]>`
            SELECT resources FROM client_host WHERE host = ${host} FOR UPDATE`;
    const row = await tx.clientHost.upsert({
      where: { host },
      create: { host, createdAt, ...data },
      update: data,
    });
    if ((await tx.clientHost.count()) > maxHosts)
      throw new RegistrationError('invalid_client_metadata', [`host must be one of at most ${maxHosts}`]);
    for (const id of await this.clientsOf(host, tx)) {
      await tx.$executeRaw`
        UPDATE client SET metadata = metadata || jsonb_build_object('resources', ${[...resources]}::text[]), version = version + 1
        WHERE id = ${id}`;
      await announce(tx, { kind: 'client', id });
    }
    return { allowed: hostOf(row), before: had?.resources ?? null };
  }

  /** Takes the right of a host away; false where it had none. */
  async revoke(host: string, tx: Transaction): Promise<boolean> {
    const gone = await tx.$queryRaw<unknown[]>`DELETE FROM client_host WHERE host = ${host} RETURNING 1`;
    return gone.length > 0;
  }

  /** The ids of the clients that documents of this host introduced. */
  async clientsOf(host: string, tx: Transaction = this.prisma): Promise<readonly string[]> {
    return (await clientsByHost([host], tx)).get(host) ?? [];
  }
}

/** The ids of the clients of each of these hosts, which stands in an id between the second slash and the third (`documentHost`). */
async function clientsByHost(
  hosts: readonly string[],
  tx: Transaction,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await tx.$queryRaw<{ host: string; ids: string[] }[]>`
    SELECT split_part(id, '/', 3) AS host, array_agg(id ORDER BY id) AS ids FROM client
    WHERE starts_with(id, 'https://') AND split_part(id, '/', 3) = ANY(${[...hosts]}::text[]) GROUP BY 1`;
  return new Map(rows.map(({ host, ids }) => [host, ids]));
}

const hostOf = (row: { host: string; resources: string[]; createdAt: Date }): ClientHost => ({
  host: row.host,
  resources: row.resources,
  createdAt: instant(row.createdAt.getTime()),
});
