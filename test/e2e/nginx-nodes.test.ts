import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { isInstalled, type OtherProxy, startNginxForNodes } from '../support/other-proxies.js';
import { freePort } from '../support/ports.js';
import { EngineWorld } from './engine-world.js';
import { acknowledgeWithoutName, countingPassedOn, followThrough } from './passed-on.js';

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
