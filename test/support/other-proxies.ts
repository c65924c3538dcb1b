import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { freePort } from './ports.js';

/** A reverse proxy somebody else wrote, running by the configuration we give away for it. */
export interface OtherProxy {
  readonly url: string;
  output(): string;
  stop(): Promise<void>;
}

/** The addresses to which the example configurations point in this test. */
export interface Surroundings {
  readonly gatewayPort: number;
  readonly upstreamPort: number;
  readonly host: string;
  /** The example to start: the API, or the application to which people are signed in. */
  readonly example?: 'orders' | 'shop';
  /** The port to listen on; a free one if it does not matter. */
  readonly port?: number;
}

type Start = (folder: string, port: number, where: Surroundings) => Promise<readonly string[]>;

const addresses = (text: string, { gatewayPort, upstreamPort, host }: Surroundings): string =>
  text
    .replaceAll('127.0.0.1:3002', `127.0.0.1:${gatewayPort}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${upstreamPort}`)
    .replaceAll(/(orders|shop)\.example\.com/g, host);

async function nginxBy(example: string, folder: string, port: number): Promise<readonly string[]> {
  const plain = example.replace('listen 443 ssl;', `listen 127.0.0.1:${port};`).replace(/^ *ssl_.*$/gm, '');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const around = `worker_processes 1; error_log stderr warn; pid ${folder}/pid; daemon off;
    events {} http { access_log off; ${paths.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
    include example.conf; }`;
  await writeFile(join(folder, 'example.conf'), plain);
  await writeFile(join(folder, 'nginx.conf'), around);
  return ['nginx', '-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')];
}

/** The text of an example, with our addresses in it. */
const exampleOf = async (files: { readonly [Name in 'orders' | 'shop']: string }, where: Surroundings) =>
  addresses(await readFile(`deploy/${files[where.example ?? 'orders']}`, 'utf8'), where);

/** Each by the example under deploy/, with our ports, without TLS, as an ordinary program in a folder of its own. */
const starts: Readonly<Record<string, Start>> = {
  async nginx(folder, port, where) {
    const example = await exampleOf({ orders: 'nginx/orders.conf', shop: 'nginx/shop.conf' }, where);
    // Addresses that people come back to need the port, which is never the default one here.
    const named = where.example === 'shop' ? example.replaceAll(/\$host\b/g, `$host:${port}`) : example;
    return nginxBy(named, folder, port);
  },
  async haproxy(folder, port, where) {
    const script = addresses(await readFile('deploy/haproxy/curfew.lua', 'utf8'), where);
    const example = (await exampleOf({ orders: 'haproxy/haproxy.cfg', shop: 'haproxy/shop.cfg' }, where))
      .replace(/bind :443 .*/, `bind 127.0.0.1:${port}`)
      .replace('/etc/haproxy/curfew.lua', join(folder, 'curfew.lua'));
    await writeFile(join(folder, 'curfew.lua'), script);
    await writeFile(join(folder, 'haproxy.cfg'), example);
    return ['haproxy', '-db', '-f', join(folder, 'haproxy.cfg')];
  },
  async caddy(folder, port, where) {
    const files = { orders: 'caddy/Caddyfile', shop: 'caddy/shop.Caddyfile' };
    const example = (await exampleOf(files, where)).replace(
      `${where.host} {`,
      `http://${where.host}:${port} {`,
    );
    await writeFile(join(folder, 'Caddyfile'), `{\n\tadmin off\n\tauto_https off\n}\n${example}`);
    return ['caddy', 'run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'];
  },
  async traefik(folder, port, where) {
    const example = (await exampleOf({ orders: 'traefik/dynamic.yaml', shop: 'traefik/shop.yaml' }, where))
      .replaceAll(/^ *tls: \{\}$/gm, '')
      .replace('__Host-', '');
    await writeFile(join(folder, 'dynamic.yaml'), example);
    return [
      'traefik',
      `--entrypoints.websecure.address=127.0.0.1:${port}`,
      `--providers.file.filename=${join(folder, 'dynamic.yaml')}`,
      '--global.checknewversion=false',
      '--global.sendanonymoususage=false',
      '--log.level=WARN',
    ];
  },
  async envoy(folder, port, where) {
    const text = await exampleOf({ orders: 'envoy/envoy.yaml', shop: 'envoy/shop.yaml' }, where);
    const own = text
      .replaceAll('port_value: 3002', `port_value: ${where.gatewayPort}`)
      .replaceAll('port_value: 8080', `port_value: ${where.upstreamPort}`);
    const example = parse(
      own.replace('address: 0.0.0.0, port_value: 443', `address: 127.0.0.1, port_value: ${port}`),
    );
    const [chain] = example.static_resources.listeners[0].filter_chains;
    delete chain.transport_socket;
    const [{ typed_config: connections }] = chain.filters;
    connections.route_config.virtual_hosts[0].domains.push(`${where.host}:${port}`);
    await writeFile(join(folder, 'envoy.yaml'), stringify(example));
    return [
      'envoy',
      '-c',
      join(folder, 'envoy.yaml'),
      '--concurrency',
      '1',
      '--disable-hot-restart',
      '-l',
      'warn',
    ];
  },
};

/** The names of those that can be started. */
export const otherProxies = Object.keys(starts);

/** Whether the program is installed here. */
export function isInstalled(name: string): boolean {
  try {
    execFileSync('which', [name], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Starts one on a free port; resolves when it accepts connections. */
export const startOtherProxy = async (name: string, where: Surroundings): Promise<OtherProxy> =>
  startProgram(
    name,
    where.port ?? (await freePort()),
    (folder, port) => starts[name]!(folder, port, where),
    name === 'traefik' ? hasRoutes(where.host) : accepts,
  );

/** nginx in front of several nodes of an authorization server, by deploy/nginx/nodes.conf; each by its port and by the name that it gives itself. */
export const startNginxForNodes = async (
  port: number,
  nodes: readonly { readonly port: number; readonly name: string }[],
) =>
  startProgram('nginx', port, async (folder) => {
    let example = await readFile('deploy/nginx/nodes.conf', 'utf8');
    for (const [at, node] of nodes.entries())
      example = example
        .replaceAll(`10.0.0.1${at + 1}:3000`, `127.0.0.1:${node.port}`)
        .replaceAll(`node${at + 1}:3000`, node.name);
    example = example.replaceAll('login.example.com', 'localhost');
    if (example.includes('10.0.0.')) throw new Error('the example has changed');
    return nginxBy(example, folder, port);
  });

/** nginx in front of authorization servers at these ports, by deploy/nginx/login.conf. */
export const startNginxForLogin = async (port: number, programs: number, people: number) =>
  startProgram('nginx', port, async (folder) => {
    const example = (await readFile('deploy/nginx/login.conf', 'utf8'))
      .replaceAll('127.0.0.1:3000', `127.0.0.1:${programs}`)
      .replaceAll('127.0.0.1:3010', `127.0.0.1:${people}`)
      .replaceAll('login.example.com', 'localhost');
    return nginxBy(example, folder, port);
  });

/** Starts a program that listens on this port, in a folder of its own; `prepare` says by which command. */
export async function startProgram(
  name: string,
  port: number,
  prepare: (folder: string, port: number) => Promise<readonly string[]>,
  answers = accepts,
): Promise<OtherProxy> {
  const folder = await mkdtemp(join(tmpdir(), `curfew-${name}-`));
  await mkdir(join(folder, 'home'));
  const [program = '', ...values] = await prepare(folder, port);
  const child: ChildProcess = spawn(program, values, {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: join(folder, 'home') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const deadline = performance.now() + 10_000;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(`${name} did not start:\n${printed}`);
    await pause(50);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    output: () => printed,
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await exited;
      clearTimeout(late);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Traefik listens before it has read its routes, and answers 404 until then. */
const hasRoutes =
  (host: string) =>
  (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      get({ host: '127.0.0.1', port, path: '/', headers: { host } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode !== 404);
      }).once('error', () => resolve(false));
    });

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.destroy());
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });

/** How HAProxy is started in front of the nodes of an authorization server. */
export interface HaproxyForLogin {
  /** Lines behind the example. */
  readonly more?: string;
  /** Leaves the times that the example waits as they are. */
  readonly asTimed?: boolean;
}

/** HAProxy in front of the nodes of an authorization server, by deploy/haproxy/login.cfg. */
export const startHaproxyForLogin = async (
  port: number,
  nodes: readonly number[],
  { more = '', asTimed = false }: HaproxyForLogin = {},
) =>
  startProgram('haproxy', port, async (folder) => {
    const servers = nodes.map((node, at) => `    server node${at + 1} 127.0.0.1:${node}`).join('\n');
    const text = await readFile('deploy/haproxy/login.cfg', 'utf8');
    // A machine on which tests run answers late without being away.
    const timed = asTimed
      ? text
      : text.replace('timeout connect 1s', 'timeout connect 5s\n    timeout check 5s');
    const example = timed
      .replace(/bind :443 .*/, `bind 127.0.0.1:${port}`)
      .replace('hdr Host login.example.com', `hdr Host localhost:${port}`)
      .replace('X-Forwarded-Proto https', 'X-Forwarded-Proto http')
      .replace(/(?: +server node\d+ .*\n)+/, `${servers}\n`);
    if (!example.includes(servers) || example.includes('example.com'))
      throw new Error('the example has changed');
    await writeFile(join(folder, 'haproxy.cfg'), `${example}\n${more}\n`);
    return ['haproxy', '-db', '-f', join(folder, 'haproxy.cfg')];
  });
