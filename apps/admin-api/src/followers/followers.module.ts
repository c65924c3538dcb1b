import { EndConfirmation, FeedNodeStore } from '@curfew/events';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { Module } from '@nestjs/common';

const nodesOn = ({ prisma }: Foundation): FeedNodeStore => new FeedNodeStore(prisma);
const confirmationOn = ({ announcer, clock }: Foundation, nodes: FeedNodeStore): EndConfirmation =>
  new EndConfirmation(nodes, announcer, clock);

/** The followers of the session feed, and what they have confirmed. */
@Module({
  providers: [
    { provide: FeedNodeStore, useFactory: nodesOn, inject: [foundationToken] },
    { provide: EndConfirmation, useFactory: confirmationOn, inject: [foundationToken, FeedNodeStore] },
  ],
  exports: [FeedNodeStore, EndConfirmation],
})
export class FollowersModule {}
