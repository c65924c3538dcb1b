import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientService } from '@curfew/clients';
import { Clock } from '@curfew/clock';
import { instant } from '@curfew/session-policy';
import type { TestDatabase } from './database.js';
import { type RunningGateway, startGateway } from './gateway.js';
import { type OtherProxy, startOtherProxy } from './other-proxies.js';
import { freePort } from './ports.js';
import type { RunningServer } from './server.js';
import { startUpstream, type Upstream } from './upstream.js';

class HostClock extends Clock {
  now() {
    return instant(performance.timeOrigin + performance.now());
  }
}

const form: Readonly<Record<string, string>> = {
  nginx: 'x-original',
  haproxy: 'x-forwarded',
  caddy: 'x-forwarded',
  traefik: 'x-forwarded',
  envoy: 'itself',
};

/** An application behind another proxy, by the example `shop` under deploy/, to which a gateway signs people in. */
export interface Shop {
  /** The host and port that browsers know. */
  readonly host: string;
  readonly url: string;
  readonly clientId: string;
  readonly proxy: OtherProxy;
  readonly gateway: RunningGateway;
  readonly upstream: Upstream;
  stop(): Promise<void>;
}

/** The installation that a shop belongs to. */
export interface ShopOwner {
  readonly server: RunningServer;
  readonly database: TestDatabase;
  /** The resource whose tokens the gateway takes, and the client that asks about them. */
  readonly api: { readonly audience: string; readonly id: string; readonly secret: string };
}

/** Starts a shop behind this proxy. */
export async function startShop(name: string, { server, database, api }: ShopOwner): Promise<Shop> {
  const [port, upstream, folder] = [
    await freePort(),
    await startUpstream(),
    await mkdtemp(join(tmpdir(), `curfew-shop-${name}-`)),
  ];
  const host = `127.0.0.1:${port}`;
  const clients = new ClientService({
    prisma: database.prisma({ CURFEW_DATABASE_POOL_SIZE: '1' }),
    clock: new HostClock(),
    rules: { allowPrivateAddresses: true },
  });
  const { client, secret } = await clients.create({
    client_name: `Shop behind ${name}`,
    redirect_uris: [`http://${host}/.curfew/callback`],
    post_logout_redirect_uris: [`http://${host}/bye`],
    grant_types: ['authorization_code', 'refresh_token'],
    resources: [api.audience],
  });
  await writeFile(join(folder, 'api'), api.secret);
  await writeFile(join(folder, 'shop'), secret!);
  await writeFile(join(folder, 'cookies'), randomBytes(32).toString('hex'));
  const at = `hosts: ['${host}'], schemes: [http]`;
  await writeFile(
    join(folder, 'routes.yaml'),
    `
proxies: [127.0.0.1]
forwarded: [${form[name]}]
timeouts: { fresh: { maxAuthAge: 1s } }
apis:
  orders: { audience: ${api.audience}, clientId: ${api.id}, clientSecretFile: api }
browsers:
  shop:
    api: orders
    clientId: ${client.id}
    clientSecretFile: shop
    cookieSecretFile: cookies
    scopes: [openid, 'orders:read']
    afterSignOut: /bye
routes:
  - { name: bye, ${at}, path: /bye, public: true }
  - { name: api, ${at}, path: /api/**, api: orders, cors: ['https://app.example.test'] }
  - { name: admin, ${at}, path: /admin/**, api: orders, browser: shop, acr: ['urn:curfew:acr:mfa'] }
  - { name: fresh, ${at}, path: /fresh, api: orders, browser: shop, timeouts: fresh }
  - { name: shop, ${at}, api: orders, browser: shop }
`,
  );
  const gateway = await startGateway(server, { CURFEW_GATEWAY_ROUTES: join(folder, 'routes.yaml') });
  const proxy = await startOtherProxy(name, {
    gatewayPort: gateway.port,
    upstreamPort: upstream.port,
    host: '127.0.0.1',
    example: 'shop',
    port,
  });
  return {
    host,
    url: `http://${host}`,
    clientId: client.id,
    proxy,
    gateway,
    upstream,
    async stop() {
      await proxy.stop();
      await gateway.stop();
      await upstream.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
