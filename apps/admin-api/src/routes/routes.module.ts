import { Module } from '@nestjs/common';
import { GatewayRoutesStore } from './gateway-routes.store.js';
import { RouteActs } from './route-acts.js';
import { RoutesController } from './routes.controller.js';

/** The routes that gateways ask for. */
@Module({
  controllers: [RoutesController],
  providers: [GatewayRoutesStore, RouteActs],
  exports: [GatewayRoutesStore, RouteActs],
})
export class RoutesModule {}
