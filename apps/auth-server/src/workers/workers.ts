import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { closeWhatTheDeadWereHanded } from './handed-connections.js';
import { isWord, type WordToPrimary, type WordToWorker } from './messages.js';

/** The dependencies of the workers. */
export interface WorkersParts {
  readonly count: number;
  /** Milliseconds a worker that is told to stop may take before it is killed. */
  readonly patienceMs: number;
  readonly log: Logger;
  /** Hears what is not about starting: figures, and questions about passwords. */
  readonly onMessage: (worker: Worker, message: unknown) => void;
  readonly onEnd: (worker: Worker) => void;
  /** It is no use: every worker is gone, and this is the status of the one that shows why. */
  readonly onGivenUp: (status: number) => void;
}

interface Place {
  readonly number: number;
  worker: Worker | undefined;
  /** Whether it listens to the primary, is built, takes requests. */
  here: boolean;
  built: boolean;
  serving: boolean;
  /** When it began to serve, in steady milliseconds. */
  since: number;
  /** Ends in a row without a while of service between them; each makes the pause before the next start longer. */
  ends: number;
  /** Starts in a row that did not come to serving. */
  failedStarts: number;
}

const firstPauseMs = 100;
const maxPauseMs = 30_000;
/** A worker that served for so long did not end because of its start. */
const settledMs = 10_000;
/** The primary gives up after so many failed starts of one worker in a row, if nobody else serves. */
const maxFailedStarts = 5;

/**
 * The workers of one machine. The first builds alone, because it migrates; then the others; when all are built they
 * listen, on one port. One that dies later is replaced, while the others go on.
 */
export class Workers {
  readonly #places: readonly Place[];
  /** Places whose next worker is started when their pause is over. */
  readonly #pauses = new Map<Place, NodeJS.Timeout>();
  /** Whether the first one has migrated, and made what a first start makes. */
  #installed = false;
  /** Whether workers may listen as soon as they are built. */
  #open = false;
  /** Whether all have served at one time. */
  #complete = false;
  #stopping: Promise<boolean> | undefined;
  #everyoneServes: (port: number) => void = () => {};
  /** Workers started in place of others. */
  replaced = 0;

  constructor(private readonly parts: WorkersParts) {
    this.#places = Array.from({ length: parts.count }, (_, index) => ({
      number: index + 1,
      worker: undefined,
      here: false,
      built: false,
      serving: false,
      since: 0,
      ends: 0,
      failedStarts: 0,
    }));
    // The terminal is the primary's.
    cluster.setupPrimary({ stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  /** Starts the workers; resolves with the port when all of them serve. If they cannot start, onGivenUp is called instead. */
  start(): Promise<number> {
    const served = new Promise<number>((resolve) => {
      this.#everyoneServes = resolve;
    });
    for (const place of this.#places) this.#fork(place);
    return served;
  }

  /** Those that serve at the moment. */
  get serving(): readonly Worker[] {
    return this.#places.flatMap(({ worker, serving }) => (worker && serving ? [worker] : []));
  }

  /** Lets all finish what they began; kills those that take too long. Whether every one went of its own accord. */
  stop(): Promise<boolean> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<boolean> {
    for (const pause of this.#pauses.values()) clearTimeout(pause);
    const gone = this.#places.flatMap(({ worker }) => (worker ? [this.#stopOne(worker)] : []));
    return (await Promise.all(gone)).every((clean) => clean);
  }

  #stopOne(worker: Worker): Promise<boolean> {
    return new Promise((resolve) => {
      let killed = false;
      const late = setTimeout(() => {
        killed = true;
        worker.process.kill('SIGKILL');
      }, this.parts.patienceMs);
      worker.once('exit', (code) => {
        clearTimeout(late);
        resolve(!killed && (code ?? 0) === 0);
      });
      worker.process.kill('SIGTERM');
    });
  }

  #fork(place: Place): void {
    const worker = cluster.fork();
    closeWhatTheDeadWereHanded(worker);
    Object.assign(place, { worker, here: false, built: false, serving: false });
    const { onMessage, log } = this.parts;
    worker.on('message', (message) => {
      if (isWord<WordToPrimary>(message) && message.curfew !== 'figures') this.#heard(place, message);
      else onMessage(worker, message);
    });
    // A worker that could not be born at all has no exit.
    worker.on('error', (err) => {
      log.error({ err, worker: place.number }, 'a worker could not be started or reached');
      if (worker.process.pid === undefined) this.#ended(place, worker, null, null);
    });
    worker.once('exit', (code, signal) => this.#ended(place, worker, code, signal));
  }

  #heard(place: Place, word: Exclude<WordToPrimary, { curfew: 'figures' }>): void {
    const { worker } = place;
    if (!worker || this.#stopping) return;
    if (word.curfew === 'here') {
      place.here = true;
      if (place.number === 1 || this.#installed) this.#build(place);
    } else if (word.curfew === 'built') {
      place.built = true;
      if (this.#open) tell(worker, { curfew: 'listen' });
      else if (this.#places.every(({ built }) => built)) this.#letAllListen();
      if (!this.#installed) this.#letOthersBuild();
    } else {
      Object.assign(place, { serving: true, since: performance.now(), failedStarts: 0 });
      if (this.#complete || !this.#places.every(({ serving }) => serving)) return;
      this.#complete = true;
      this.#everyoneServes(word.port);
    }
  }

  #build({ worker, number }: Place): void {
    if (worker) tell(worker, { curfew: 'build', worker: number, installs: !this.#installed });
  }

  #letOthersBuild(): void {
    this.#installed = true;
    for (const place of this.#places) if (place.here && !place.built) this.#build(place);
  }

  #letAllListen(): void {
    this.#open = true;
    for (const { worker } of this.#places) if (worker) tell(worker, { curfew: 'listen' });
  }

  #ended(place: Place, worker: Worker, code: number | null, signal: string | null): void {
    if (place.worker !== worker) return;
    const { serving, since } = place;
    const settled = serving && performance.now() - since > settledMs;
    Object.assign(place, { worker: undefined, here: false, built: false, serving: false });
    this.parts.onEnd(worker);
    if (this.#stopping) return;
    place.ends = settled ? 1 : place.ends + 1;
    // A worker that served can be started, whatever ended it since.
    if (!serving) place.failedStarts += 1;
    this.parts.log.error({ worker: place.number, code, signal }, 'a worker ended');
    if (!serving && this.#isHopeless(place)) {
      this.parts.onGivenUp(code || 1);
      return;
    }
    this.#startLater(place);
    if (this.serving.length === 0) this.#startWithoutDelay();
  }

  /** The first start of all fails at once, as one process would; later the service outlives some failed starts. */
  #isHopeless({ failedStarts }: Place): boolean {
    if (!this.#complete) return true;
    return failedStarts >= maxFailedStarts && this.serving.length === 0;
  }

  #startLater(place: Place): void {
    const pauseMs = Math.min(firstPauseMs * 2 ** (place.ends - 1), maxPauseMs);
    this.#pauses.set(
      place,
      setTimeout(() => this.#startAgain(place), pauseMs),
    );
  }

  /** Pauses spare those who serve; while nobody serves there is nobody to spare. */
  #startWithoutDelay(): void {
    for (const [place, pause] of this.#pauses) {
      clearTimeout(pause);
      this.#startAgain(place);
    }
  }

  #startAgain(place: Place): void {
    this.#pauses.delete(place);
    this.replaced += 1;
    this.#fork(place);
  }
}

/** A worker that cannot be reached is exiting, which the exit event reports. */
function tell(worker: Worker, word: WordToWorker): void {
  worker.send(word, undefined, undefined, () => {});
}
