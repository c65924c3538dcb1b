import { ClientService, type Registry, ResourceService, registryChannel } from '@curfew/clients';
import { type Clock, installAsProcessTime } from '@curfew/clock';
import { type Configuration, refuseFirstRunData } from '@curfew/config';
import { alertsChannel, endsChannel } from '@curfew/events';
import { KeyStore, keySettings, signingKeysChannel } from '@curfew/oidc';
import { clockChannel, DatabaseListener, isDatabaseUnavailable } from '@curfew/persistence';
import { startTracing } from '@curfew/web';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import express from 'express';
import type { Logger } from 'pino';
import { ThrottledRequests } from './alerts/index.js';
import { type PageFoundation, pagesAround } from './app.module.js';
import { Background } from './background.js';
import { basePathOf } from './base-path.js';
import { serveStreams, tellOthers } from './delivery/index.js';
import { createFirstRunData } from './first-run/index.js';
import { type LaidFoundation, layFoundation } from './foundation.js';
import { HealthController } from './health.controller.js';
import {
  FormTokens,
  InteractionPages,
  Notices,
  PageErrorFilter,
  PageLog,
  PageSettings,
  PagesOfProtocol,
} from './interactions/index.js';
import { NodeMetrics, routeOf } from './metrics/index.js';
import { assembleProtocol, assembleSessions } from './protocol.js';
import { publicServer } from './public-server.js';
import { type FollowerService, serveFollowers } from './session-feed/index.js';
import type { Surroundings } from './surroundings.js';

/** A running authorization server. */
export interface AuthServer {
  readonly foundation: LaidFoundation;
  /** Where it listens. */
  readonly port: number;
  /** Finishes what is under way, writes what is pending, and closes. */
  stop(): Promise<void>;
}

class PageLogTo extends PageLog {
  constructor(private readonly log: Logger) {
    super();
  }
  override note(event: string, facts: Readonly<Record<string, unknown>>): void {
    this.log.info({ event, ...facts }, 'page');
  }
  override fault(err: unknown, id: string | undefined): void {
    this.log.error({ err, id }, 'answering a page');
  }
}

/** Builds the whole server and listens. Rejects, with everything closed again, if any part cannot start. */
export async function startAuthServer(
  configuration: Configuration,
  log: Logger,
  surroundings: Surroundings,
): Promise<AuthServer> {
  const foundation = await layFoundation(configuration, log, surroundings);
  const { prisma, clock, registry, serviceKeys } = foundation;
  await firstRun(foundation, surroundings);
  const restoreTime = installAsProcessTime(clock);
  const keyStore = new KeyStore(prisma, serviceKeys, keySettings(configuration.signingKeys));
  await keyStore.load(clock.now());
  const settings = pageSettings(foundation);
  const engine = assembleSessions(foundation);
  const protocol = assembleProtocol(
    foundation,
    engine,
    pagesOfProtocol(settings, registry, clock),
    keyStore.current(clock.now()),
  );
  const background = new Background({
    ...foundation,
    ...engine,
    ...protocol,
    keyStore,
    protocol: protocol.server,
  });
  const metrics = new NodeMetrics(await tracingOf(configuration));
  const followers = await serveFollowers(foundation, protocol, engine.events, metrics.probed);
  const throttled = await ThrottledRequests.over(foundation);
  const listener = listen(foundation, background, followers, throttled);
  await listener.start();
  registry.trust();
  const app = await pages({
    ...foundation,
    ...engine,
    feed: followers.feed,
    interactions: protocol.interactions,
    settings,
    log: new PageLogTo(log),
  });
  const told = new Map([...followers.listeners, ...serveStreams(foundation, protocol, engine, keyStore)]);
  const server = publicServer(foundation, protocol.server.handle, app, told, throttled, metrics);
  await surroundings.mayListen();
  const port = await server.open(configuration.listen.auth);
  background.start(surroundings.looksAfterAll);
  const telling = await tellOthers(foundation, surroundings, {
    keyStore,
    metrics,
    log: engine.events,
    feed: followers.feed,
    sessions: engine.sessions,
  });
  const stop = async (): Promise<void> => {
    app.get(HealthController).stopping = true;
    await followers.stop();
    await server.close(configuration.limits.shutdownGraceMs);
    await background.stop();
    await telling.stop();
    await listener.stop();
    clock.stop();
    await app.close();
    await foundation.guard.stop();
    await foundation.hot.close();
    await foundation.signIns.close();
    await prisma.$disconnect();
    restoreTime();
  };
  return { foundation, port, stop };
}

/** Which trace a request belongs to is for a trusted proxy to say. */
function tracingOf({ issuer, proxy }: Configuration) {
  const base = basePathOf(issuer);
  return startTracing(process.env, {
    service: 'curfew-auth-server',
    routeOf: ({ url = '' }) => routeOf(url, base),
    isTrusted: () => proxy.trustedHops > 0,
  });
}

function pagesOfProtocol(settings: PageSettings, registry: Registry, clock: Clock): PagesOfProtocol {
  const tokens = new FormTokens(settings);
  const interactions = new InteractionPages(registry, tokens, settings);
  return new PagesOfProtocol(settings, interactions, new Notices(tokens, settings, clock));
}

/** Development starts with something to try; production refuses to start with it. */
async function firstRun(
  { configuration, prisma, clock, accounts, log }: LaidFoundation,
  { makesFirstRunData }: Surroundings,
): Promise<void> {
  const rules = { allowPrivateAddresses: configuration.mode !== 'production' };
  const clients = new ClientService({ prisma, clock, rules });
  const services = { accounts, clients, resources: new ResourceService(prisma, clock) };
  await refuseFirstRunData(configuration.mode, services);
  const { devFile } = configuration;
  if (!devFile || !makesFirstRunData) return;
  const { issuer, adminUrl, gatewayUrl } = configuration;
  const callbackUrl = `http://localhost:${process.env['CURFEW_CALLBACK_PORT'] ?? 3003}`;
  const databaseUrl = configuration.database.url.reveal();
  const report = await createFirstRunData({
    prisma,
    services,
    devFile,
    databaseUrl,
    issuer,
    adminUrl,
    gatewayUrl,
    callbackUrl,
  });
  for (const note of report.notes) log.warn(note);
}

function pageSettings({ configuration, serviceKeys }: LaidFoundation): PageSettings {
  return new PageSettings({
    issuer: configuration.issuer,
    cookieName: configuration.cookies.name,
    shortestPassword: configuration.passwords.minLength,
    bodyBytes: configuration.limits.bodyBytes,
    formKeys: serviceKeys.derive('form tokens').map(({ key }) => key),
  });
}

/** One connection hears everything that other nodes announce. */
function listen(
  { configuration, registry, clock, log }: LaidFoundation,
  background: Background,
  { feed }: FollowerService,
  throttled: ThrottledRequests,
): DatabaseListener {
  const report = (subject: string) => (err: unknown) => log.error({ err }, subject);
  const reloadKeys = () => background.reloadKeys().catch(report('reading the signing keys'));
  const reloadThrottled = () => throttled.load().catch(report('reading whom alerts hold back'));
  const remeasure = () => clock.remeasure().catch(report('measuring the clock'));
  return new DatabaseListener(
    configuration.database.url.reveal(),
    [registryChannel, signingKeysChannel, clockChannel, endsChannel, alertsChannel],
    {
      onNotification: (channel, payload) => {
        registry.handlers.onNotification(channel, payload);
        if (channel === registryChannel) background.policiesChanged();
        if (channel === endsChannel) feed.heard(payload);
        if (channel === signingKeysChannel) void reloadKeys();
        if (channel === alertsChannel) void reloadThrottled();
        if (channel === clockChannel) void remeasure();
      },
      onLost: (err) => {
        log.warn({ err }, 'announcements cannot be heard; the database is asked every time');
        registry.handlers.onLost?.(err);
      },
      onGap: () => {
        registry.handlers.onGap?.();
        background.policiesChanged();
        void reloadKeys();
        void reloadThrottled();
        void remeasure();
      },
    },
  );
}

async function pages(foundation: PageFoundation): Promise<NestExpressApplication> {
  const instance = express();
  instance.disable('x-powered-by');
  instance.disable('etag');
  const app = await NestFactory.create<NestExpressApplication>(
    pagesAround(foundation),
    new ExpressAdapter(instance),
    {
      bodyParser: false,
      logger: ['error', 'fatal'],
    },
  );
  app.useGlobalFilters(
    new PageErrorFilter({
      settings: foundation.settings,
      log: foundation.log,
      isUnavailable: isDatabaseUnavailable,
    }),
  );
  await app.init();
  return app;
}
