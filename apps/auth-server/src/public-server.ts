import { createServer, type RequestListener, type Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { ThrottledRequests } from './alerts/index.js';
import type { LaidFoundation } from './foundation.js';
import { frontDoor } from './front-door.js';
import type { NodeMetrics } from './metrics/index.js';

/** The listener of everything public. */
export function publicServer(
  { configuration, log }: LaidFoundation,
  protocol: RequestListener,
  pages: NestExpressApplication,
  followers: ReadonlyMap<string, RequestListener>,
  throttled: ThrottledRequests,
  metrics: NodeMetrics,
): Server {
  const { issuer, proxy, limits } = configuration;
  const door = frontDoor({
    issuer,
    trustedHops: proxy.trustedHops,
    bodyBytes: limits.bodyBytes,
    protocol,
    pages: pages.getHttpAdapter().getInstance(),
    followers,
    throttled,
    log,
  });
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: 65_000,
      // Node looks for slow clients every half minute by default, which would be the real limit then.
      connectionsCheckingInterval: 1_000,
      // A second Host or Authorization is joined to the first, and then fits nothing; taking either would be a guess.
      joinDuplicateHeaders: true,
    },
    metrics.counting(door, new URL(issuer).pathname.replace(/\/+$/, ''), proxy.trustedHops),
  );
  server.maxConnections = limits.maxConnections;
  return server;
}
