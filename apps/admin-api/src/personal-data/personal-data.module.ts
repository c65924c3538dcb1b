import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { UsernamesModule } from '../accounts/usernames.module.js';
import { EventsModule } from '../events/events.module.js';
import { HistoryModule } from '../events/history.module.js';
import { PersonalDataController } from './personal-data.controller.js';
import { PersonalDataStore } from './personal-data.store.js';

/** The data of one person: a copy of them, and their erasure. */
@Module({
  imports: [AccountsModule, EventsModule, HistoryModule, UsernamesModule],
  controllers: [PersonalDataController],
  providers: [PersonalDataStore],
})
export class PersonalDataModule {}
