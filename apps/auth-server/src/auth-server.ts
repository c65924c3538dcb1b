import { OperatorStore, type ThrottleLimit } from '@curfew/accounts';
import { identityProvidersChannel } from '@curfew/accounts/identity-providers';
import { registryChannel } from '@curfew/clients';
import { type Configuration, refuseFirstRunData } from '@curfew/config';
import { endsChannel } from '@curfew/events';
import { alertsChannel } from '@curfew/events/alerts';
import { transmittersChannel } from '@curfew/events/transmitters';
import { type Foundation, hearAnnouncements, openFoundation } from '@curfew/foundation';
import { type DatabaseListener, isDatabaseUnavailable } from '@curfew/persistence';
import { seconds } from '@curfew/session-policy';
import { startTracing } from '@curfew/web';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import express from 'express';
import type { Logger } from 'pino';
import { type PageParts, pagesModule } from './app.module.js';
import { Background } from './background.js';
import { basePathOf } from './base-path.js';
import { serveStreams, startDeliveries } from './delivery/index.js';
import { createFirstRunData } from './first-run/index.js';
import { ThrottledRequests } from './front-door.js';
import { HealthController } from './health.controller.js';
import {
  EnrolmentReturn,
  FormTokens,
  type InstallationLook,
  InteractionPages,
  Notices,
  PageErrorFilter,
  PageLog,
  PageSettings,
  PagesOfProtocol,
  readInstallationLook,
} from './interactions/index.js';
import type { AnnouncedRows } from './kept-rows.js';
import { NodeMetrics, routeOf } from './metrics/index.js';
import { assembleProtocol } from './protocol.js';
import { publicServer } from './public-server.js';
import { type FollowerService, serveFollowers } from './session-feed/index.js';
import { SignalsReceived } from './signals/index.js';
import type { Surroundings } from './surroundings.js';
import { UpstreamParts } from './upstream/index.js';

/** A running authorization server. */
export interface AuthServer {
  readonly foundation: Foundation;
  /** The port it listens on. */
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
  const { worker, hashing } = surroundings;
  const look = await readInstallationLook(configuration.look);
  const foundation = await openFoundation(configuration, log, {
    process: `auth-server-${configuration.listen.auth.port}${worker === undefined ? '' : `-${worker}`}`,
    // Sign-ins have connections of their own: many authorizations at once do not stand in the way of refreshes.
    connections: { hot: configuration.database.introspectionPoolSize, signIns: 3 },
    hashing,
  });
  await firstRun(foundation, surroundings);
  await foundation.begin();
  await warnOfPasskeys(foundation, log);
  const settings = pageSettings(foundation, look);
  const [upstream, received] = [new UpstreamParts(foundation), new SignalsReceived(foundation)];
  const protocol = assembleProtocol(foundation, pagesOfProtocol(settings, foundation, upstream));
  const background = new Background(foundation, protocol.server);
  const metrics = new NodeMetrics(await tracingOf(configuration));
  const followers = await serveFollowers(foundation, protocol, metrics.probed);
  const throttled = await ThrottledRequests.over(foundation);
  const kept = keptRows(throttled, upstream, received);
  const listener = listen(foundation, background, followers, kept);
  await listener.start();
  await followers.feed.appear();
  await Promise.all(kept.map(({ rows }) => rows.load()));
  foundation.registry.trust();
  const app = await pages(foundation, {
    feed: followers.feed,
    interactions: protocol.interactions,
    settings,
    log: new PageLogTo(log),
    upstream,
  });
  const hears = () => listener.listening;
  app.get(HealthController).hears = hears;
  const streams = serveStreams(foundation, protocol);
  const told = new Map([...followers.listeners, ...streams, ...received.listeners]);
  const server = publicServer(foundation, protocol.server.handle, app, told, throttled, metrics);
  await surroundings.mayListen();
  const port = await server.open(configuration.listen.auth);
  background.start(surroundings.runsJobsOfAll, received.polls, kept);
  const telling = await startDeliveries(foundation, surroundings, { metrics, feed: followers.feed, hears });
  const stop = async (): Promise<void> => {
    const { shutdownDelayMs, shutdownGraceMs } = configuration.limits;
    app.get(HealthController).stopping = true;
    await server.drain(shutdownDelayMs);
    await followers.handOver();
    await server.close(shutdownGraceMs);
    await followers.stop();
    await background.stop();
    await telling.stop();
    await listener.stop();
    await app.close();
    await foundation.close();
  };
  return { foundation, port, stop };
}

async function warnOfPasskeys({ passkeys }: Foundation, log: Logger): Promise<void> {
  const notice = await passkeys.notice();
  if (notice) log.warn(notice);
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

function pagesOfProtocol(
  settings: PageSettings,
  { registry, clock, passkeys }: Foundation,
  upstream: UpstreamParts,
): PagesOfProtocol {
  const tokens = new FormTokens(settings);
  const enrolment = new EnrolmentReturn(settings);
  const interactions = new InteractionPages(registry, tokens, settings, passkeys, enrolment, clock, upstream);
  return new PagesOfProtocol(settings, interactions, new Notices(tokens, settings, clock));
}

/** Development starts with something to try; production refuses to start with it. */
async function firstRun(
  { configuration, prisma, accounts, clients, resources, policies, clock, log }: Foundation,
  { makesFirstRunData }: Surroundings,
): Promise<void> {
  const services = { accounts, clients, resources, policies, operators: new OperatorStore(prisma) };
  await refuseFirstRunData(configuration.mode, services);
  const { devFile } = configuration;
  if (!devFile || !makesFirstRunData) return;
  const { issuer, adminUrl, gatewayUrl, consoleUrl } = configuration;
  const callbackUrl = `http://localhost:${process.env['CURFEW_CALLBACK_PORT'] ?? 3003}`;
  const tourUrl = `http://localhost:${process.env['CURFEW_TOUR_PORT'] ?? 3005}`;
  const databaseUrl = configuration.database.url.reveal();
  const report = await createFirstRunData({
    prisma,
    services,
    devFile,
    databaseUrl,
    issuer,
    adminUrl,
    gatewayUrl,
    consoleUrl,
    callbackUrl,
    tourUrl,
    now: clock.now(),
  });
  for (const note of report.notes) log.warn(note);
}

function pageSettings({ configuration, serviceKeys }: Foundation, look: InstallationLook): PageSettings {
  return new PageSettings({
    issuer: configuration.issuer,
    cookieName: configuration.cookies.name,
    shortestPassword: configuration.passwords.minLength,
    bodyBytes: configuration.limits.bodyBytes,
    mail: mailLimit(configuration),
    look,
    formKeys: serviceKeys.derive('form tokens').map(({ key }) => key),
  });
}

/** The limit of requests that have mail sent; undefined where none is. */
function mailLimit({ mail: { smtp, mailbox }, throttles }: Configuration): ThrottleLimit | undefined {
  const { count, window } = throttles.mail;
  return smtp || mailbox ? { count, window: seconds(window) } : undefined;
}

const keptRows = (
  throttled: ThrottledRequests,
  { offered }: UpstreamParts,
  received: SignalsReceived,
): readonly AnnouncedRows[] => [
  { channel: alertsChannel, subject: 'whom alerts hold back', rows: throttled },
  { channel: identityProvidersChannel, subject: 'the identity providers', rows: offered },
  { channel: transmittersChannel, subject: 'the transmitters', rows: received },
];

/** Hears what other nodes announce. */
function listen(
  foundation: Foundation,
  background: Background,
  { feed }: FollowerService,
  kept: readonly AnnouncedRows[],
): DatabaseListener {
  const reload = ({ subject, rows }: AnnouncedRows): void =>
    void rows.load().catch((err: unknown) => foundation.log.error({ err }, `reading ${subject}`));
  return hearAnnouncements(foundation, {
    channels: new Map<string, (payload: string) => void>([
      [registryChannel, () => background.policiesChanged()],
      [endsChannel, (payload) => feed.heard(payload)],
      ...kept.map((one) => [one.channel, () => reload(one)] as const),
    ]),
    reloadKeys: () => background.reloadKeys(),
    onGap: () => {
      background.policiesChanged();
      for (const one of kept) reload(one);
    },
  });
}

async function pages(foundation: Foundation, parts: PageParts): Promise<NestExpressApplication> {
  const instance = express();
  instance.disable('x-powered-by');
  instance.disable('etag');
  const app = await NestFactory.create<NestExpressApplication>(
    pagesModule(foundation, parts),
    new ExpressAdapter(instance),
    {
      bodyParser: false,
      logger: ['error', 'fatal'],
    },
  );
  app.useGlobalFilters(
    new PageErrorFilter({
      settings: parts.settings,
      log: parts.log,
      isUnavailable: isDatabaseUnavailable,
    }),
  );
  await app.init();
  return app;
}
