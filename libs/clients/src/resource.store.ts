import {
  isUniqueViolation,
  type PrismaService,
  type Resource as ResourceRow,
  type Transaction,
} from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import type { IdTokenAlg } from './client.js';
import { RegistrationError } from './registration-error.js';
import type { CheckedResource, Resource, TokenFormat } from './resource.js';
import { literally } from './searched-text.js';

/** An API as its row says. */
export const resourceOf = (row: ResourceRow): Resource => ({
  audience: row.audience,
  name: row.name,
  scopes: row.scopes,
  defaultScopes: row.defaultScopes,
  tokenFormat: row.tokenFormat as TokenFormat,
  signingAlg: row.signingAlg as IdTokenAlg | null,
  version: row.version,
  createdAt: instant(row.createdAt.getTime()),
  updatedAt: instant(row.updatedAt.getTime()),
});

/** Prisma takes lists that it could change. */
const listsOf = ({ scopes, defaultScopes }: Pick<CheckedResource, 'scopes' | 'defaultScopes'>) => ({
  scopes: [...scopes],
  defaultScopes: [...defaultScopes],
});

interface ResourceConditions {
  readonly after: string | null;
  readonly search: string | null;
  readonly audiences: readonly string[] | null;
}

/** Rows of the table `resource`. */
export class ResourceStore {
  constructor(private readonly prisma: PrismaService) {}

  async insert(resource: CheckedResource, now: Instant, tx: Transaction): Promise<Resource> {
    const at = new Date(now);
    const data = { ...resource, ...listsOf(resource), createdAt: at, updatedAt: at };
    try {
      return resourceOf(await tx.resource.create({ data }));
    } catch (error) {
      if (isUniqueViolation(error)) throw new RegistrationError('resource_exists');
      throw error;
    }
  }

  /** The resource, held until the transaction ends. */
  async hold(audience: string, tx: Transaction): Promise<Resource> {
    const held = await tx.$queryRaw<
      unknown[]
    >`SELECT 1 FROM resource WHERE audience = ${audience} FOR UPDATE`;
    if (held.length === 0) throw new RegistrationError('unknown_resource');
    return resourceOf(await tx.resource.findUniqueOrThrow({ where: { audience } }));
  }

  async replace(resource: CheckedResource, now: Instant, tx: Transaction): Promise<Resource> {
    const { audience, ...columns } = resource;
    const data = {
      ...columns,
      ...listsOf(columns),
      updatedAt: new Date(now),
      version: { increment: 1 },
    };
    return resourceOf(await tx.resource.update({ where: { audience }, data }));
  }

  /** Whether a client serves this resource, or one may ask for it, also one that a document of an allowed host is yet to introduce. */
  async isInUse(audience: string, tx: Transaction): Promise<boolean> {
    const rows = await tx.$queryRaw<unknown[]>`
      SELECT 1 FROM client
      WHERE resource = ${audience} OR metadata -> 'resources' @> to_jsonb(${audience}::text)
        OR metadata -> 'token_exchange' @> jsonb_build_array(jsonb_build_object('resource', ${audience}::text))
      UNION ALL SELECT 1 FROM client_host WHERE ${audience} = ANY(resources)
      LIMIT 1`;
    return rows.length > 0;
  }

  /** Removes the resource and the attachment of its policy. */
  async remove(audience: string, tx: Transaction): Promise<void> {
    await tx.policyAttachment.deleteMany({ where: { kind: 'resource', target: audience } });
    await tx.resource.delete({ where: { audience } });
  }

  async find(audience: string, tx: Transaction = this.prisma): Promise<Resource | null> {
    const row = await tx.resource.findUnique({ where: { audience } });
    return row && resourceOf(row);
  }

  /** Resources in the order of their audiences, after `after`, whose audience or name contains `search`, among `audiences`. */
  async page({ after, search, audiences }: ResourceConditions, limit: number): Promise<Resource[]> {
    const found = search === null ? null : { contains: literally(search), mode: 'insensitive' as const };
    const where = {
      audience: {
        ...(after === null ? {} : { gt: after }),
        ...(audiences === null ? {} : { in: [...audiences] }),
      },
      ...(found === null ? {} : { OR: [{ audience: found }, { name: found }] }),
    };
    const rows = await this.prisma.resource.findMany({ where, orderBy: { audience: 'asc' }, take: limit });
    return rows.map(resourceOf);
  }
}
