import { type Foundation, ServiceLoops } from '@curfew/foundation';
import type { NightlyAdaptation } from './adaptation/nightly-adaptation.js';
import type { IdempotencyStore } from './idempotency/idempotency.store.js';

/** Rows that one statement of the pruning deletes at most. */
const batch = 1_000;

/** Starts the background loops of the admin API. */
export function startLoops(
  foundation: Foundation,
  answers: IdempotencyStore,
  adaptation: NightlyAdaptation,
): ServiceLoops {
  const loops = new ServiceLoops(foundation);
  loops.start();
  loops.every(60_000, 'deleting what expired', async () => {
    while ((await answers.prune(foundation.clock.now(), batch)) === batch && !loops.signal.aborted);
  });
  loops.every(1_000, 'adapting policies', () => adaptation.run(foundation.clock.now()));
  return loops;
}
