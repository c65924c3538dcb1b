import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createVerifier, type Verifier, type VerifierOptions } from '@curfew/resource-server';
import { NestFactory } from '@nestjs/core';
import { expressOrders } from '../../docs/examples/resource-server/express.js';
import { fastifyOrders } from '../../docs/examples/resource-server/fastify.js';
import { nestOrders } from '../../docs/examples/resource-server/nest.js';
import { plainOrders } from '../../docs/examples/resource-server/plain.js';
import { orders, ProtocolWorld } from './protocol-world.js';

let world: ProtocolWorld;
let options: VerifierOptions;
beforeAll(async () => {
  world = await ProtocolWorld.start();
  const { id: clientId, secret: clientSecret } = world.clients.api;
  options = { issuer: world.issuer, clientId, clientSecret, audience: orders, metadata: { name: 'Orders' } };
}, 60_000);
afterAll(() => world?.stop());

interface Running {
  readonly url: string;
  stop(): Promise<unknown>;
}

async function listening(server: Server, stop: () => Promise<unknown>): Promise<Running> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop };
}

const closing = (server: Server, verifier: Verifier) => async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await verifier.close();
};

const ways: Record<string, () => Promise<Running>> = {
  'plain Node': async () => {
    const verifier = createVerifier(options);
    const server = plainOrders(verifier);
    return listening(server, closing(server, verifier));
  },
  Express: async () => {
    const verifier = createVerifier(options);
    const server = createServer(expressOrders(verifier) as unknown as RequestListener);
    return listening(server, closing(server, verifier));
  },
  Fastify: async () => {
    const verifier = createVerifier(options);
    const app = fastifyOrders(verifier);
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    return { url, stop: async () => Promise.all([app.close(), verifier.close()]) };
  },
  Nest: async () => {
    const app = await NestFactory.create(nestOrders(options), { logger: false, forceCloseConnections: true });
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, stop: () => app.close() };
  },
};

describe.each(Object.keys(ways))('an API on %s', (way) => {
  let api: Running;
  const call = (token?: string, method = 'GET', path = '/orders') =>
    fetch(`${api.url}${path}`, { method, headers: token ? { authorization: `Bearer ${token}` } : {} });
  const signIn = async () =>
    (await world.signIn(world.clients.web, { resource: orders, scope: 'openid orders:read' })).body;

  beforeAll(async () => {
    api = await ways[way]!();
  });
  afterAll(() => api?.stop());

  it('serves whoever has a good token with the scope', async () => {
    const answer = await call((await signIn()).access_token);
    expect([answer.status, await answer.json()]).toEqual([200, { client: world.clients.web.id }]);
  });

  it('challenges whoever has none', async () => {
    const answer = await call();
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer scope="orders:read", resource_metadata="${orders}/.well-known/oauth-protected-resource"`,
    ]);
  });

  it('says where to sign in to anybody who asks for its metadata (RFC 9728)', async () => {
    const answer = await call(undefined, 'GET', '/.well-known/oauth-protected-resource');
    expect([answer.status, answer.headers.get('content-type'), await answer.json()]).toEqual([
      200,
      'application/json',
      {
        resource: orders,
        authorization_servers: [world.issuer],
        bearer_methods_supported: ['header'],
        resource_name: 'Orders',
      },
    ]);
    expect((await call(undefined, 'OPTIONS', '/.well-known/oauth-protected-resource')).status).toBe(204);
  });

  it('says which scope is missing', async () => {
    if (way === 'plain Node') return;
    const answer = await call((await signIn()).access_token, 'POST');
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    expect(answer.headers.get('www-authenticate')).toContain('scope="orders:write"');
    expect(await answer.json()).toMatchObject({ error: 'insufficient_scope' });
  });

  it('serves nobody any more whose session ended', async () => {
    const { access_token: token, refresh_token: refreshToken } = await signIn();
    expect((await call(token)).status).toBe(200);
    await world.revoke(world.clients.web, refreshToken);
    const ended = performance.now();
    while ((await call(token)).status !== 401) expect(performance.now() - ended).toBeLessThan(2_000);
    expect((await call(token)).headers.get('www-authenticate')).toContain('error="invalid_token"');
  });
});

it('lets everybody in where a Nest handler says so', async () => {
  const api = await ways['Nest']!();
  const answer = await fetch(`${api.url}/orders/opening-hours`);
  expect([answer.status, await answer.json()]).toEqual([200, { always: true }]);
  await api.stop();
});
