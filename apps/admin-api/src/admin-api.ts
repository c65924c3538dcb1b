import { registryChannel } from '@curfew/clients';
import { installAsProcessTime } from '@curfew/clock';
import { type Configuration, refuseFirstRunData } from '@curfew/config';
import { endsChannel } from '@curfew/events';
import { signingKeysChannel } from '@curfew/oidc';
import { clockChannel, DatabaseListener, isDatabaseUnavailable } from '@curfew/persistence';
import { HttpServer, startTracing } from '@curfew/web';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import express from 'express';
import type { Logger } from 'pino';
import { applicationOn } from './app.module.js';
import { apply, maxDescriptionBytes } from './apply/apply-contracts.js';
import { Background } from './background.js';
import { isJson } from './contract/input.js';
import { operationPaths, routeOf } from './contract/operation-paths.js';
import { ProblemFilter } from './contract/problem.filter.js';
import { contracts } from './controllers.js';
import { EventStreams } from './events/event-streams.js';
import { type Foundation, layFoundation } from './foundation.js';
import { adminDoor } from './front-door.js';
import { HealthController } from './health.controller.js';
import { Announcements } from './sessions/announcements.js';
import { Metrics } from './stats/metrics.js';

/** A running admin API. */
export interface AdminApi {
  /** Where it listens. */
  readonly port: number;
  /** Finishes what is under way, writes what is pending, and closes. */
  stop(): Promise<void>;
}

/** Builds the admin API and listens. Migrations are the authorization server's work: here they must have been applied. */
export async function startAdminApi(configuration: Configuration, log: Logger): Promise<AdminApi> {
  const foundation = await layFoundation(configuration, log, `admin-api-${configuration.listen.admin.port}`);
  const { prisma, clock, registry, keyStore } = foundation;
  await refuseFirstRunData(configuration.mode, foundation);
  const restoreTime = installAsProcessTime(clock);
  await keyStore.load(clock.now());
  const announcements = new Announcements();
  const listener = listen(foundation, announcements);
  await listener.start();
  registry.trust();
  const app = await application(foundation, announcements);
  const { limits, adminUrl, proxy, listen: addresses } = configuration;
  const paths = operationPaths(contracts);
  const tracing = await startTracing(process.env, {
    service: 'curfew-admin-api',
    routeOf: ({ url = '' }) => routeOf(url, paths),
    isTrusted: () => proxy.trustedHops > 0,
  });
  const door = adminDoor({
    databaseRefusal: () => foundation.guard.refusal,
    adminUrl,
    trustedHops: proxy.trustedHops,
    paths,
    application: app.getHttpAdapter().getInstance(),
    refusals: app.get(Metrics).refusals,
    log,
  });
  const server = new HttpServer(tracing?.traced(door) ?? door, limits);
  const port = await server.open(addresses.admin);
  const background = new Background(foundation);
  background.start();
  const stop = async (): Promise<void> => {
    app.get(HealthController).stopping = true;
    app.get(EventStreams).stop();
    await server.close(limits.shutdownGraceMs);
    await background.stop();
    await listener.stop();
    clock.stop();
    await app.close();
    await foundation.guard.stop();
    await foundation.hot.close();
    await prisma.$disconnect();
    await tracing?.stop();
    restoreTime();
  };
  return { port, stop };
}

/** One connection hears everything that other processes announce. */
function listen(
  { configuration, registry, clock, keyStore, log }: Foundation,
  announcements: Announcements,
): DatabaseListener {
  const report = (subject: string) => (err: unknown) => log.error({ err }, subject);
  const reloadKeys = () => void keyStore.load(clock.now()).catch(report('reading the signing keys'));
  const remeasure = () => void clock.remeasure().catch(report('measuring the clock'));
  return new DatabaseListener(
    configuration.database.url.reveal(),
    [registryChannel, signingKeysChannel, clockChannel, endsChannel],
    {
      onNotification: (channel, payload) => {
        registry.handlers.onNotification(channel, payload);
        if (channel === endsChannel) announcements.heard(payload);
        if (channel === signingKeysChannel) reloadKeys();
        if (channel === clockChannel) remeasure();
      },
      onLost: (err) => {
        log.warn({ err }, 'announcements cannot be heard; the database is asked every time');
        registry.handlers.onLost?.(err);
      },
      onGap: () => {
        registry.handlers.onGap?.();
        reloadKeys();
        remeasure();
      },
    },
  );
}

async function application(
  foundation: Foundation,
  announcements: Announcements,
): Promise<NestExpressApplication> {
  const { configuration, log } = foundation;
  const instance = express();
  instance.disable('x-powered-by');
  instance.disable('etag');
  // Only JSON is read, only as it stands: no inflating, no form posts from foreign pages.
  const json = (limit: number) => express.json({ limit, inflate: false, strict: true, type: isJson });
  instance.use(apply.path, json(Math.max(maxDescriptionBytes, configuration.limits.bodyBytes)));
  instance.use(json(configuration.limits.bodyBytes));
  const app = await NestFactory.create<NestExpressApplication>(
    applicationOn(foundation, announcements),
    new ExpressAdapter(instance),
    { bodyParser: false, logger: ['error', 'fatal'] },
  );
  app.useGlobalFilters(
    new ProblemFilter({
      isUnavailable: isDatabaseUnavailable,
      onServerError: (err, problem, id) => log.error({ err, id, code: problem.code }, 'answering a request'),
    }),
  );
  await app.init();
  return app;
}
