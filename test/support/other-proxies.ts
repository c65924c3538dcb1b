import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
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
}

type Start = (folder: string, port: number, where: Surroundings) => Promise<readonly string[]>;

const addresses = (text: string, { gatewayPort, upstreamPort, host }: Surroundings): string =>
  text
    .replaceAll('127.0.0.1:3002', `127.0.0.1:${gatewayPort}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${upstreamPort}`)
    .replaceAll('orders.example.com', host);

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

/** Each by the example under deploy/, with our ports, without TLS, as an ordinary program in a folder of its own. */
const starts: Readonly<Record<string, Start>> = {
  nginx: async (folder, port, where) =>
    nginxBy(addresses(await readFile('deploy/nginx/orders.conf', 'utf8'), where), folder, port),
  async haproxy(folder, port, where) {
    const script = addresses(await readFile('deploy/haproxy/curfew.lua', 'utf8'), where);
    const example = addresses(await readFile('deploy/haproxy/haproxy.cfg', 'utf8'), where)
      .replace(/bind :443 .*/, `bind 127.0.0.1:${port}`)
      .replace('/etc/haproxy/curfew.lua', join(folder, 'curfew.lua'));
    await writeFile(join(folder, 'curfew.lua'), script);
    await writeFile(join(folder, 'haproxy.cfg'), example);
    return ['haproxy', '-db', '-f', join(folder, 'haproxy.cfg')];
  },
  async caddy(folder, port, where) {
    const example = addresses(await readFile('deploy/caddy/Caddyfile', 'utf8'), where).replace(
      `${where.host} {`,
      `http://${where.host}:${port} {`,
    );
    await writeFile(join(folder, 'Caddyfile'), `{\n\tadmin off\n\tauto_https off\n}\n${example}`);
    return ['caddy', 'run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'];
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
  startProgram(name, await freePort(), (folder, port) => starts[name]!(folder, port, where));

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
  while (!(await accepts(port))) {
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

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.destroy());
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
