import { EventHistory } from '@curfew/events';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { Module } from '@nestjs/common';
import { UsernamesModule } from '../accounts/usernames.module.js';
import { EventLines } from './event-lines.js';
import { EventStreams } from './event-streams.js';
import { EventsController } from './events.controller.js';
import { EventsStore } from './events.store.js';

const historyOn = ({ prisma, configuration: { eventRetention } }: Foundation): EventHistory =>
  new EventHistory(prisma, eventRetention);

/** The history of events, and the stream of new ones. */
@Module({
  imports: [UsernamesModule],
  controllers: [EventsController],
  providers: [
    EventLines,
    EventStreams,
    EventsStore,
    { provide: EventHistory, useFactory: historyOn, inject: [foundationToken] },
  ],
})
export class EventsModule {}
