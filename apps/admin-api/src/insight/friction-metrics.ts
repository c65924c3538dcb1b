import type { Estimate } from '@curfew/insight';
import { Gauge, type LabelValues, type Registry } from 'prom-client';
import type { Friction } from './friction.js';

/** Measures friction whenever somebody asks. A figure has three series, its estimate and the ends of its interval; none where data is missing. */
export function measureFriction(registry: Registry, read: () => Promise<Friction>): void {
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    series: (friction: Friction) => readonly (readonly [Record<L, string>, number])[],
  ) =>
    new Gauge<L>({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const found = series(await read());
        this.reset();
        for (const [labels, value] of found) this.set(labels as LabelValues<L>, value);
      },
    });
  const figure = (name: string, help: string, of: (figures: NonNullable<Friction['figures']>) => Estimate) =>
    gauge(name, `${help} Counts of seven days.`, ['bound'], ({ figures }) =>
      figures === undefined ? [] : Object.entries(of(figures)).map(([bound, value]) => [{ bound }, value]),
    );
  gauge(
    'curfew_reuse_ends_last_day',
    'Sessions ended for a reused token within a day, by whether their person signed in again from where that token came from.',
    ['outcome'],
    ({ reuseEnds: { cameBack, all } }) => [
      [{ outcome: 'came_back' }, cameBack],
      [{ outcome: 'not_seen' }, all - cameBack],
    ],
  );
  gauge(
    'curfew_after_timeout',
    'Sessions that a timeout ended in seven days, and how many of their people came how far within so many seconds.',
    ['step', 'within'],
    ({ funnel }) =>
      funnel.flatMap(({ withinSeconds, ...steps }) =>
        Object.entries(steps).map(
          ([step, count]) => [{ step, within: String(withinSeconds) }, count] as const,
        ),
      ),
  );
  figure(
    'curfew_cut_while_working_ratio',
    'The share of timeouts whose person had a new session within two minutes.',
    ({ cutWhileWorking }) => cutWhileWorking,
  );
  figure(
    'curfew_drop_off_ratio',
    'The share of visits given up at the sign-in page after a timeout.',
    ({ dropOff }) => dropOff,
  );
  figure(
    'curfew_exposure_hours_per_day',
    'Hours a day in which sessions are alive and nobody has been active for two minutes.',
    ({ exposure }) => exposure,
  );
}
