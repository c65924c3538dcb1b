import { maxHandedRoutes } from '@curfew/config';
import type { PrismaService } from '@curfew/persistence';

/** A route as it is handed to gateways: its name and what an operator wrote. */
export type HandedRoute = { readonly name: string } & Readonly<Record<string, unknown>>;

/** Reads the table `gateway_route`, which the admin API writes. */
export class GatewayRoutesStore {
  constructor(private readonly prisma: PrismaService) {}

  /** The routes of an API, in the order they are tried. */
  async of(resource: string): Promise<readonly HandedRoute[]> {
    const rows = await this.prisma.$queryRaw<{ name: string; settings: Record<string, unknown> }[]>`
      SELECT name, settings FROM gateway_route WHERE resource = ${resource}
      ORDER BY position, name COLLATE "C" LIMIT ${maxHandedRoutes}`;
    return rows.map(({ name, settings }) => ({ name, ...settings }));
  }
}
