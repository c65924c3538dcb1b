import { collectProcessMetrics } from '@curfew/web';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Decision, DecisionMaker } from '../decision.js';

/** From a decision out of memory to one that had to wait for its answer. */
const seconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];

/** The counters and histograms of one gateway. Labels come from the routes file and closed lists, never from a client. */
export class Metrics {
  readonly registry = new Registry();
  readonly #decisions: Counter<'route' | 'outcome'>;
  readonly #duration: Histogram<'route'>;

  constructor(decisions: () => DecisionMaker) {
    const registers = [this.registry];
    collectProcessMetrics(this.registry);
    this.#decisions = new Counter({
      name: 'curfew_gateway_decisions_total',
      help: 'Decisions, by route and outcome: allowed, or the status and error of the refusal.',
      labelNames: ['route', 'outcome'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'curfew_gateway_decision_duration_seconds',
      help: 'How long decisions took, by route.',
      labelNames: ['route'],
      buckets: seconds,
      registers,
    });
    const perApi = (name: string, help: string, read: (api: string) => number) =>
      new Gauge({
        name,
        help,
        labelNames: ['api'],
        registers,
        collect() {
          this.reset();
          for (const api of decisions().verifiers.keys()) this.set({ api }, read(api));
        },
      });
    const verifier = (api: string) => decisions().verifiers.get(api)!;
    perApi('curfew_gateway_following', 'Whether ends are followed, so that memory may be trusted.', (api) =>
      Number(verifier(api).following),
    );
    perApi('curfew_gateway_remembered_tokens', 'Tokens remembered.', (api) => verifier(api).remembered);
    perApi(
      'curfew_gateway_live_connections',
      'Connections that end with their session.',
      (api) => verifier(api).live,
    );
  }

  /** Counts a decision and how many milliseconds it took. */
  readonly decided = (decision: Decision, tookMs: number): void => {
    const route = decision.route?.name ?? 'none';
    this.#decisions.inc({ route, outcome: outcomeOf(decision) });
    this.#duration.observe({ route }, tookMs / 1000);
  };
}

/** The outcome of a request, from a closed list of words. */
export function outcomeOf(decision: Decision): string {
  if (decision.kind === 'allowed') return 'allowed';
  const { status, error } = decision.refusal;
  return error === undefined ? String(status) : `${status} ${error}`;
}
