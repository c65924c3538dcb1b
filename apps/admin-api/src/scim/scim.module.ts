import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ScimController } from './scim.controller.js';
import { ScimStore } from './scim.store.js';
import { ScimActs } from './scim-acts.js';

/** Accounts by SCIM. */
@Module({
  imports: [AccountsModule],
  controllers: [ScimController],
  providers: [ScimActs, ScimStore],
})
export class ScimModule {}
