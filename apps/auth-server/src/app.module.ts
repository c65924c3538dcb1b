import { AccountService, ConsentService } from '@curfew/accounts';
import { Registry } from '@curfew/clients';
import { Clock } from '@curfew/clock';
import { EventLog, SessionFeed } from '@curfew/events';
import { Interactions } from '@curfew/oidc';
import { DatabaseGuard, PrismaService } from '@curfew/persistence';
import { BrowserSessionQueries, SessionQueries, SessionService } from '@curfew/sessions';
import { SignalsReader } from '@curfew/signals';
import { type DynamicModule, Module } from '@nestjs/common';
import { HealthController } from './health.controller.js';
import { PageLog, PageSettings, pageControllers, pageProviders } from './interactions/index.js';

/** What the pages need of the rest of the process. */
export interface PageFoundation {
  readonly prisma: PrismaService;
  readonly guard: DatabaseGuard;
  readonly feed: SessionFeed;
  readonly clock: Clock;
  readonly accounts: AccountService;
  readonly consents: ConsentService;
  readonly registry: Registry;
  readonly signals: SignalsReader;
  readonly sessions: SessionService;
  readonly queries: SessionQueries;
  readonly browsers: BrowserSessionQueries;
  readonly events: EventLog;
  readonly interactions: Interactions;
  readonly settings: PageSettings;
  readonly log: PageLog;
}

/** The pages for people and the health checks, as a Nest application. */
@Module({})
class AppModule {}

/** Everything is built before Nest starts, so that an error at start names its cause and not a container. */
export function pagesAround(foundation: PageFoundation): DynamicModule {
  const given = [
    { provide: PrismaService, useValue: foundation.prisma },
    { provide: DatabaseGuard, useValue: foundation.guard },
    { provide: SessionFeed, useValue: foundation.feed },
    { provide: Clock, useValue: foundation.clock },
    { provide: AccountService, useValue: foundation.accounts },
    { provide: ConsentService, useValue: foundation.consents },
    { provide: Registry, useValue: foundation.registry },
    { provide: SignalsReader, useValue: foundation.signals },
    { provide: SessionService, useValue: foundation.sessions },
    { provide: SessionQueries, useValue: foundation.queries },
    { provide: BrowserSessionQueries, useValue: foundation.browsers },
    { provide: EventLog, useValue: foundation.events },
    { provide: Interactions, useValue: foundation.interactions },
    { provide: PageSettings, useValue: foundation.settings },
    { provide: PageLog, useValue: foundation.log },
  ];
  return {
    module: AppModule,
    controllers: [HealthController, ...pageControllers],
    providers: [...given, ...pageProviders],
  };
}
