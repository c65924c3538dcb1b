import type { KeptRoute } from '@curfew/config';
import { PrismaService, type Transaction } from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';

/** A route of the gateways that protect an API. */
export interface GatewayRoute {
  readonly name: string;
  /** Routes are tried in this order, and by name where it is equal. */
  readonly position: number;
  /** The audience of the API it belongs to. */
  readonly resource: string;
  readonly settings: KeptRoute;
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** The part of a route that an operator writes. */
export type WrittenRoute = Pick<GatewayRoute, 'name' | 'position' | 'resource' | 'settings'>;

interface Row {
  name: string;
  position: number;
  resource: string;
  settings: KeptRoute;
  version: number;
  created_at: Date;
  updated_at: Date;
}

const routeOf = ({ created_at, updated_at, ...row }: Row): GatewayRoute => ({
  ...row,
  createdAt: instant(created_at.getTime()),
  updatedAt: instant(updated_at.getTime()),
});

/** Rows of the table `gateway_route`. */
@Injectable()
export class GatewayRoutesStore {
  constructor(private readonly prisma: PrismaService) {}

  /** Those after a place in their order, for one API or for all. */
  async list(
    resource: string | undefined,
    after: readonly [position: number, name: string] | null,
    limit: number,
  ): Promise<readonly GatewayRoute[]> {
    const [position, name] = after ?? [-1, ''];
    const rows = await this.prisma.$queryRaw<Row[]>`
      SELECT name, position, resource, settings, version, created_at, updated_at FROM gateway_route
      WHERE (${resource ?? null}::text IS NULL OR resource = ${resource ?? null})
        AND (position, name) > (${position}::int, ${name} COLLATE "C")
      ORDER BY position, name COLLATE "C" LIMIT ${limit}`;
    return rows.map(routeOf);
  }

  /** One, or undefined. */
  async find(name: string, tx: Transaction = this.prisma): Promise<GatewayRoute | undefined> {
    const rows = await tx.$queryRaw<Row[]>`
      SELECT name, position, resource, settings, version, created_at, updated_at
      FROM gateway_route WHERE name = ${name}`;
    return rows.map(routeOf)[0];
  }

  /** Whether there is such an API; it stays until the transaction ends. */
  async holdResource(audience: string, tx: Transaction): Promise<boolean> {
    const held = await tx.$queryRaw<
      unknown[]
    >`SELECT 1 FROM resource WHERE audience = ${audience} FOR KEY SHARE`;
    return held.length > 0;
  }

  /** Writes a new one; undefined where its name is taken. */
  async insert(route: WrittenRoute, now: Instant, tx: Transaction): Promise<GatewayRoute | undefined> {
    const at = new Date(now);
    const rows = await tx.$queryRaw<Row[]>`
      INSERT INTO gateway_route (name, position, resource, settings, created_at, updated_at)
      VALUES (${route.name}, ${route.position}, ${route.resource}, ${JSON.stringify(route.settings)}::jsonb, ${at}, ${at})
      ON CONFLICT (name) DO NOTHING
      RETURNING name, position, resource, settings, version, created_at, updated_at`;
    return rows.map(routeOf)[0];
  }

  /** Replaces this version; undefined where it is another one by now, or gone. */
  async replace(
    route: WrittenRoute,
    version: number,
    now: Instant,
    tx: Transaction,
  ): Promise<GatewayRoute | undefined> {
    const rows = await tx.$queryRaw<Row[]>`
      UPDATE gateway_route SET position = ${route.position}, resource = ${route.resource},
        settings = ${JSON.stringify(route.settings)}::jsonb, version = version + 1, updated_at = ${new Date(now)}
      WHERE name = ${route.name} AND version = ${version}
      RETURNING name, position, resource, settings, version, created_at, updated_at`;
    return rows.map(routeOf)[0];
  }

  /** Deletes this version; false where it is another one by now, or gone. */
  async remove(name: string, version: number, tx: Transaction): Promise<boolean> {
    const count =
      await tx.$executeRaw`DELETE FROM gateway_route WHERE name = ${name} AND version = ${version}`;
    return count > 0;
  }
}
