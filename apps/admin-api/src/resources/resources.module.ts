import { Module } from '@nestjs/common';
import { ResourceActs } from './resource-acts.js';
import { ResourcesController } from './resources.controller.js';

/** The registered APIs. */
@Module({
  controllers: [ResourcesController],
  providers: [ResourceActs],
  exports: [ResourceActs],
})
export class ResourcesModule {}
