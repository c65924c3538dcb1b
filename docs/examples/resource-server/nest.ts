import type { TokenFacts, VerifierOptions } from '@curfew/resource-server';
import { Access, Public, Require, ResourceServerModule } from '@curfew/resource-server/nest';
import { Controller, type DynamicModule, Get, Module, Post } from '@nestjs/common';

@Controller('orders')
class OrdersController {
  @Get()
  @Require({ scopes: ['orders:read'] })
  list(@Access() access: TokenFacts) {
    return { client: access.clientId };
  }

  @Post()
  @Require({ scopes: ['orders:write'] })
  place(@Access() access: TokenFacts) {
    return { client: access.clientId };
  }

  @Get('opening-hours')
  @Public()
  openingHours() {
    return { always: true };
  }
}

@Module({ controllers: [OrdersController] })
class OrdersModule {}

/** Orders, on Nest: every handler is guarded unless it says otherwise. */
export const nestOrders = (options: VerifierOptions): DynamicModule => ({
  module: OrdersModule,
  imports: [ResourceServerModule.forRoot(options)],
});
