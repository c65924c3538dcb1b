import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type EngineClient, EngineWorld, type Tokens } from '../e2e/engine-world.js';
import { asHeader } from '../e2e/protocol-world.js';
import { isInstalled, type OtherProxy, startProgram } from '../support/other-proxies.js';
import { freePort } from '../support/ports.js';

const canRun = isInstalled('haproxy');
if (!canRun) console.warn('haproxy is not installed: rolling restarts behind it are not tried');
const restarts = Number(process.env['CURFEW_TEST_RESTARTS'] ?? 20);

let world: EngineWorld;
let proxy: OtherProxy;
beforeAll(async () => {
  if (!canRun) return;
  world = await EngineWorld.start({ nodes: 3, settings: { CURFEW_SHUTDOWN_DELAY: '2s' } });
  const servers = world.nodes.map(({ port }, index) => `  server node${index} 127.0.0.1:${port}`).join('\n');
  proxy = await startProgram('haproxy', await freePort(), async (folder, port) => {
    const file = join(folder, 'haproxy.cfg');
    await writeFile(file, configuration(port, servers));
    return ['haproxy', '-db', '-f', file];
  });
}, 120_000);
afterAll(async () => {
  await proxy?.stop();
  await world?.stop();
}, 60_000);

/** The example that operators are given, with the addresses of this machine. */
function configuration(port: number, servers: string): string {
  const example = readFileSync('deploy/haproxy/login.cfg', 'utf8');
  const local = example
    .replace(/bind :443 .*/, `bind 127.0.0.1:${port}`)
    .replace('hdr Host login.example.com', '')
    // There is no TLS here, and cookies that demand it would not come back.
    .replace('X-Forwarded-Proto https', 'X-Forwarded-Proto http')
    .replace(/(?: +server node\d+ .*\n)+/, `${servers}\n`);
  if (!local.includes(servers) || local.includes('example.com')) throw new Error('the example has changed');
  return local;
}

(canRun ? it : it.skip)(
  'three nodes behind HAProxy are restarted one after the other under load, and no request is cut',
  async () => {
    const client = await world.client({}, { absoluteLifetime: '24h' });
    const agent = new http.Agent({ keepAlive: true });
    const sessions: Tokens[] = [];
    for (let n = 0; n < 6; n += 1) sessions.push(await world.signIn(client));
    let isOver = false;
    const failures: string[] = [];
    let answered = 0;
    const people = sessions.map(async (tokens) => {
      let latest: Tokens = tokens;
      while (!isOver && failures.length === 0) {
        const { status, text } = await refresh(agent, client, latest.refresh_token);
        if (status === 200) latest = JSON.parse(text) as Tokens;
        else failures.push(`${status} ${text}`);
        answered += 1;
      }
    });
    for (let round = 0; round < restarts; round += 1) {
      await world.replace(round % 3, {});
      await pause(1_000);
    }
    isOver = true;
    await Promise.all(people);
    agent.destroy();
    console.log(`${answered} refreshes during ${restarts} restarts`);
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(restarts * 20);
    await world.check();
  },
  restarts * 30_000,
);

function refresh(
  agent: http.Agent,
  client: EngineClient,
  token: string,
): Promise<{ status: number; text: string }> {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }).toString();
  return new Promise((resolve) => {
    const request = http.request(
      `${proxy.url}/token`,
      {
        method: 'POST',
        agent,
        headers: {
          // The proxy hands the public name on.
          Host: new URL(world.issuer).host,
          'Content-Type': 'application/x-www-form-urlencoded',
          ...asHeader(client as never),
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.once('error', (error) => resolve({ status: 0, text: error.message }));
      },
    );
    request.once('error', (error) => resolve({ status: 0, text: error.message }));
    request.end(body);
  });
}
