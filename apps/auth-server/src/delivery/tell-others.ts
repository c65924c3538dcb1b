import type { EventLog, SessionFeed } from '@curfew/events';
import type { KeyStore } from '@curfew/oidc';
import type { SessionService } from '@curfew/sessions';
import type { LaidFoundation } from '../foundation.js';
import type { NodeMetrics } from '../metrics/index.js';
import type { Surroundings } from '../surroundings.js';
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
  { looksAfterAll, showFigures }: Surroundings,
  { keyStore, metrics, log, feed, sessions }: Told,
): Promise<{ stop(): Promise<void> }> {
  const { attempted } = metrics;
  const { seen } = metrics.events;
  const delivery = looksAfterAll
    ? deliverEvents(foundation, keyStore, sessions, { attempted, seen })
    : undefined;
  if (delivery) metrics.measureOutbox(delivery.store, foundation.clock);
  metrics.measurePools({
    hot: () => foundation.hot.load,
    'sign-in': () => foundation.signIns.load,
    main: () => foundation.prisma.load(),
  });
  metrics.measureNode(log, feed);
  const scraped = await showFigures(
    metrics.registry,
    foundation.configuration.listen.metrics,
    foundation.log,
  );
  return {
    async stop() {
      await scraped?.stop();
      await delivery?.stop();
      await metrics.tracing?.stop();
    },
  };
}
