import { type Foundation, foundationToken } from '@curfew/foundation';
import { Module } from '@nestjs/common';
import { SessionsModule } from '../sessions/sessions.module.js';
import { AccountActs } from './account-acts.js';
import { AccountDetails } from './account-details.js';
import { AccountsController } from './accounts.controller.js';
import { FactorsController } from './factors.controller.js';
import { IdentitiesController } from './identities.controller.js';
import { ImportController } from './import.controller.js';
import { MailIsOn } from './mail-is-on.js';
import { UsernamesModule } from './usernames.module.js';

/** The accounts of people. */
@Module({
  imports: [SessionsModule, UsernamesModule],
  controllers: [AccountsController, ImportController, FactorsController, IdentitiesController],
  providers: [
    AccountActs,
    AccountDetails,
    {
      provide: MailIsOn,
      useFactory: ({ configuration }: Foundation) => new MailIsOn(configuration.mail),
      inject: [foundationToken],
    },
  ],
  exports: [AccountActs],
})
export class AccountsModule {}
