import { FullAdministrators } from '@curfew/clients';
import { adminScopeNames } from '@curfew/config';
import { EndConfirmation, EventHistory, FeedNodeStore, Receivers, ReceiversStore } from '@curfew/events';
import { type Foundation, foundationProviders } from '@curfew/foundation';
import { PayloadSeal } from '@curfew/oidc';
import { KeyRing } from '@curfew/sessions';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { Authentication } from './access/authentication.js';
import { Authority } from './access/authority.js';
import { AuthorityStore } from './access/authority.store.js';
import { CallerLimits } from './access/limits.js';
import { Operators } from './access/operators.store.js';
import { AccountActs } from './accounts/account-acts.js';
import { Usernames } from './accounts/usernames.store.js';
import { Entries } from './apply/entries.js';
import { ClientActs } from './clients/client-acts.js';
import { VirtualClock } from './clock/virtual-clock.js';
import { Cursors } from './contract/cursor.js';
import { OperationGuard } from './contract/operation.guard.js';
import { OperationInterceptor } from './contract/operation.interceptor.js';
import { contracts, controllers } from './controllers.js';
import { EventStreams } from './events/event-streams.js';
import { EventsStore } from './events/events.store.js';
import { Idempotency } from './idempotency/idempotency.js';
import { IdempotencyStore } from './idempotency/idempotency.store.js';
import { CameBackStore } from './insight/came-back.store.js';
import { ExposureOverTime } from './insight/exposure-over-time.js';
import { FrictionFigures } from './insight/friction.js';
import { InsightQuestions } from './insight/insight-question.js';
import { ReuseEndsStore } from './insight/reuse-ends.store.js';
import { WhatIf } from './insight/what-if.js';
import { KeysStore } from './keys/keys.store.js';
import { documentToken } from './openapi/document.controller.js';
import { openApiDocument } from './openapi/document.js';
import { PolicyActs } from './policies/policy-acts.js';
import { PreviewStore } from './policies/preview.store.js';
import { ResourceActs } from './resources/resource-acts.js';
import { GatewayRoutesStore } from './routes/gateway-routes.store.js';
import { RouteActs } from './routes/route-acts.js';
import { Announcements } from './sessions/announcements.js';
import { EndPreview } from './sessions/end-preview.js';
import { ReachCountStore } from './sessions/reach-count.store.js';
import { SessionEnds } from './sessions/session-ends.js';
import { SessionSearchStore } from './sessions/session-search.store.js';
import { TimelineStore } from './sessions/timeline.store.js';
import { Metrics } from './stats/metrics.js';
import { Stats } from './stats/stats.js';
import { StatsStore } from './stats/stats.store.js';

@Module({})
class AppModule {}

/** Everything is built before Nest starts, so that an error at start names its cause and not a container. */
export function applicationOn(foundation: Foundation, announcements: Announcements): DynamicModule {
  const { prisma, serviceKeys, configuration } = foundation;
  const operators = new Operators(prisma);
  const search = new SessionSearchStore(prisma);
  const answers = new IdempotencyStore(
    prisma,
    new PayloadSeal(new KeyRing(serviceKeys.derive('idempotent answers'))),
  );
  const { adminUrl } = configuration;
  const events = new EventsStore(prisma);
  const feedNodes = new FeedNodeStore(prisma);
  const confirmation = new EndConfirmation(feedNodes, foundation.announcer, foundation.clock);
  const stats = new Stats(new StatsStore(prisma));
  const cameBack = new CameBackStore(prisma);
  const friction = new Stats(new FrictionFigures(foundation.counts, cameBack));
  const authentication = authenticationOn(foundation, operators);
  const administrators = new FullAdministrators(prisma, { audience: adminUrl, scopes: adminScopeNames });
  const usernames = new Usernames(prisma);
  const given = [
    [Authentication, authentication],
    [Operators, operators],
    [FullAdministrators, administrators],
    [Authority, authorityOn(foundation, operators, administrators)],
    [CallerLimits, new CallerLimits()],
    [Cursors, new Cursors(new KeyRing(serviceKeys.derive('cursor')))],
    [Idempotency, new Idempotency(answers)],
    [IdempotencyStore, answers],
    [SessionSearchStore, search],
    [ReachCountStore, new ReachCountStore(prisma)],
    [TimelineStore, new TimelineStore(prisma)],
    [Usernames, usernames],
    [FeedNodeStore, feedNodes],
    [Receivers, receiversOn(foundation)],
    [SessionEnds, new SessionEnds({ ...foundation, search, announcements, confirmation })],
    [PreviewStore, new PreviewStore(prisma)],
    [CameBackStore, cameBack],
    [ReuseEndsStore, new ReuseEndsStore(prisma)],
    [KeysStore, new KeysStore(prisma)],
    [GatewayRoutesStore, new GatewayRoutesStore(prisma)],
    [EventsStore, events],
    [EventHistory, new EventHistory(prisma, configuration.eventRetention)],
    [EventStreams, new EventStreams(events, authentication, foundation.clock, usernames)],
    [Stats, stats],
    [Metrics, new Metrics(stats, friction, foundation.clock, () => prisma.load())],
    [VirtualClock, new VirtualClock(foundation)],
    [documentToken, openApiDocument(contracts)],
  ] as const;
  return {
    module: AppModule,
    controllers: [...controllers],
    providers: [
      ...foundationProviders(foundation),
      ...given.map(([provide, useValue]) => ({ provide, useValue })),
      ...useCases,
      { provide: APP_GUARD, useClass: OperationGuard },
      { provide: APP_INTERCEPTOR, useClass: OperationInterceptor },
    ],
  };
}

/** Providers that controllers share; the container builds them. */
const useCases = [
  ...[AccountActs, ClientActs, PolicyActs, ResourceActs, RouteActs, EndPreview, Entries],
  ...[InsightQuestions, WhatIf, ExposureOverTime],
];

/** One rule of who may change what, for every controller. */
const authorityOn = (
  { configuration, events }: Foundation,
  operators: Operators,
  administrators: FullAdministrators,
): Authority =>
  new Authority({
    adminUrl: configuration.adminUrl,
    operators,
    store: new AuthorityStore(),
    administrators,
    events,
  });

const authenticationOn = (foundation: Foundation, operators: Operators): Authentication => {
  const { adminUrl, proxy } = foundation.configuration;
  return new Authentication({
    ...foundation,
    adminUrl,
    operators,
    certificateHeader: proxy.clientCertificateHeader,
  });
};

/** Webhooks are registered here and delivered by the authorization servers, under the same seal and the same rules. */
const receiversOn = ({ prisma, clock, receiverSeal, receiverAddressFault }: Foundation): Receivers =>
  new Receivers({
    store: new ReceiversStore(prisma),
    clock,
    seal: receiverSeal,
    addressFault: receiverAddressFault,
  });
