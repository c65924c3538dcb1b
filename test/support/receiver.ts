import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that arrived. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Somebody on loopback who is told about events, and behaves as the test says. */
export interface EventReceiver {
  readonly url: string;
  readonly received: Received[];
  /** From now on: this status, no answer at all, or what the function does. */
  behave(how: number | 'hang' | ((received: Received, response: ServerResponse) => void)): void;
  close(): Promise<void>;
}

/** Starts a receiver that answers 204; on a `port` of its own if given, so that one can come back where it was. */
export async function startReceiver(port = 0): Promise<EventReceiver> {
  const received: Received[] = [];
  let how: Parameters<EventReceiver['behave']>[0] = 204;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text) => (body += text));
    request.on('end', () => {
      const one = { path: request.url ?? '', headers: request.headers, body };
      received.push(one);
      if (how === 'hang') return;
      if (typeof how === 'function') return how(one, response);
      response.statusCode = how;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    behave: (next) => {
      how = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
