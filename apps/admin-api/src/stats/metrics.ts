import type { Clock } from '@curfew/clock';
import type { PoolLoad } from '@curfew/persistence';
import { collectProcessMetrics } from '@curfew/web';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Friction } from '../insight/friction.js';
import { measureFriction } from '../insight/friction-metrics.js';
import type { Stats } from './stats.js';

/** The metrics of this process, in a registry of its own. Labels are closed lists: operations of the document, statuses, reasons. */
export class Metrics {
  readonly registry = new Registry();
  readonly requests: Counter<'operation' | 'status'>;
  readonly duration: Histogram<'operation'>;
  readonly refusals: Counter<'cause'>;

  constructor(stats: Stats, friction: Stats<Friction>, clock: Clock, load: () => PoolLoad) {
    const registers = [this.registry];
    collectProcessMetrics(this.registry);
    this.requests = new Counter({
      name: 'curfew_admin_requests_total',
      help: 'Requests to the admin API, by operation and status.',
      labelNames: ['operation', 'status'],
      registers,
    });
    this.duration = new Histogram({
      name: 'curfew_admin_request_duration_seconds',
      help: 'How long operations of the admin API took.',
      labelNames: ['operation'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5],
      registers,
    });
    this.refusals = new Counter({
      name: 'curfew_admin_refusals_total',
      help: 'Requests that the admin API refused, by exact cause.',
      labelNames: ['cause'],
      registers,
    });
    new Gauge({
      name: 'curfew_database_pool',
      help: 'Connections to the database by pool: open, idle, and statements waiting for one.',
      labelNames: ['pool', 'state'],
      registers,
      collect() {
        for (const [state, count] of Object.entries(load())) this.set({ pool: 'main', state }, count);
      },
    });
    const read = () => stats.read(clock.now());
    new Gauge({
      name: 'curfew_sessions_live',
      help: 'Sessions that live.',
      registers,
      async collect() {
        this.set((await read()).figures.live);
      },
    });
    new Gauge({
      name: 'curfew_sessions_ended_last_day',
      help: 'Sessions that ended within a day, by reason.',
      labelNames: ['reason'],
      registers,
      async collect() {
        this.reset();
        for (const [reason, count] of Object.entries((await read()).figures.endedLastDay))
          this.set({ reason }, count);
      },
    });
    measureFriction(this.registry, async () => (await friction.read(clock.now())).figures);
  }

  /** Everything, in Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
