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
