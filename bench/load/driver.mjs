import { percentile } from '../statistics.mjs';
import { Connection } from './connection.mjs';
import { HttpClient } from './http-client.mjs';
import { life } from './life.mjs';
import { operations } from './operations.mjs';

/*
 * The load generator, a process of its own so that its CPU can be left out. It keeps the items of each pool (refresh
 * chains with their live token, codes to redeem, …) between runs, so that a chain goes on where the last block left it.
 */
const pools = new Map();
const mostExamples = 3;

/** Takes items in turn; a chain that is in flight is not in the queue, so it is never used twice at once. */
class Pool {
  constructor(items) {
    this.items = items;
    this.queue = [...items];
    this.next = 0;
  }

  take() {
    if (this.next >= this.queue.length) return undefined;
    const item = this.queue[this.next];
    this.next += 1;
    if (this.next > 65_536 && this.next * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.next);
      this.next = 0;
    }
    return item;
  }

  giveBack(item) {
    this.queue.push(item);
  }
}

class Tally {
  done = 0;
  wrong = 0;
  examples = [];
  latencies = [];

  async count(since, work) {
    let problem;
    try {
      problem = await work;
    } catch (error) {
      problem = `connection: ${error.message}`;
    }
    this.latencies.push(performance.now() - since);
    this.done += 1;
    if (problem === undefined) return true;
    this.wrong += 1;
    if (this.examples.length < mostExamples) this.examples.push(problem);
    return false;
  }

  summary(began) {
    const seconds = (performance.now() - began) / 1000;
    const sorted = Float64Array.from(this.latencies).sort();
    return {
      done: this.done,
      wrong: this.wrong,
      examples: this.examples,
      seconds,
      perSecond: this.done / seconds,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      p999Ms: percentile(sorted, 0.999),
    };
  }
}

/** Each connection sends its next request when its last one is answered. Stops by time, count, or when items run out. */
async function closedLoop({
  pool,
  operation,
  connections,
  seconds = Number.POSITIVE_INFINITY,
  count = Number.POSITIVE_INFINITY,
  once,
  port,
  ports = [port],
  client,
}) {
  const tally = new Tally();
  const began = performance.now();
  const deadline = began + seconds * 1000;
  let started = 0;
  const worker = async (_, index) => {
    const at = ports[index % ports.length];
    const connection = client === 'node' ? new HttpClient(at, connections) : new Connection(at);
    while (started < count && performance.now() < deadline) {
      const item = pool.take();
      if (!item) break;
      started += 1;
      const right = await tally.count(performance.now(), operation(connection, item));
      if (right && !once) pool.giveBack(item);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return tally.summary(began);
}

/**
 * Requests fall due at a fixed rate whatever the server does, and each one's latency counts from when it was due, so a
 * stalled server cannot hide the requests it kept waiting (no coordinated omission). The timer's own lateness, up to a
 * millisecond, is in the figure.
 */
async function fixedRate({ pool, operation, connections, seconds, rate, once, port }) {
  const tally = new Tally();
  const idle = Array.from({ length: connections }, () => new Connection(port));
  const all = [...idle];
  const flying = new Set();
  const began = performance.now();
  const total = Math.floor(rate * seconds);
  const dispatch = (due) => {
    const connection = idle.pop();
    const item = pool.take();
    if (!connection || !item) {
      if (connection) idle.push(connection);
      return false;
    }
    const flight = tally.count(due, operation(connection, item)).then((right) => {
      if (right && !once) pool.giveBack(item);
      idle.push(connection);
      flying.delete(flight);
    });
    flying.add(flight);
    return true;
  };
  for (let sent = 0; sent < total; ) {
    const due = began + (sent * 1000) / rate;
    if (due > performance.now() || !dispatch(due)) {
      if (performance.now() > began + seconds * 3000) break;
      await new Promise((resolve) => setTimeout(resolve, 1));
    } else sent += 1;
  }
  await Promise.all(flying);
  for (const connection of all) connection.close();
  return { ...tally.summary(began), late: total - tally.done };
}

const methods = {
  load({ pool, items }) {
    pools.set(pool, new Pool(items));
    return { items: items.length };
  },
  async run({ pool, target, operation, options, rate, ...load }) {
    const make = operation === 'life' ? life : operations[operation];
    if (!make) throw new Error(`there is no operation ${operation}`);
    const take = (name) => pools.get(name)?.take();
    const work = { ...load, pool: pools.get(pool), operation: make(target, options, take), rate };
    const summary = await (rate ? fixedRate(work) : closedLoop(work));
    return { ...summary, ...work.operation.counts };
  },
  /** Lets a pool be gone through again from its first item. */
  rewind({ pool }) {
    pools.set(pool, new Pool(pools.get(pool).items));
  },
  /** Removes items from a pool, for another one to use. */
  take({ pool, count }) {
    const from = pools.get(pool);
    const taken = [];
    for (let item = from.take(); item; item = from.take()) {
      taken.push(item);
      if (taken.length === count) break;
    }
    return taken;
  },
  /** Some of a pool's items, evenly spread, as they are now. */
  sample({ pool, count }) {
    const { items } = pools.get(pool);
    const step = Math.max(1, Math.floor(items.length / count));
    return items.filter((_, index) => index % step === 0).slice(0, count);
  },
};

process.on('message', async ({ id, method, argument }) => {
  try {
    process.send?.({ id, result: await methods[method](argument) });
  } catch (error) {
    process.send?.({ id, error: error.message });
  }
});
process.on('disconnect', () => process.exit());
