import type { SessionFeed } from '@curfew/events';
import type { Foundation } from '@curfew/foundation';
import type { NodeMetrics } from '../metrics/index.js';
import type { Surroundings } from '../surroundings.js';
import { deliverEvents } from './deliver-events.js';

/** The dependencies of deliveries, beside the foundation. */
export interface Told {
  readonly metrics: NodeMetrics;
  readonly feed: SessionFeed;
  /** Whether announcements of other processes arrive. */
  readonly hears: () => boolean;
}

/** Starts everything by which the world outside learns what happened: deliveries, alerts and figures. */
export async function startDeliveries(
  foundation: Foundation,
  { runsJobsOfAll, showFigures }: Surroundings,
  { metrics, feed, hears }: Told,
): Promise<{ stop(): Promise<void> }> {
  const { attempted } = metrics;
  const { mailed } = metrics.mail;
  const { seen } = metrics.events;
  const delivery = runsJobsOfAll ? deliverEvents(foundation, { attempted, seen, mailed }) : undefined;
  if (delivery) metrics.measureOutbox(delivery.store, foundation.clock);
  if (delivery) metrics.mail.measure(foundation.mails, foundation.clock);
  metrics.measurePools({
    hot: () => foundation.hot.load,
    'sign-in': () => foundation.signIns.load,
    main: () => foundation.prisma.load(),
  });
  metrics.measureGuard(foundation.guard);
  metrics.measureNode(foundation.events, feed, hears);
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
