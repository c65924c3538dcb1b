import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { guarded, type TokenFacts, type Verifier } from '@curfew/resource-server';

/** The same orders for everybody: an example. */
const orders = [
  { id: 1, item: 'Reading lamp', status: 'on its way' },
  { id: 2, item: 'Alarm clock', status: 'delivered' },
];

/** Milliseconds between two words of the stream. */
const wordEveryMs = 1_000;

/**
 * A small API: `GET /orders` wants a token, `POST /orders` one with the scope `orders:write`, and `GET /live` is a stream
 * that ends with the session of whoever opened it.
 */
export function ordersApi(verifier: Verifier): Server {
  const list = guarded(verifier, (_request, response, access) => answer(response, 200, access));
  const place = guarded(verifier, (_request, response, access) => answer(response, 201, access), {
    scopes: ['orders:write'],
  });
  const live = guarded(verifier, (request, response, access) => stream(verifier, request, response, access));
  return createServer((request, response) => {
    switch (`${request.method} ${request.url}`) {
      case 'GET /orders':
        return list(request, response);
      case 'POST /orders':
        return place(request, response);
      case 'GET /live':
        return live(request, response);
      default:
        response.writeHead(404).end();
        return undefined;
    }
  });
}

function answer(response: ServerResponse, status: number, { clientId, subject }: TokenFacts): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(`${JSON.stringify({ orders, for: subject ?? clientId })}\n`);
}

function stream(
  verifier: Verifier,
  { headers }: IncomingMessage,
  response: ServerResponse,
  access: TokenFacts,
): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const timer = setInterval(() => response.write('data: still here\n\n'), wordEveryMs);
  const token = (headers.authorization ?? '').replace(/^\S+ +/, '');
  const unwatch = verifier.watch(token, access, () => response.end('data: your session has ended\n\n'));
  response.once('close', () => {
    clearInterval(timer);
    unwatch();
  });
}
