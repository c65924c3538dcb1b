import { Module } from '@nestjs/common';
import { ClientActs } from './client-acts.js';
import { ClientsController } from './clients.controller.js';

/** The registered clients. */
@Module({
  controllers: [ClientsController],
  providers: [ClientActs],
  exports: [ClientActs],
})
export class ClientsModule {}
