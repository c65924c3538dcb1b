import type { RequestListener } from 'node:http';
import { hostname } from 'node:os';
import {
  EndAnnouncer,
  FeedNodeStore,
  FeedStore,
  type FollowerReport,
  leaseMs,
  type NewEvent,
  SessionFeed,
} from '@curfew/events';
import type { Foundation } from '@curfew/foundation';
import type { ProtocolServer } from '@curfew/oidc';
import { PrismaService } from '@curfew/persistence';
import { type Instant, seconds } from '@curfew/session-policy';
import type { ClientDirectory } from '@curfew/token-endpoint/client';
import { newId } from '@curfew/tokens';
import { endpointListener, type Serve } from '../endpoint-listener.js';
import { BatchIntrospection } from './batch-introspection.js';
import { FeedEndpoint } from './feed-endpoint.js';
import { FollowerAuthentication } from './follower-authentication.js';
import { GatewayRoutesStore } from './gateway-routes.store.js';
import { RouteEndpoint } from './route-endpoint.js';

/** The endpoints for resource servers and gateways: session feed, batch introspection, and gateway routes. */
export interface FollowerService {
  readonly feed: SessionFeed;
  /** By path below the issuer. */
  readonly listeners: ReadonlyMap<string, RequestListener>;
  /** Sends all followers to other nodes, while this one still takes requests. */
  handOver(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the feed. It reads on connections of its own, so that a flood of sign-ins cannot hold back a beat. */
export async function serveFollowers(
  { configuration, guard, clock, signals, events, log }: Foundation,
  { server, clients }: { readonly server: ProtocolServer; readonly clients: ClientDirectory },
  onProbed: (follower: FollowerReport) => void,
): Promise<FollowerService> {
  const prisma = new PrismaService(configuration.database, 2, guard);
  const report = (err: unknown) =>
    log.warn({ err }, 'the session feed could not be read; followers are told nothing');
  const nodes = new FeedNodeStore(prisma);
  const feed = new SessionFeed({
    store: new FeedStore(prisma),
    nodes,
    announcer: new EndAnnouncer(prisma.direct, report),
    // A load balancer reaches the machine, not one of its workers.
    name: `${hostname().replace(/[^0-9A-Za-z.-]/g, '')}:${configuration.listen.auth.port}`,
    clock,
    onProbed,
    onStale: (clientIds) => {
      log.error({ clientIds }, 'followers did not deny an ended session in time');
      events.record([staleFollowers(clientIds, clock.now())]).catch(report);
    },
    report,
  });
  const authentication = new FollowerAuthentication(clients, signals, (token) => server.clientOf(token));
  const endpoint = new FeedEndpoint(feed, authentication);
  const batch = new BatchIntrospection((question) => server.introspect(question), authentication);
  const routes = new RouteEndpoint(new GatewayRoutesStore(prisma), authentication);
  const answering = (serve: Serve) => endpointListener(serve, log, 'answering a follower');
  await feed.start();
  return {
    feed,
    listeners: new Map([
      ['/session-feed', answering((request, response) => endpoint.serve(request, response))],
      [
        '/session-feed/acknowledgements',
        answering((request, response) => endpoint.acknowledge(request, response)),
      ],
      ['/introspection/batch', answering((request, response) => batch.serve(request, response))],
      ['/gateway-routes', answering((request, response) => routes.serve(request, response))],
    ]),
    handOver: () => endpoint.handOver(),
    async stop() {
      await feed.stop();
      await prisma.$disconnect();
    },
  };
}

/** The alert about clients whose followers accept an ended session for longer than they may. */
const staleFollowers = (clientIds: readonly string[], at: Instant): NewEvent => ({
  id: newId(at),
  at,
  type: 'alert.raised',
  sessionId: null,
  accountId: null,
  clientId: null,
  data: {
    pattern: 'stale_follower',
    severity: 'high',
    observed: clientIds.length,
    threshold: 1,
    window: seconds(leaseMs / 1000),
    subjects: clientIds,
    action: 'record',
  },
});
