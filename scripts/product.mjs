import net from 'node:net';
import { RunningService } from './running-service.mjs';
import { services } from './services.mjs';

/** Something a person can mend; shown without a stack. */
export class CannotStart extends Error {}

/** All services of the product, as one thing that can be started and stopped. */
export class Product {
  /** @type {RunningService[]} */
  #running = [];

  /** @param {{ env: NodeJS.ProcessEnv, home: string, onDeath: (service: RunningService, status: string) => void }} surroundings */
  constructor(surroundings) {
    this.surroundings = surroundings;
  }

  /** The authorization server first, because it makes what the others rely on; then the others together. @param {(line: string) => void} say */
  async start(say) {
    const [first, ...others] = services(this.surroundings.env);
    if (!first) throw new CannotStart('There is nothing to start: no service has been built.');
    for (const service of [first, ...others]) await refuseBusyPort(service);
    await this.#startOne(first, say);
    await Promise.all(others.map((service) => this.#startOne(service, say)));
  }

  /** @param {ReturnType<typeof services>[number]} service @param {(line: string) => void} say */
  async #startOne(service, say) {
    say(`Starting the ${service.title.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())}`);
    const running = new RunningService(service, this.surroundings);
    this.#running.push(running);
    if (await running.ready()) return;
    running.kill();
    throw new CannotStart(
      `${service.title} did not start:\n${running.lastWords || '(it printed nothing)'}\n\nIts log: ${running.logFile}`,
    );
  }

  /** The last started stops first. */
  async stop() {
    const [first, ...others] = this.#running.splice(0);
    await Promise.all(others.map((service) => service.stop()));
    await first?.stop();
  }
}

/** Says which port is taken, before a service fails on it in its own words. @param {ReturnType<typeof services>[number]} service */
async function refuseBusyPort({ title, port, portSetting }) {
  // Both addresses of `localhost` are tried, because another program on one of them would get half of the requests.
  const busy = await Promise.all(['127.0.0.1', '::1'].map((host) => isTaken(host, port)));
  if (busy.includes(true))
    throw new CannotStart(
      `Port ${port} (${title}) is taken by another program. Stop that, or choose another port with ${portSetting}.`,
    );
}

/** @param {string} host @param {number} port */
function isTaken(host, port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', (/** @type {NodeJS.ErrnoException} */ error) =>
      resolve(error.code === 'EADDRINUSE'),
    );
    server.listen({ host, port, ipv6Only: true }, () => server.close(() => resolve(false)));
  });
}
