import { isDatabaseUnavailable } from '@curfew/persistence';
import { Gauge, type Registry } from 'prom-client';

/** A figure that only the database knows. */
interface AskedFigure<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: L[];
  /** Its values, each with its labels. */
  readonly read: () => Promise<readonly (readonly [labels: Record<L, string>, value: number])[]>;
}

/**
 * Measures what only the database knows whenever somebody asks. While the database cannot be asked the figure is left out, since the last
 * value and 0 would both look like one, and the others are told: among them the reason why the database is not served from.
 */
export function askedGauge<L extends string>(registry: Registry, figure: AskedFigure<L>): void {
  const { read, ...told } = figure;
  new Gauge<L>({
    ...told,
    registers: [registry],
    async collect() {
      const found = await read().catch((error: unknown) => {
        if (isDatabaseUnavailable(error)) return [];
        throw error;
      });
      this.reset();
      // A figure without labels is 0 after that.
      if (told.labelNames.length === 0) this.remove();
      for (const [labels, value] of found) this.set(labels, value);
    },
  });
}
