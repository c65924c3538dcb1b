import type { RequestListener } from 'node:http';
import type { Foundation } from '@curfew/foundation';
import { HttpServer } from '@curfew/web';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { basePathOf } from './base-path.js';
import { publicDoor, type ThrottledRequests } from './front-door.js';
import { PageSettings } from './interactions/index.js';
import type { NodeMetrics } from './metrics/index.js';

/** The HTTP server of everything public. */
export function publicServer(
  { configuration, guard, log }: Foundation,
  protocol: RequestListener,
  pages: NestExpressApplication,
  followers: ReadonlyMap<string, RequestListener>,
  throttled: ThrottledRequests,
  metrics: NodeMetrics,
): HttpServer {
  const { issuer, proxy, limits } = configuration;
  const application = pages.getHttpAdapter().getInstance();
  const door = publicDoor({
    issuer,
    trustedHops: proxy.trustedHops,
    bodyBytes: limits.bodyBytes,
    protocol,
    pages: application,
    settings: pages.get(PageSettings),
    followers,
    throttled,
    guard,
    log,
  });
  return new HttpServer(metrics.counting(door, basePathOf(issuer)), {
    ...limits,
    application,
    // A second Host or Authorization is joined to the first, and then fits nothing; taking either would be a guess.
    server: { joinDuplicateHeaders: true },
  });
}
