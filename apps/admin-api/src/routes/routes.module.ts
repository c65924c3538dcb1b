import { Module } from '@nestjs/common';
import { EffectiveRouteController } from './effective-route.controller.js';
import { GatewayRoutesStore } from './gateway-routes.store.js';
import { RouteActs } from './route-acts.js';
import { RoutesController } from './routes.controller.js';

/** The routes that gateways ask for. */
@Module({
  controllers: [RoutesController, EffectiveRouteController],
  providers: [GatewayRoutesStore, RouteActs],
  exports: [GatewayRoutesStore, RouteActs],
})
export class RoutesModule {}
