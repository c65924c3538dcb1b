import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { PoliciesModule } from '../policies/policies.module.js';
import { ResourcesModule } from '../resources/resources.module.js';
import { RoutesModule } from '../routes/routes.module.js';
import { ApplyController } from './apply.controller.js';
import { Entries } from './entries.js';

/** A description made true, in one commit. */
@Module({
  imports: [PoliciesModule, ResourcesModule, ClientsModule, RoutesModule],
  controllers: [ApplyController],
  providers: [Entries],
})
export class ApplyModule {}
