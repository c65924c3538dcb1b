import { type Foundation, FoundationModule } from '@curfew/foundation';
import { type DynamicModule, Module } from '@nestjs/common';
import { ContractModule } from './contract/contract.module.js';
import { contracts, features, ownControllers } from './features.js';
import { documentToken } from './openapi/document.controller.js';
import { openApiDocument } from './openapi/document.js';

@Module({})
class AppModule {}

/** The admin API on a foundation that is open. */
export const applicationOn = (foundation: Foundation): DynamicModule => ({
  module: AppModule,
  imports: [FoundationModule.forRoot(foundation), ContractModule, ...features],
  controllers: [...ownControllers],
  providers: [{ provide: documentToken, useValue: openApiDocument(contracts) }],
});
