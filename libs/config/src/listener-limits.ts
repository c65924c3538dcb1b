import type { Server } from 'node:http';
import type { Milliseconds } from './values.js';

/** How long a client may take with the head of a request, and with all of it. */
interface Patience {
  readonly headersTimeoutMs: Milliseconds | number;
  readonly requestTimeoutMs: Milliseconds | number;
}

/** What every listener tells Node's http server about slow clients. */
export const listenerLimits = ({ headersTimeoutMs, requestTimeoutMs }: Patience) => ({
  headersTimeout: headersTimeoutMs,
  requestTimeout: requestTimeoutMs,
  keepAliveTimeout: 65_000,
  // Node looks for slow clients every half minute by default, which would be the real limit then.
  connectionsCheckingInterval: 1_000,
});

/**
 * Lets a request with an expectation that nobody knows be answered like any other (RFC 9110 §10.1.1). Node would answer it with a 417
 * before the request is seen: without its number, without the headers that every answer has, and without a line in the log.
 */
export function answerDespiteExpectations(server: Server): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}
