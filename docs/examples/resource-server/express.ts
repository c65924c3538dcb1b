import { accessOf, expressGuard, metadataEndpoint, type Verifier } from '@curfew/resource-server';
import express, { type Express } from 'express';

/** Orders, on Express. */
export function expressOrders(verifier: Verifier): Express {
  const app = express();
  app.use(metadataEndpoint(verifier));
  app.get('/orders', expressGuard(verifier, { scopes: ['orders:read'] }), (request, response) => {
    response.json({ client: accessOf(request).clientId });
  });
  app.post('/orders', expressGuard(verifier, { scopes: ['orders:write'] }), (request, response) => {
    response.status(201).json({ client: accessOf(request).clientId });
  });
  return app;
}
