import type { KeptRoute } from '@curfew/config';
import { EventLog } from '@curfew/events';
import { PrismaService, type Transaction } from '@curfew/persistence';
import { ProblemError } from '@curfew/problem';
import { Controller } from '@nestjs/common';
import { adminActed } from '../access/acts.js';
import { type Answer, created, nothing, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf, versionConflict } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { notFound } from '../contract/problems.js';
import { written } from '../contract/wire.js';
import { type GatewayRoute, GatewayRoutesStore, type WrittenRoute } from './gateway-routes.store.js';
import * as contracts from './route-contracts.js';

/** Routes of gateways, for whoever does not want to write them into a file of each. */
@Controller()
export class RoutesController {
  constructor(
    private readonly prisma: PrismaService,
    private readonly routes: GatewayRoutesStore,
    private readonly events: EventLog,
    private readonly cursors: Cursors,
  ) {}

  @Operation(contracts.list)
  async list(@Input() { query }: InputOf<typeof contracts.list>): Promise<Answer> {
    const question = `gateway routes ${query.resource ?? ''}`;
    const place = query.cursor === undefined ? null : this.cursors.open(question, query.cursor);
    const after = place && ([Number(place[0]), String(place[1])] as const);
    const found = await this.routes.list(query.resource, after, query.limit + 1);
    const page = found.slice(0, query.limit);
    const last = found.length > query.limit ? page.at(-1) : undefined;
    const next = last ? this.cursors.seal(question, [String(last.position), last.name]) : null;
    return ok({ items: page.map(onWire), next_cursor: next });
  }

  @Operation(contracts.show)
  async show(@Input() { params }: InputOf<typeof contracts.show>): Promise<Answer> {
    const route = await this.existing(params.name);
    return ok(onWire(route), route.version);
  }

  @Operation(contracts.create)
  async create(@Input() { body, caller, now }: InputOf<typeof contracts.create>): Promise<Answer> {
    const route = await this.prisma.$transaction(async (tx) => {
      await this.holdResource(body.resource, tx);
      const made = await this.routes.insert(writtenRoute(body.name, body), now, tx);
      if (!made)
        throw new ProblemError({
          status: 409,
          code: 'route_exists',
          detail: 'There is a route with this name.',
        });
      await this.events.record([adminActed(caller, contracts.create.id, made.name, now)], tx);
      return made;
    });
    return created(onWire(route), `/v1/gateway-routes/${route.name}`, route.version);
  }

  @Operation(contracts.change)
  async change(
    @Input() { params, body, version, caller, now }: InputOf<typeof contracts.change>,
  ): Promise<Answer> {
    await this.existing(params.name);
    const route = await this.prisma.$transaction(async (tx) => {
      await this.holdResource(body.resource, tx);
      const changed = await this.routes.replace(writtenRoute(params.name, body), version, now, tx);
      if (!changed) throw versionConflict();
      await this.events.record([adminActed(caller, contracts.change.id, params.name, now)], tx);
      return changed;
    });
    return ok(onWire(route), route.version);
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, version, caller, now }: InputOf<typeof contracts.remove>): Promise<Answer> {
    await this.existing(params.name);
    await this.prisma.$transaction(async (tx) => {
      if (!(await this.routes.remove(params.name, version, tx))) throw versionConflict();
      await this.events.record([adminActed(caller, contracts.remove.id, params.name, now)], tx);
    });
    return nothing();
  }

  private async existing(name: string): Promise<GatewayRoute> {
    const route = await this.routes.find(name);
    if (!route) throw notFound('unknown_route', 'There is no route with this name.');
    return route;
  }

  private async holdResource(audience: string, tx: Transaction): Promise<void> {
    if (!(await this.routes.holdResource(audience, tx)))
      throw notFound('unknown_resource', 'There is no API with this audience.');
  }
}

function writtenRoute(
  name: string,
  { position, resource, ...rest }: KeptRoute & { readonly position: number; readonly resource: string },
): WrittenRoute {
  const { name: _, ...settings } = rest as typeof rest & { readonly name?: string };
  return { name, position, resource, settings };
}

const onWire = ({ name, position, resource, settings, version, createdAt, updatedAt }: GatewayRoute) => ({
  name,
  position,
  resource,
  ...settings,
  version,
  created_at: written(createdAt),
  updated_at: written(updatedAt),
});
