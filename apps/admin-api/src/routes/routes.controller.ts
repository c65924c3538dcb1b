import { PrismaService } from '@curfew/persistence';
import { Controller } from '@nestjs/common';
import { actOf } from '../access/acts.js';
import { type Answer, created, nothing, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { notFound } from '../contract/problems.js';
import { type GatewayRoute, GatewayRoutesStore } from './gateway-routes.store.js';
import { RouteActs } from './route-acts.js';
import * as contracts from './route-contracts.js';
import { routeOnWire, writtenRoute } from './route-view.js';

/** Routes of gateways, for whoever does not want to write them into a file of each. */
@Controller()
export class RoutesController {
  constructor(
    private readonly prisma: PrismaService,
    private readonly routes: GatewayRoutesStore,
    private readonly acts: RouteActs,
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
    return ok({ items: page.map(routeOnWire), next_cursor: next });
  }

  @Operation(contracts.show)
  async show(@Input() { params }: InputOf<typeof contracts.show>): Promise<Answer> {
    const route = await this.existing(params.name);
    return ok(routeOnWire(route), route.version);
  }

  @Operation(contracts.create)
  async create(@Input() { body, ...asked }: InputOf<typeof contracts.create>): Promise<Answer> {
    const act = actOf(asked, contracts.create);
    const route = await this.prisma.$transaction((tx) =>
      this.acts.create(writtenRoute(body.name, body), act, tx),
    );
    return created(routeOnWire(route), `/v1/gateway-routes/${route.name}`, route.version);
  }

  @Operation(contracts.change)
  async change(
    @Input() { params, body, version, ...asked }: InputOf<typeof contracts.change>,
  ): Promise<Answer> {
    await this.existing(params.name);
    const act = actOf(asked, contracts.change);
    const route = await this.prisma.$transaction((tx) =>
      this.acts.change(writtenRoute(params.name, body), version, act, tx),
    );
    return ok(routeOnWire(route), route.version);
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, version, ...asked }: InputOf<typeof contracts.remove>): Promise<Answer> {
    await this.existing(params.name);
    const act = actOf(asked, contracts.remove);
    await this.prisma.$transaction((tx) => this.acts.remove(params.name, version, act, tx));
    return nothing();
  }

  private async existing(name: string): Promise<GatewayRoute> {
    const route = await this.routes.find(name);
    if (!route) throw notFound('unknown_route', 'There is no route with this name.');
    return route;
  }
}
