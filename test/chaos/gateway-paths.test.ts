import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orders, ProtocolWorld } from '../e2e/protocol-world.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { isInstalled, startProgram } from '../support/other-proxies.js';
import {
  describeDifferences,
  differencesBetween,
  type PathUpstream,
  routesUnderTest,
  spelledPaths,
  startPathUpstreams,
} from '../support/path-differential.js';
import { freePort } from '../support/ports.js';
import { testSeed } from '../support/random.js';

const count = Number(process.env['CURFEW_TEST_PATHS'] ?? 100_000);

/** How other programs serve the same paths, each as its manual shows first. */
const programs: Readonly<Record<string, (folder: string, port: number) => Promise<readonly string[]>>> = {
  async go(folder, port) {
    const handlers = ['/admin', '/admin/', '/reports/{id}/raw', '/Exact', '/open', '/open/', '/'];
    const names = ['admin', 'admin', 'raw', 'exact', 'open', 'open', 'other'];
    const lines = handlers.map(
      (pattern, at) =>
        `http.HandleFunc("${pattern}", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("${names[at]}")) })`,
    );
    await writeFile(
      join(folder, 'main.go'),
      `package main\nimport "net/http"\nfunc main() {\n${lines.join('\n')}\nhttp.ListenAndServe("127.0.0.1:${port}", nil)\n}\n`,
    );
    await writeFile(join(folder, 'go.mod'), 'module upstream\n\ngo 1.22\n');
    const env = { PATH: process.env['PATH'], HOME: folder, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=mod' };
    execFileSync('go', ['build', '-o', 'upstream', '.'], { cwd: folder, env });
    return [join(folder, 'upstream')];
  },
  async nginx(folder, port) {
    const place = (match: string, served: string) => `location ${match} { return 200 ${served}; }`;
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    await writeFile(
      join(folder, 'nginx.conf'),
      `worker_processes 1; error_log stderr crit; pid ${folder}/pid; daemon off; events {} http { access_log off;
      keepalive_requests 1000000;
      ${paths.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
      server { listen 127.0.0.1:${port}; default_type text/plain;
      ${place('= /admin', 'admin')} ${place('/admin/', 'admin')} ${place('~ ^/reports/[^/]+/raw$', 'raw')}
      ${place('= /Exact', 'exact')} ${place('= /open', 'open')} ${place('/open/', 'open')} ${place('/', 'other')} } }`,
    );
    return ['nginx', '-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')];
  },
  async caddy(folder, port) {
    const place = (match: string, served: string) => `handle ${match} {\n respond ${served}\n}\n`;
    await writeFile(
      join(folder, 'Caddyfile'),
      `{\n admin off\n auto_https off\n}\nhttp://127.0.0.1:${port} {\n${place('/admin', 'admin')}${place('/admin/*', 'admin')}${place('/reports/*/raw', 'raw')}${place('/Exact', 'exact')}${place('/open', 'open')}${place('/open/*', 'open')}${place('', 'other')}}\n`,
    );
    return ['caddy', 'run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'];
  },
  async haproxy(folder, port) {
    const serve = (served: string, condition: string) =>
      `http-request return status 200 content-type text/plain string ${served}${condition}`;
    await writeFile(
      join(folder, 'haproxy.cfg'),
      `defaults\n mode http\n timeout connect 2s\n timeout client 60s\n timeout server 60s\nfrontend upstream\n bind 127.0.0.1:${port}\n ${[
        serve('admin', ' if { path,url_dec -i -m reg ^/admin(/.*)?$ }'),
        serve('raw', ' if { path,url_dec -i -m reg ^/reports/[^/]+/raw$ }'),
        serve('exact', ' if { path,url_dec -i /exact }'),
        serve('open', ' if { path,url_dec -m reg ^/open(/.*)?$ }'),
        serve('other', ''),
      ].join('\n ')}\n`,
    );
    return ['haproxy', '-db', '-f', join(folder, 'haproxy.cfg')];
  },
};

let world: ProtocolWorld;
let gateway: RunningGateway;
let folder: string;
let upstreams: PathUpstream[] = [];

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
  upstreams = [...(await startPathUpstreams())];
  for (const [name, prepare] of Object.entries(programs).filter(([one]) => isInstalled(one))) {
    const port = await freePort();
    const { stop } = await startProgram(name, port, prepare);
    upstreams.push({ name, port, stop });
  }
}, 180_000);
afterAll(async () => {
  await Promise.all(upstreams.map((upstream) => upstream.stop()));
  await gateway?.stop();
  await world?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

it('a hundred thousand spellings: none passes under a route weaker than that of what an upstream serves', async () => {
  const seed = testSeed;
  const found = await differencesBetween(gateway.port, upstreams, spelledPaths(count, seed));
  process.stderr.write(`${describeDifferences(found, seed)}\n`);
  expect(found.weaker).toEqual([]);
  for (const served of found.served.values()) expect(served.get('open')).toBeGreaterThan(0);
}, 1_800_000);
