import { maxHandedRoutes } from '@curfew/config';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { Controller, Inject } from '@nestjs/common';
import { type Answer, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { effectiveRoute } from './effective-route.js';
import { GatewayRoutesStore } from './gateway-routes.store.js';
import { effective } from './route-contracts.js';

/** Tries requests against the routes that operators keep. */
@Controller()
export class EffectiveRouteController {
  constructor(
    private readonly routes: GatewayRoutesStore,
    @Inject(foundationToken) private readonly foundation: Foundation,
  ) {}

  @Operation(effective)
  async show(@Input() { query }: InputOf<typeof effective>): Promise<Answer> {
    const found = await this.routes.list(query.resource, null, maxHandedRoutes + 1);
    const routes = found.slice(0, maxHandedRoutes);
    const port = query.gateway_port ?? this.foundation.configuration.listen.gateway.port;
    return ok({ ...effectiveRoute(query, routes, port), truncated: found.length > routes.length });
  }
}
