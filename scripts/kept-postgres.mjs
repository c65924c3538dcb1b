import { setTimeout as pause } from 'node:timers/promises';
import { startPostgres } from './embedded-postgres.mjs';

// A person who runs `npm start` sees a terminal, not the logs, so a database that dies is reported there and started again.

/** Dying again so soon after it was started again is no accident. */
const soonMs = 60_000;
/** Children of a postmaster that was killed notice within moments; until then its successor finds their memory in use and gives up. */
const attempts = 20;
const betweenAttemptsMs = 500;

/** A PostgreSQL of our own that is started again when it ends without being told to. */
export class KeptPostgres {
  #cluster;
  #home;
  #surroundings;
  #stopping = false;
  #revivedAt = -Infinity;
  /** @type {Promise<void>} */
  #reviving = Promise.resolve();
  #said = '';

  /** @typedef {{ tell: (line: string) => void, onLost: (why: string) => void }} Surroundings */

  /** @param {string} home @param {Surroundings} surroundings */
  static async start(home, surroundings) {
    const kept = new KeptPostgres(home, surroundings);
    kept.#watch(await kept.#start());
    return kept;
  }

  /** @param {string} home @param {Surroundings} surroundings */
  constructor(home, surroundings) {
    this.#home = home;
    this.#surroundings = surroundings;
  }

  get url() {
    return this.#cluster.url;
  }

  get port() {
    return this.#cluster.port;
  }

  async stop() {
    this.#stopping = true;
    await this.#reviving;
    await this.#cluster.stop();
  }

  #start() {
    return startPostgres({
      home: this.#home,
      onLog: (line) => {
        this.#said = `${this.#said}${line}\n`.slice(-2_000);
      },
    });
  }

  /** @param {import('./embedded-postgres.mjs').Cluster} cluster */
  #watch(cluster) {
    this.#cluster = cluster;
    cluster.ended.then((how) => {
      if (!this.#stopping) this.#reviving = this.#revive(how);
    });
  }

  /** @param {string} how it ended */
  async #revive(how) {
    const { tell, onLost } = this.#surroundings;
    if (performance.now() - this.#revivedAt < soonMs)
      return onLost(`PostgreSQL ended unexpectedly again (${how}):\n${this.#said.trimEnd()}`);
    tell(`PostgreSQL ended unexpectedly (${how}); starting it again …`);
    this.#revivedAt = performance.now();
    const before = this.url;
    try {
      const cluster = await this.#startAgain();
      if (!cluster) return;
      this.#watch(cluster);
    } catch (error) {
      return onLost(`PostgreSQL ended unexpectedly (${how}) and cannot be started again: ${error.message}`);
    }
    // The services know the address of before.
    if (this.url !== before)
      return onLost('PostgreSQL ended unexpectedly, and meanwhile another program took its port.');
    tell('PostgreSQL runs again; every committed change is there.');
  }

  async #startAgain() {
    for (let attempt = 1; !this.#stopping; attempt += 1) {
      try {
        return await this.#start();
      } catch (error) {
        if (attempt === attempts) throw error;
        await pause(betweenAttemptsMs);
      }
    }
    return undefined;
  }
}
