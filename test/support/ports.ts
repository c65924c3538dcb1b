import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A port of loopback that was free a moment ago, from below the range that outgoing connections are given theirs from: in a busy test
 * run one of those would take it before the server does.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
