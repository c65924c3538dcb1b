import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import {
  describeDifferences,
  differencesBetween,
  type PathUpstream,
  routesUnderTest,
  spelledPaths,
  startPathUpstreams,
} from '../support/path-differential.js';
import { testSeed } from '../support/random.js';
import { orders, ProtocolWorld } from './protocol-world.js';

/** `npm run test:chaos` tries a hundred thousand, at Go, nginx, Caddy and HAProxy as well. */
const count = 1_500;

let world: ProtocolWorld;
let gateway: RunningGateway;
let upstreams: readonly PathUpstream[];
let folder: string;

beforeAll(async () => {
  world = await ProtocolWorld.start();
  folder = await mkdtemp(join(tmpdir(), 'curfew-paths-'));
  await writeFile(join(folder, 'secret'), world.clients.api.secret);
  await writeFile(
    join(folder, 'routes.yaml'),
    `
proxies: [127.0.0.1]
forwarded: [x-forwarded]
apis:
  orders: { audience: ${orders}, clientId: ${world.clients.api.id}, clientSecretFile: secret }
routes: ${routesUnderTest('orders')}`,
  );
  gateway = await startGateway(world.server, { CURFEW_GATEWAY_ROUTES: join(folder, 'routes.yaml') });
  upstreams = await startPathUpstreams();
}, 60_000);
afterAll(async () => {
  await Promise.all((upstreams ?? []).map((upstream) => upstream.stop()));
  await gateway?.stop();
  await world?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

it('lets no path pass under a route weaker than that of what an upstream serves for it', async () => {
  const seed = testSeed;
  const found = await differencesBetween(gateway.port, upstreams, spelledPaths(count, seed));
  process.stderr.write(`${describeDifferences(found, seed)}\n`);
  expect(found.weaker).toEqual([]);
  // Otherwise nothing was tried.
  expect(found.passed).toBeGreaterThan(count / 20);
  for (const served of found.served.values()) expect(served.get('open')).toBeGreaterThan(0);
}, 120_000);
