import { Module } from '@nestjs/common';
import { ClientActs } from './client-acts.js';
import { ClientHostsController } from './client-hosts.controller.js';
import { ClientsController } from './clients.controller.js';

/** The registered clients. */
@Module({
  controllers: [ClientsController, ClientHostsController],
  providers: [ClientActs],
  exports: [ClientActs],
})
export class ClientsModule {}
