import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { WordToPrimary, WordToWorker } from './messages.js';
import { WorkerFigures } from './worker-figures.js';

/** A worker with figures of each kind, which answers through JSON as over a pipe. */
class CountingWorker {
  readonly #registry = new Registry();
  readonly requests = new Counter({
    name: 'requests_total',
    help: 'r',
    labelNames: ['route'],
    registers: [this.#registry],
  });
  readonly open = new Gauge({ name: 'open', help: 'o', registers: [this.#registry] });
  readonly took = new Histogram({ name: 'took', help: 't', buckets: [1, 2], registers: [this.#registry] });
  onAsked = async (word: WordToWorker & { readonly curfew: 'figures' }): Promise<WordToPrimary> => ({
    curfew: 'figures',
    id: word.id,
    figures: await this.#registry.getMetricsAsJSON(),
  });

  constructor(
    readonly id: number,
    private readonly primary: () => WorkerFigures,
  ) {}

  send(word: WordToWorker): void {
    void this.onAsked(word as never).then((answer) =>
      this.primary().heard(JSON.parse(JSON.stringify(answer))),
    );
  }
}

const start = (count: number) => {
  const workers: CountingWorker[] = [];
  const figures = new WorkerFigures(() => workers);
  const more = (id: number) => {
    const worker = new CountingWorker(id, () => figures);
    workers.push(worker);
    return worker;
  };
  const [one, other] = Array.from({ length: count }, (_, index) => more(index + 1));
  const dies = async (worker: CountingWorker) => {
    workers.splice(workers.indexOf(worker), 1);
    await figures.departed(worker.id);
  };
  return { figures, one: one!, other: other!, more, dies };
};
const figure = (text: string, series: string): number | undefined => {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.split(' ')[1]);
};

describe('figures of several workers', () => {
  it('are added up, label by label and bucket by bucket, with those of the primary', async () => {
    const { figures, one, other } = start(2);
    one.requests.inc({ route: 'token' }, 3);
    other.requests.inc({ route: 'token' }, 4);
    other.requests.inc({ route: 'pages' });
    one.open.set(2);
    other.open.set(5);
    one.took.observe(0.5);
    other.took.observe(1.5);
    const text = await figures.metrics();
    expect(figure(text, 'requests_total{route="token"}')).toBe(7);
    expect(figure(text, 'requests_total{route="pages"}')).toBe(1);
    expect(figure(text, 'open')).toBe(7);
    expect(figure(text, 'took_bucket{le="1"}')).toBe(1);
    expect(figure(text, 'took_bucket{le="+Inf"}')).toBe(2);
    expect(figure(text, 'took_sum')).toBe(2);
    expect(figure(text, 'process_resident_memory_bytes')).toBeGreaterThan(0);
  });

  it('keep what dead workers had counted, and nothing of what they held', async () => {
    const { figures, one, other, more, dies } = start(2);
    one.requests.inc({ route: 'token' }, 10);
    one.took.observe(0.5);
    one.open.set(3);
    other.requests.inc({ route: 'token' }, 1);
    await figures.metrics();
    for (let death = 1; death <= 3; death += 1) {
      await dies(death === 1 ? one : more(10 + death));
      const text = await figures.metrics();
      expect(figure(text, 'requests_total{route="token"}')).toBe(11);
      expect(figure(text, 'took_count')).toBe(1);
      expect(figure(text, 'open')).toBe(0);
    }
    const successor = more(3);
    successor.requests.inc({ route: 'token' }, 5);
    await figures.metrics();
    await dies(successor);
    await dies(other);
    expect(figure(await figures.metrics(), 'requests_total{route="token"}')).toBe(16);
  });

  it('do not wait for a worker that dies meanwhile, nor count it twice', async () => {
    const { figures, one, other, dies } = start(2);
    one.requests.inc({ route: 'token' }, 10);
    other.requests.inc({ route: 'token' }, 1);
    await figures.metrics();
    // It answers, and dies before the other one has.
    const late = other.onAsked;
    other.onAsked = async (word) => {
      await dies(one);
      return late(word);
    };
    expect(figure(await figures.metrics(), 'requests_total{route="token"}')).toBe(11);
    other.onAsked = () => {
      void dies(other);
      return new Promise(() => {});
    };
    expect(figure(await figures.metrics(), 'requests_total{route="token"}')).toBe(11);
  });

  it('are none where one worker could not read its own', async () => {
    const { figures, other } = start(2);
    other.onAsked = async ({ id }) => ({ curfew: 'figures', id, figures: null });
    await expect(figures.metrics()).rejects.toThrow('could not read');
  });
});
