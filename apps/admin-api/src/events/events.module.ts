import { Module } from '@nestjs/common';
import { UsernamesModule } from '../accounts/usernames.module.js';
import { EventLines } from './event-lines.js';
import { EventStreams } from './event-streams.js';
import { EventsController } from './events.controller.js';
import { EventsStore } from './events.store.js';
import { HistoryModule } from './history.module.js';

/** The history of events, and the stream of new ones. */
@Module({
  imports: [UsernamesModule, HistoryModule],
  controllers: [EventsController],
  providers: [EventLines, EventStreams, EventsStore],
  exports: [EventsStore],
})
export class EventsModule {}
