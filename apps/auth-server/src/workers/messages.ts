import type { MetricObjectWithValues, MetricValue } from 'prom-client';

/** The figures of one process, as they travel. */
export type FigureList = readonly MetricObjectWithValues<MetricValue<string>>[];

/** What the primary tells a worker. Questions and answers about passwords travel the same way, in their own words. */
export type WordToWorker =
  /** Build everything: as which worker, and whether as the first one of this start, which also migrates. */
  | { readonly curfew: 'build'; readonly worker: number; readonly installs: boolean }
  /** Everybody is built: listen. */
  | { readonly curfew: 'listen' }
  | { readonly curfew: 'figures'; readonly id: number };

/** What a worker tells the primary. */
export type WordToPrimary =
  /** It listens to the primary now; what was said before got lost. */
  | { readonly curfew: 'here' }
  | { readonly curfew: 'built' }
  | { readonly curfew: 'serving'; readonly port: number }
  /** null: they could not be read. */
  | { readonly curfew: 'figures'; readonly id: number; readonly figures: FigureList | null };

/** Whether a message is a word of ours; between primary and worker there are no strangers. */
export const isWord = <W extends WordToWorker | WordToPrimary>(message: unknown): message is W =>
  typeof (message as { curfew?: unknown } | null)?.curfew === 'string';
