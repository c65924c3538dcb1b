import type { Worker } from 'node:cluster';
import { answerHashing } from '@curfew/accounts';
import type { Configuration } from '@curfew/config';
import { createLog, exitWhenParentDies, serveMetrics, stopOnSignals } from '@curfew/web';
import { Gauge } from 'prom-client';
import { hashingBeside } from '../hashing-beside.js';
import { isWord, type WordToPrimary } from './messages.js';
import { WorkerFigures } from './worker-figures.js';
import { Workers } from './workers.js';

/** Time to write pending changes, beyond the time for requests. */
const farewellMs = 10_000;

/**
 * Runs several workers on one port: starts them, replaces those that die, stops them, adds up their figures, and has the one
 * process that hashes passwords for all of them. It answers no request itself.
 */
export async function runPrimary(configuration: Configuration): Promise<void> {
  const { workers: count, limits, issuer, listen } = configuration;
  const log = createLog('auth-server', configuration.logLevel);
  const hashing = hashingBeside(configuration, log);
  hashing.start();
  const figures = new WorkerFigures(() => workers.serving.map(asSource));
  const workers = new Workers({
    count,
    patienceMs: limits.shutdownDelayMs + limits.shutdownGraceMs + farewellMs,
    log,
    onMessage(worker, message) {
      if (isWord<WordToPrimary>(message) && message.curfew === 'figures') figures.heard(message);
      else answerHashing(hashing, message, (answer) => worker.send(answer, undefined, undefined, () => {}));
    },
    onEnd: (worker) => void figures.departed(worker.id),
    onGivenUp: (status) => {
      log.fatal({ status }, 'the workers cannot be kept running');
      void workers.stop().finally(() => process.exit(status));
    },
  });
  countWorkers(workers, figures);
  const stop = async (): Promise<boolean> => {
    const clean = await workers.stop();
    await hashing.stop();
    return clean;
  };
  stopOnSignals(stop, log);
  exitWhenParentDies(process.env, {
    graceMs: limits.shutdownDelayMs + limits.shutdownGraceMs + 2 * farewellMs,
  });
  const port = await workers.start();
  await serveMetrics(figures, listen.metrics, log);
  log.info({ issuer, port, workers: count }, 'the authorization server is ready');
}

const asSource = (worker: Worker) => ({
  id: worker.id,
  send: (word: object) => void worker.send(word, undefined, undefined, () => {}),
});

function countWorkers(workers: Workers, { own }: WorkerFigures): void {
  new Gauge({
    name: 'curfew_workers_serving',
    help: 'Workers of this machine that take requests.',
    registers: [own],
    collect() {
      this.set(workers.serving.length);
    },
  });
  new Gauge({
    name: 'curfew_workers_replaced',
    help: 'Workers that died and were replaced since the start.',
    registers: [own],
    collect() {
      this.set(workers.replaced);
    },
  });
}
