import { exampleOf, operationsOf, targetOf } from './admin-requests.js';
import { type AdminWorld, orders } from './admin-world.js';
import type { KnownWorld } from './generated-requests.js';

/** Everything about an installation that a caller may know: its operations, credentials that let somebody in, and values that mean something. */
export async function knownOf(world: AdminWorld, gatewayPort: number): Promise<KnownWorld> {
  const { body: document } = await world.get('/v1/openapi.json', { token: null });
  const components = document.components.schemas;
  const operations = operationsOf(document)
    .filter(({ scope }) => scope !== null)
    .map((operation) => ({
      method: operation.method,
      target: targetOf(operation, components),
      query: operation.parameters.filter((one) => one.in === 'query').map(({ name }) => name),
      body: operation.body === null ? undefined : exampleOf(operation.body, components),
    }));
  const { access_token, refresh_token } = await world.signIn();
  const basic = ({ client_id, client_secret }: { client_id: string; client_secret: string }) =>
    `Basic ${btoa(`${client_id}:${client_secret}`)}`;
  const { web, service, api, admin, spa, device } = world.data.clients;
  const authority = (url: string) => new URL(url).host;
  return {
    operations,
    credentials: {
      auth: [basic(web), basic(service), basic(api), `Bearer ${access_token}`],
      admin: [`Bearer ${await world.token()}`],
      gateway: [`Bearer ${access_token}`],
    },
    values: [web, spa, device, api, admin]
      .flatMap(({ client_id, redirect_uris }) => [client_id, ...(redirect_uris ?? [])])
      .concat(access_token, refresh_token, orders, world.adminUrl, world.server.issuer),
    hosts: {
      auth: [authority(world.server.issuer)],
      admin: [authority(world.adminUrl)],
      gateway: [
        'orders.example.test',
        'ORDERS.example.test',
        'orders.example.test:80',
        'asked.example.test',
        `127.0.0.1:${gatewayPort}`,
      ],
    },
  };
}
