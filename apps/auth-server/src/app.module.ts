import { ArtifactStore, UpstreamSessions } from '@curfew/artifacts';
import { SessionFeed } from '@curfew/events';
import { type Foundation, FoundationModule } from '@curfew/foundation';
import { Interactions } from '@curfew/oidc';
import { type DynamicModule, Module } from '@nestjs/common';
import { HealthController } from './health.controller.js';
import {
  MailboxController,
  PageLog,
  PageSettings,
  pageControllers,
  pageProviders,
} from './interactions/index.js';
import { UpstreamParts } from './upstream/index.js';

/** The parts that pages need beside the foundation. */
export interface PageParts {
  readonly feed: SessionFeed;
  readonly interactions: Interactions;
  readonly settings: PageSettings;
  readonly log: PageLog;
  readonly upstream: UpstreamParts;
}

/** The pages for people and the health checks, as a Nest application. */
@Module({})
class AppModule {}

/** Everything is built before Nest starts, so that an error at start names its cause and not a container. */
export function pagesModule(foundation: Foundation, parts: PageParts): DynamicModule {
  return {
    module: AppModule,
    imports: [FoundationModule.forRoot(foundation)],
    controllers: [
      HealthController,
      ...pageControllers,
      ...(foundation.configuration.mail.mailbox ? [MailboxController] : []),
    ],
    providers: [
      { provide: SessionFeed, useValue: parts.feed },
      { provide: Interactions, useValue: parts.interactions },
      { provide: PageSettings, useValue: parts.settings },
      { provide: PageLog, useValue: parts.log },
      { provide: UpstreamParts, useValue: parts.upstream },
      { provide: ArtifactStore, useValue: foundation.artifacts },
      { provide: UpstreamSessions, useValue: foundation.upstreamSessions },
      ...pageProviders,
    ],
  };
}
