import { Module } from '@nestjs/common';
import { SessionsModule } from '../sessions/sessions.module.js';
import { AccountActs } from './account-acts.js';
import { AccountsController } from './accounts.controller.js';
import { FactorsController } from './factors.controller.js';
import { UsernamesModule } from './usernames.module.js';

/** The accounts of people. */
@Module({
  imports: [SessionsModule, UsernamesModule],
  controllers: [AccountsController, FactorsController],
  providers: [AccountActs],
})
export class AccountsModule {}
