import { accessOf, fastifyGuard, fastifyMetadata, type Verifier } from '@curfew/resource-server';
import { type FastifyInstance, fastify } from 'fastify';

/** Orders, on Fastify. */
export function fastifyOrders(verifier: Verifier): FastifyInstance {
  const app = fastify();
  app.addHook('onRequest', fastifyMetadata(verifier));
  app.get('/orders', { onRequest: fastifyGuard(verifier, { scopes: ['orders:read'] }) }, async (request) => ({
    client: accessOf(request).clientId,
  }));
  app.post(
    '/orders',
    { onRequest: fastifyGuard(verifier, { scopes: ['orders:write'] }) },
    async (request, reply) => {
      reply.code(201);
      return { client: accessOf(request).clientId };
    },
  );
  return app;
}
