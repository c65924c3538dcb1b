import type { Clock } from '@curfew/clock';
import type { PrismaService, Transaction } from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import { isDocumentHost } from './document-address.js';
import { RegistrationError } from './registration-error.js';
import { announce } from './registry-channel.js';
import { namesPublicHost } from './uri-rules.js';

/** A host whose documents may introduce clients, and the APIs that these may ask for. */
export interface ClientHost {
  readonly host: string;
  readonly resources: readonly string[];
  readonly createdAt: Instant;
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
  async list(): Promise<readonly ClientHost[]> {
    const rows = await this.prisma.clientHost.findMany({ orderBy: { host: 'asc' }, take: maxHosts });
    return rows.map(hostOf);
  }

  /** The host, or null where it is not allowed. */
  async find(host: string): Promise<ClientHost | null> {
    const row = await this.prisma.clientHost.findUnique({ where: { host } });
    return row && hostOf(row);
  }

  /** The same, which stays so until the transaction ends: one that is being revoked is none. */
  async hold(host: string, tx: Transaction): Promise<ClientHost | null> {
    const held = await tx.$queryRaw<unknown[]>`SELECT 1 FROM client_host WHERE host = ${host} FOR UPDATE`;
    if (held.length === 0) return null;
    return hostOf(await tx.clientHost.findUniqueOrThrow({ where: { host } }));
  }

  /** Allows a host, or gives it other APIs, which its clients have from now on. @throws RegistrationError */
  async allow(host: string, resources: readonly string[], tx: Transaction): Promise<ClientHost> {
    const mayBe = isDocumentHost(host);
    if (!mayBe || !(this.rules.allowPrivateAddresses || namesPublicHost(new URL(`https://${host}`))))
      throw new RegistrationError('invalid_client_metadata', ['host must be the name of a public host']);
    // Clients that nobody has looked at must never come near the right to administer.
    if (resources.includes(this.rules.adminApi))
      throw new RegistrationError('invalid_client_metadata', ['resources must not name the admin API']);
    const known = await tx.resource.findMany({ where: { audience: { in: [...resources] } } });
    const missing = resources.filter((one) => !known.some(({ audience }) => audience === one));
    if (missing.length > 0)
      throw new RegistrationError('unknown_resource', ['resources must name registered resources']);
    const data = { resources: [...resources] };
    const createdAt = new Date(this.clock.now());
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
    return hostOf(row);
  }

  /** Takes the right of a host away; false where it had none. */
  async revoke(host: string, tx: Transaction): Promise<boolean> {
    const gone = await tx.$queryRaw<unknown[]>`DELETE FROM client_host WHERE host = ${host} RETURNING 1`;
    return gone.length > 0;
  }

  /** The ids of the clients that documents of this host introduced. */
  async clientsOf(host: string, tx: Transaction = this.prisma): Promise<readonly string[]> {
    const rows = await tx.$queryRaw<{ id: string }[]>`
      SELECT id FROM client WHERE starts_with(id, ${`https://${host}/`}) ORDER BY id LIMIT 1000`;
    return rows.map(({ id }) => id);
  }
}

const hostOf = (row: { host: string; resources: string[]; createdAt: Date }): ClientHost => ({
  host: row.host,
  resources: row.resources,
  createdAt: instant(row.createdAt.getTime()),
});
