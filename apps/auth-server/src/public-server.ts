import { createServer, type RequestListener, type Server } from 'node:http';
import { answerDespiteExpectations, listenerLimits } from '@curfew/config';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { ThrottledRequests } from './alerts/index.js';
import type { LaidFoundation } from './foundation.js';
import { frontDoor } from './front-door.js';
import type { NodeMetrics } from './metrics/index.js';

/** The listener of everything public. */
export function publicServer(
  { configuration, guard, log }: LaidFoundation,
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
    databaseRefusal: () => guard.refusal,
    log,
  });
  const server = createServer(
    {
      ...listenerLimits(limits),
      // A second Host or Authorization is joined to the first, and then fits nothing; taking either would be a guess.
      joinDuplicateHeaders: true,
    },
    metrics.counting(door, new URL(issuer).pathname.replace(/\/+$/, ''), proxy.trustedHops),
  );
  answerDespiteExpectations(server);
  limitConnections(server, limits.maxConnections);
  return server;
}

/**
 * Closes what comes beyond so many connections. `maxConnections` would not do: where several workers share a port, Node hands what
 * one of them refuses to the next, and when all are full hands it around without a pause.
 */
function limitConnections(server: Server, most: number): void {
  let open = 0;
  server.on('connection', (socket) => {
    open += 1;
    socket.once('close', () => {
      open -= 1;
    });
    if (open > most) socket.destroy();
  });
}
