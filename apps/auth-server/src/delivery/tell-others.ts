import type { EventLog, SessionFeed } from '@curfew/events';
import type { KeyStore } from '@curfew/oidc';
import type { SessionService } from '@curfew/sessions';
import type { LaidFoundation } from '../foundation.js';
import { type NodeMetrics, serveMetrics } from '../metrics/index.js';
import { deliverEvents } from './deliver-events.js';

/** What telling others needs beside the foundation. */
export interface Told {
  readonly keyStore: KeyStore;
  readonly metrics: NodeMetrics;
  readonly log: EventLog;
  readonly feed: SessionFeed;
  readonly sessions: SessionService;
}

/** Starts everything by which the world outside learns what happened: deliveries, alerts and figures. */
export async function tellOthers(
  foundation: LaidFoundation,
  { keyStore, metrics, log, feed, sessions }: Told,
): Promise<{ stop(): Promise<void> }> {
  const delivery = deliverEvents(foundation, keyStore, sessions, {
    attempted: metrics.attempted,
    seen: metrics.events.seen,
  });
  metrics.measureOutbox(delivery.store, foundation.clock);
  metrics.measurePools({ hot: () => foundation.hot.load, main: () => foundation.prisma.load() });
  metrics.measureNode(log, feed);
  const scraped = await serveMetrics(
    metrics.registry,
    foundation.configuration.listen.metrics,
    foundation.log,
  );
  return {
    async stop() {
      await scraped?.stop();
      await delivery.stop();
      await metrics.tracing?.stop();
    },
  };
}
