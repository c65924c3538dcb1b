import type { MetricObjectWithValues, MetricValue } from 'prom-client';

/** The figures of one process, as they travel. */
export type FigureList = readonly MetricObjectWithValues<MetricValue<string>>[];

/** A message from the primary to a worker. Questions and answers about passwords travel on the same channel with their own types. */
export type WordToWorker =
  /** Build everything: as which worker, and whether as the first one of this start, which also migrates. */
  | { readonly curfew: 'build'; readonly worker: number; readonly installs: boolean }
  /** Everybody is built: listen. */
  | { readonly curfew: 'listen' }
  | { readonly curfew: 'figures'; readonly id: number };

/** A message from a worker to the primary. */
export type WordToPrimary =
  /** The worker listens to the primary now; earlier messages were lost. */
  | { readonly curfew: 'here' }
  | { readonly curfew: 'built' }
  | { readonly curfew: 'serving'; readonly port: number }
  /** null: they could not be read. */
  | { readonly curfew: 'figures'; readonly id: number; readonly figures: FigureList | null };

/** Whether a message is a word of ours; between primary and worker there are no strangers. */
export const isWord = <W extends WordToWorker | WordToPrimary>(message: unknown): message is W =>
  typeof (message as { curfew?: unknown } | null)?.curfew === 'string';
