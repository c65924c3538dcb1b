import { EndConfirmation } from '@curfew/events';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { Module } from '@nestjs/common';
import { UsernamesModule } from '../accounts/usernames.module.js';
import { FollowersModule } from '../followers/followers.module.js';
import { Announcements } from './announcements.js';
import { EndPreview } from './end-preview.js';
import { GlobalRevocationController } from './global-revocation.controller.js';
import { ReachCountStore } from './reach-count.store.js';
import { SessionEnds } from './session-ends.js';
import { SessionSearchStore } from './session-search.store.js';
import { SessionsController } from './sessions.controller.js';
import { TimelineStore } from './timeline.store.js';

const endsOn = (
  foundation: Foundation,
  search: SessionSearchStore,
  announcements: Announcements,
  confirmation: EndConfirmation,
): SessionEnds => new SessionEnds({ ...foundation, search, announcements, confirmation });

/** Sessions as operators see and end them. */
@Module({
  imports: [UsernamesModule, FollowersModule],
  controllers: [SessionsController, GlobalRevocationController],
  providers: [
    Announcements,
    EndPreview,
    ReachCountStore,
    SessionSearchStore,
    TimelineStore,
    {
      provide: SessionEnds,
      useFactory: endsOn,
      inject: [foundationToken, SessionSearchStore, Announcements, EndConfirmation],
    },
  ],
  exports: [EndPreview, SessionEnds, SessionSearchStore, TimelineStore],
})
export class SessionsModule {}
