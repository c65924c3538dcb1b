import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Clock } from '@curfew/clock';
import type { EventLog, FollowerReport, SessionFeed } from '@curfew/events';
import type { DeliveryStore } from '@curfew/events/delivery';
import type { DatabaseGuard, PoolLoad } from '@curfew/persistence';
import { isErrorCause, routeNames } from '@curfew/token-endpoint';
import { collectProcessMetrics, refusalOf, type Tracing } from '@curfew/web';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { askedGauge } from './asked-gauge.js';
import { EventCounts } from './event-counts.js';
import { MailMetrics } from './mail-metrics.js';

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const minutes = [0.1, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200, 43_200];
const methods = new Set(['GET', 'POST', 'HEAD', 'OPTIONS']);
type Depth = Awaited<ReturnType<DeliveryStore['depth']>>[number];

/** The counters and histograms of one process. Every label is of a closed list; no value from a client becomes one. */
export class NodeMetrics {
  readonly registry = new Registry();
  readonly events: EventCounts;
  readonly mail: MailMetrics;
  readonly #requests: Counter<'route' | 'method' | 'status'>;
  readonly #duration: Histogram<'route'>;
  readonly #refusals: Counter<'route' | 'cause'>;
  readonly #attempts: Counter<'kind' | 'outcome'>;
  readonly #deliveryAge: Histogram<'kind'>;
  readonly #timeToDeny: Histogram<'client'>;

  constructor(readonly tracing: Tracing | undefined) {
    const registers = [this.registry];
    collectProcessMetrics(this.registry);
    this.events = new EventCounts(this.registry);
    this.mail = new MailMetrics(this.registry);
    this.#requests = new Counter({
      name: 'curfew_http_requests_total',
      help: 'Requests answered, by route, method and status.',
      labelNames: ['route', 'method', 'status'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'curfew_http_request_duration_seconds',
      help: 'How long requests took.',
      labelNames: ['route'],
      buckets: seconds,
      registers,
    });
    this.#refusals = new Counter({
      name: 'curfew_refusals_total',
      help: 'Requests refused, by route and exact cause.',
      labelNames: ['route', 'cause'],
      registers,
    });
    this.#attempts = new Counter({
      name: 'curfew_delivery_attempts_total',
      help: 'Attempts to deliver an event, by kind of receiver and outcome.',
      labelNames: ['kind', 'outcome'],
      registers,
    });
    this.#deliveryAge = new Histogram({
      name: 'curfew_delivery_age_seconds',
      help: 'Time from an event to its delivery.',
      labelNames: ['kind'],
      buckets: minutes,
      registers,
    });
    this.#timeToDeny = new Histogram({
      name: 'curfew_time_to_deny_seconds',
      help: 'From the end of a probe session to its denial by a follower, by the client that follows.',
      labelNames: ['client'],
      buckets: seconds,
      registers,
    });
  }

  /** Takes what a probe has measured of one follower. Followers have authenticated, so their clients are registered ones. */
  readonly probed = ({ clientId, timeToDenyMs }: FollowerReport): void => {
    if (timeToDenyMs !== null) this.#timeToDeny.observe({ client: clientId }, timeToDenyMs / 1000);
  };

  /** A listener that is counted and timed and, where that is asked for, traced. */
  counting(door: RequestListener, base: string): RequestListener {
    const listener = this.tracing?.traced(door) ?? door;
    return (request: IncomingMessage, response: ServerResponse) => {
      const route = routeOf(request.url ?? '', base);
      const method = methods.has(request.method ?? '') ? request.method! : 'other';
      // A feed is open for as long as its follower likes; how long says nothing.
      const stop = route === 'followers' ? () => {} : this.#duration.startTimer({ route });
      response.once('close', () => {
        stop();
        const status = response.writableFinished ? String(response.statusCode) : 'aborted';
        this.#requests.inc({ route, method, status });
        const refusal = refusalOf(response);
        if (refusal)
          this.#refusals.inc({ route, cause: isErrorCause(refusal.cause) ? refusal.cause : 'other' });
      });
      listener(request, response);
    };
  }

  /** Counts an attempt to deliver. */
  readonly attempted = (kind: string, outcome: string, agoMs: number): void => {
    this.#attempts.inc({ kind, outcome });
    if (outcome === 'delivered') this.#deliveryAge.observe({ kind }, agoMs / 1000);
  };

  /** Measures the outbox whenever somebody asks. */
  measureOutbox(store: DeliveryStore, clock: Clock): void {
    const perKind = (name: string, help: string, value: (depth: Depth) => number) =>
      askedGauge(this.registry, {
        name,
        help,
        labelNames: ['kind'],
        read: async () =>
          (await store.depth(clock.now())).map((depth) => [{ kind: depth.kind }, value(depth)] as const),
      });
    perKind('curfew_outbox_waiting', 'Deliveries that wait, by kind of receiver.', ({ waiting }) => waiting);
    perKind('curfew_outbox_dead', 'Deliveries that were given up.', ({ dead }) => dead);
    perKind(
      'curfew_outbox_oldest_seconds',
      'Age of the oldest event that waits.',
      ({ oldestMs }) => oldestMs / 1000,
    );
    askedGauge(this.registry, {
      name: 'curfew_outbox_lag_seconds',
      help: 'Age of the oldest event not handed on yet.',
      labelNames: [],
      read: async () => [[{}, (await store.lag(clock.now())) / 1000]],
    });
  }

  /** Measures connections whenever somebody asks: those of the hottest statements, and those of everything else. */
  measurePools(pools: Readonly<Record<'hot' | 'main' | 'sign-in', () => PoolLoad>>): void {
    new Gauge({
      name: 'curfew_database_pool',
      help: 'Connections to the database by pool: open, idle, and statements waiting for one.',
      labelNames: ['pool', 'state'],
      registers: [this.registry],
      collect() {
        for (const [pool, load] of Object.entries(pools))
          for (const [state, count] of Object.entries(load())) this.set({ pool, state }, count);
      },
    });
  }

  /** Tells whenever somebody asks why the database is not served from, or that no commit goes through. */
  measureGuard(guard: Pick<DatabaseGuard, 'commits' | 'refusal'>): void {
    new Gauge({
      name: 'curfew_database_refused',
      help: '1 for the reason why this process does not serve from its database: it is a standby, it lost what was acknowledged, or no commit goes through, as where no synchronous standby confirms.',
      labelNames: ['reason'],
      registers: [this.registry],
      collect() {
        for (const kind of ['standby', 'lost'] as const)
          this.set({ reason: kind }, Number(guard.refusal?.kind === kind));
        this.set({ reason: 'no_commit' }, Number(!guard.commits));
      },
    });
  }

  /** Measures what this process holds whenever somebody asks. */
  measureNode(log: EventLog, feed: SessionFeed, hears: () => boolean): void {
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(read());
        },
      });
    gauge(
      'curfew_events_dropped',
      'Frequent events that were not written since the start.',
      () => log.dropped,
    );
    gauge('curfew_announcements_heard', 'Whether what other processes announce arrives: 1 or 0.', () =>
      Number(hears()),
    );
    gauge('curfew_feed_followers', 'Followers of the session feed at this node.', () => feed.followers);
    gauge(
      'curfew_feed_followers_stale',
      'Followers of this node that missed their lease or did not deny the last probe in time.',
      () => feed.report().filter(({ stale }) => stale).length,
    );
  }
}

/** The word for where a request went; one of a closed list, whatever was asked for. */
export function routeOf(url: string, base: string): string {
  const path = url.split('?', 1)[0]!;
  if (path.startsWith('/health/')) return 'health';
  const inside = path.startsWith(base) ? path.slice(base.length) : path;
  const known = routeNames.get(inside);
  if (known) return known;
  if (inside.startsWith('/.well-known/')) return 'discovery';
  if (inside.startsWith('/session-feed') || inside === '/introspection/batch') return 'followers';
  if (inside === '/gateway-routes') return 'gateway-routes';
  return inside.startsWith('/interaction/') ? 'interaction' : 'pages';
}
