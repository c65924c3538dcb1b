import { collectProcessMetrics, type Figures } from '@curfew/web';
import { AggregatorRegistry, Registry } from 'prom-client';
import type { FigureList, WordToPrimary, WordToWorker } from './messages.js';

/** Somebody whose figures belong to the sum. */
export interface FigureSource {
  readonly id: number;
  send(word: WordToWorker): void;
}

interface Asked {
  readonly source: number;
  readonly resolve: (figures: FigureList) => void;
  readonly reject: (error: Error) => void;
}

const patienceMs = 4_000;
/** Kinds of metrics that only grow. */
const growing: ReadonlySet<unknown> = new Set(['counter', 'histogram']);

/**
 * The sum of the metrics of all workers and of the primary. The last known counts of a worker that exited stay in the sum: otherwise a
 * counter would fall, and Prometheus would take it for a restart.
 */
export class WorkerFigures implements Figures {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  /** Those of this process. */
  readonly own = new Registry();
  readonly #asked = new Map<number, Asked>();
  readonly #lastOf = new Map<number, FigureList>();
  #departed: FigureList[] = [];
  #last = 0;

  constructor(private readonly sources: () => readonly FigureSource[]) {
    collectProcessMetrics(this.own);
  }

  /** The sum as text; rejects if a worker that is there does not answer. */
  async metrics(): Promise<string> {
    const own = await this.own.getMetricsAsJSON();
    const answers = await Promise.all(
      this.sources().map(async (source) => ({ id: source.id, figures: await this.#ask(source) })),
    );
    // A worker that exited since then is among the departed already.
    const present = answers.filter(({ id }) => this.#lastOf.has(id)).map(({ figures }) => figures);
    return sumOf([own, ...present, ...this.#departed]).metrics();
  }

  /** Takes a worker's answer. */
  heard({ id, figures }: WordToPrimary & { readonly curfew: 'figures' }): void {
    const asked = this.#asked.get(id);
    if (!asked) return;
    if (!figures) {
      asked.reject(new Error('a worker could not read its figures'));
      return;
    }
    this.#lastOf.set(asked.source, figures);
    asked.resolve(figures);
  }

  /** A worker has died. */
  async departed(source: number): Promise<void> {
    const last = this.#lastOf.get(source);
    this.#lastOf.delete(source);
    if (last) this.#departed.push(last.filter(({ type }) => growing.has(type)));
    for (const asked of this.#asked.values()) if (asked.source === source) asked.resolve([]);
    if (this.#departed.length < 2) return;
    // One list, however many have come and gone.
    const before = this.#departed;
    const sum = await sumOf(before).getMetricsAsJSON();
    this.#departed = [sum, ...this.#departed.filter((list) => !before.includes(list))];
  }

  async #ask(source: FigureSource): Promise<FigureList> {
    this.#last += 1;
    const id = this.#last;
    let late: NodeJS.Timeout | undefined;
    try {
      return await new Promise<FigureList>((resolve, reject) => {
        this.#asked.set(id, { source: source.id, resolve, reject });
        late = setTimeout(() => reject(new Error('a worker did not tell its figures in time')), patienceMs);
        source.send({ curfew: 'figures', id });
      });
    } finally {
      clearTimeout(late);
      this.#asked.delete(id);
    }
  }
}

const sumOf = (lists: readonly FigureList[]): Registry => AggregatorRegistry.aggregate([...lists]);
