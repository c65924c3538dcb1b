import { EventHistory } from '@curfew/events';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { Module } from '@nestjs/common';

const historyOn = ({ prisma, configuration: { eventRetention } }: Foundation): EventHistory =>
  new EventHistory(prisma, eventRetention);

/** The sealed history, for whoever asks about it. */
@Module({
  providers: [{ provide: EventHistory, useFactory: historyOn, inject: [foundationToken] }],
  exports: [EventHistory],
})
export class HistoryModule {}
