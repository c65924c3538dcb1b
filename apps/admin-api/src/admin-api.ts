import { type Configuration, refuseFirstRunData } from '@curfew/config';
import { endsChannel } from '@curfew/events';
import { type Foundation, hearAnnouncements, openFoundation } from '@curfew/foundation';
import { isDatabaseUnavailable } from '@curfew/persistence';
import { HttpServer, startTracing } from '@curfew/web';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import express from 'express';
import type { Logger } from 'pino';
import { Authentication } from './access/authentication.js';
import { importAccounts, maxImportBytes } from './accounts/import-contracts.js';
import { NightlyAdaptation } from './adaptation/nightly-adaptation.js';
import { applicationOn } from './app.module.js';
import { apply, maxDescriptionBytes } from './apply/apply-contracts.js';
import { startLoops } from './background.js';
import { builtConsole } from './console/serve-console.js';
import { jsonBody, largeBodies } from './contract/bodies.js';
import { operationPaths, routeOf } from './contract/operation-paths.js';
import { ProblemFilter } from './contract/problem.filter.js';
import { EventStreams } from './events/event-streams.js';
import { contracts } from './features.js';
import { adminDoor } from './front-door.js';
import { HealthController } from './health.controller.js';
import { IdempotencyStore } from './idempotency/idempotency.store.js';
import { ScenarioPlayer } from './scenarios/scenario-player.js';
import { errorFormOf } from './scim/scim-error.js';
import { Announcements } from './sessions/announcements.js';
import { Metrics } from './stats/metrics.js';

/** A running admin API. */
export interface AdminApi {
  /** The port it listens on. */
  readonly port: number;
  /** Finishes what is under way, writes what is pending, and closes. */
  stop(): Promise<void>;
}

/** Builds the admin API and listens. Migrations are the authorization server's work: here they must have been applied. */
export async function startAdminApi(configuration: Configuration, log: Logger): Promise<AdminApi> {
  const foundation = await openFoundation(configuration, log, {
    process: `admin-api-${configuration.listen.admin.port}`,
    connections: { hot: 1 },
  });
  await refuseFirstRunData(configuration.mode, foundation);
  await foundation.begin();
  const app = await application(foundation);
  const announcements = app.get(Announcements, { strict: false });
  const listener = hearAnnouncements(foundation, {
    channels: new Map([[endsChannel, (payload) => announcements.heard(payload)]]),
    reloadKeys: () => foundation.keyStore.load(foundation.clock.now()),
  });
  await listener.start();
  foundation.registry.trust();
  app.get(HealthController).hears = () => listener.listening;
  const { limits, issuer, adminUrl, consoleUrl, proxy, listen: addresses } = configuration;
  const paths = operationPaths(contracts);
  const tracing = await startTracing(process.env, {
    service: 'curfew-admin-api',
    routeOf: ({ url = '' }) => routeOf(url, paths),
    isTrusted: () => proxy.trustedHops > 0,
  });
  const express = app.getHttpAdapter().getInstance();
  const door = adminDoor({
    databaseRefusal: () => foundation.guard.refusal,
    adminUrl,
    trustedHops: proxy.trustedHops,
    paths,
    application: express,
    refusals: app.get(Metrics, { strict: false }).refusals,
    console: builtConsole({ consoleUrl, issuer }),
    log,
  });
  const server = new HttpServer(tracing?.traced(door) ?? door, { ...limits, application: express });
  const port = await server.open(addresses.admin);
  const loops = startLoops(
    foundation,
    app.get(IdempotencyStore, { strict: false }),
    app.get(NightlyAdaptation, { strict: false }),
  );
  const stop = async (): Promise<void> => {
    app.get(HealthController).stopping = true;
    await server.drain(limits.shutdownDelayMs);
    app.get(EventStreams, { strict: false }).stop();
    await server.close(limits.shutdownGraceMs);
    await app.get(ScenarioPlayer, { strict: false }).close();
    await loops.stop();
    await listener.stop();
    await app.close();
    await tracing?.stop();
    await foundation.close();
  };
  return { port, stop };
}

async function application(foundation: Foundation): Promise<NestExpressApplication> {
  const { configuration, log } = foundation;
  const instance = express();
  instance.disable('x-powered-by');
  instance.disable('etag');
  const { bodyBytes } = configuration.limits;
  const largeUpTo = largeBodies(bodyBytes, (request) =>
    app.get(Authentication, { strict: false }).requireLive(request, foundation.clock.now()),
  );
  instance.use(apply.path, largeUpTo(maxDescriptionBytes));
  instance.use(importAccounts.path, largeUpTo(maxImportBytes));
  instance.use(jsonBody(bodyBytes));
  const app = await NestFactory.create<NestExpressApplication>(
    applicationOn(foundation),
    new ExpressAdapter(instance),
    { bodyParser: false, logger: ['error', 'fatal'], abortOnError: false },
  );
  app.useGlobalFilters(
    new ProblemFilter({
      isUnavailable: isDatabaseUnavailable,
      formOf: errorFormOf,
      onServerError: (err, problem, id) => log.error({ err, id, code: problem.code }, 'answering a request'),
    }),
  );
  await app.init();
  return app;
}
