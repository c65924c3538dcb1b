import { createServer, type Server } from 'node:http';
import { guarded, type Verifier } from '@curfew/resource-server';

/** Orders, on Node's own http server. */
export const plainOrders = (verifier: Verifier): Server =>
  createServer(
    guarded(
      verifier,
      (_request, response, access) => response.end(JSON.stringify({ client: access.clientId })),
      { scopes: ['orders:read'] },
    ),
  );
