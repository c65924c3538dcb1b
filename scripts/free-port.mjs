import { randomInt } from 'node:crypto';
import net from 'node:net';

/** Whether nobody uses a port of loopback. @param {number} port @returns {Promise<boolean>} */
export function isFree(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * A free port of loopback from below the range that outgoing connections are given theirs from, so that none of those takes it before it
 * is used.
 */
export async function freePort() {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new Error('there is no free port between 20000 and 32000');
}
