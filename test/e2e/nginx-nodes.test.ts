import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { isInstalled, type OtherProxy, startNginxForNodes } from '../support/other-proxies.js';
import { freePort } from '../support/ports.js';
import { proxyTo } from '../support/proxy.js';
import { EngineWorld, orders } from './engine-world.js';
import { acknowledgeWithoutName, countingPassedOn, followThrough } from './passed-on.js';
import { asHeader, authorizationRequest, pkce } from './protocol-world.js';

const canRun = isInstalled('nginx');
if (!canRun) console.warn('nginx is not installed: several nodes behind it are not tried');

let world: EngineWorld;
let proxy: OtherProxy;
beforeAll(async () => {
  if (!canRun) return;
  const port = await freePort();
  world = await EngineWorld.start({ settings: { CURFEW_ISSUER: `http://localhost:${port}` } });
  const nodes = world.nodes.map((node) => ({ port: node.port, name: `${hostname()}:${node.port}` }));
  expect(nodes).toHaveLength(2);
  proxy = await startNginxForNodes(port, nodes);
}, 120_000);
afterAll(async () => {
  await proxy?.stop();
  await world?.stop();
}, 60_000);

(canRun ? it : it.skip)(
  'nginx brings each acknowledgement to the node of its stream by the map that operators are given, and no node passes one on',
  async () => {
    const passedOn = await countingPassedOn(world);
    const follower = await followThrough(world);
    try {
      const before = passedOn.count();
      await pause(4_000);
      expect(follower.following).toBe(true);
      expect(passedOn.count()).toBe(before);
      await acknowledgeWithoutName(world);
      expect(passedOn.count()).toBeGreaterThan(before);
    } finally {
      await follower.close();
      await passedOn.end();
    }
  },
  60_000,
);

(canRun ? it : it.skip)(
  'a node whose database is away answers nobody who asks again elsewhere, and no header picks it for a sign-in or a token',
  async () => {
    const web = await world.client();
    const way = await proxyTo(world.database.url);
    try {
      await world.replace(1, { DATABASE_URL: way.url, CURFEW_DATABASE_CONNECT_TIMEOUT: '1s' });
      way.cut();
      const { port } = world.nodes[1]!;
      const isReady = async () => (await fetch(`http://127.0.0.1:${port}/health/ready`)).status === 200;
      await world.until('it is not ready', async () => !(await isReady()), 30_000);
      const headers = { 'session-feed-node': `${hostname()}:${port}` };
      const request = authorizationRequest(web as never, world.callback, {
        resource: orders,
        code_challenge: pkce().challenge,
        code_challenge_method: 'S256',
      });
      const begun: number[] = [];
      const tokens: number[] = [];
      const times = Array.from({ length: 12 });
      for (const _ of times)
        begun.push(
          (await fetch(`${world.issuer}/authorize?${request}`, { redirect: 'manual', headers })).status,
        );
      for (const _ of times)
        tokens.push(
          (
            await fetch(`${world.issuer}/token`, {
              method: 'POST',
              headers: { ...headers, ...asHeader(web as never) },
              body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'cfw_rt_x' }),
            })
          ).status,
        );
      expect(begun.filter((status) => status >= 500)).toEqual([]);
      // Some may have met the node, which refuses; none of them was led there by its header.
      expect(tokens).toContain(400);
    } finally {
      await way.close();
    }
  },
  90_000,
);
