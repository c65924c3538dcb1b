import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigurationError, loadConfiguration } from '@curfew/config';
import { parse } from 'yaml';

// No container engine is needed here: every name in a file must exist, and every setting must be valid.
const house = process.cwd();
const text = (path: string): string => readFileSync(join(house, path), 'utf8');
const manifest = JSON.parse(text('package.json')) as {
  scripts: Record<string, string>;
  engines: { node: string };
};

interface Service {
  readonly build?: { context: string; target: string };
  readonly image: string;
  readonly command?: string[];
  readonly environment: Record<string, string>;
  readonly depends_on?: Record<string, { condition: string }>;
  readonly read_only: boolean;
  readonly cap_drop: string[];
  readonly security_opt: string[];
  readonly networks: string[];
  readonly ports?: string[];
  readonly volumes?: string[];
  readonly tmpfs?: string[];
  readonly healthcheck?: { readonly test: string[] };
  readonly stop_grace_period: string;
}
interface Compose {
  readonly services: Record<string, Service>;
  readonly volumes: Record<string, object>;
  readonly networks: Record<string, { internal?: boolean }>;
}
const compose = parse(text('docker-compose.yml'), { merge: true }) as Compose;
const services = Object.entries(compose.services);
/** The services that run this product's image. */
const servers = services.filter(([, { image }]) => image === compose.services['auth-server']?.image);
const ports: Readonly<Record<string, number>> = { 'auth-server': 3000, 'admin-api': 3001, gateway: 3002 };

type Instruction = readonly [stage: string, keyword: string, rest: string];
const dockerfile: Instruction[] = (() => {
  let stage = '';
  const joined = text('Dockerfile').replace(/^#.*$/gm, '').replace(/\\\n/g, ' ');
  return joined
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, keyword = '', rest = ''] = /^\s*(\w+)\s+(.*)$/.exec(line) ?? [];
      if (keyword === 'FROM') stage = / AS (\S+)/.exec(rest)?.[1] ?? '';
      return [stage, keyword, rest.replace(/\s+/g, ' ').trim()] as const;
    });
})();
const inStage = (stage: string, keyword: string): string[] =>
  dockerfile.filter(([s, k]) => s === stage && k === keyword).map(([, , rest]) => rest);
const imageEnvironment = Object.fromEntries(
  inStage('runtime', 'ENV').flatMap((line) =>
    line.split(' ').map((pair) => pair.split('=') as [string, string]),
  ),
);

/** Fills ${NAME}, ${NAME:-default} and ${NAME:?message} as Compose does. */
const interpolate = (value: string, from: Record<string, string>): string =>
  value.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind: string, rest: string) => {
    const found = from[name];
    if (found) return found;
    if (kind === '-') return rest;
    throw new Error(`${name} has no value`);
  });

describe('the generated .env', () => {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-env-'));
  const make = () =>
    execFileSync(process.execPath, ['deploy/make-env.mjs', 'https://login.example.test/', folder], {
      stdio: 'pipe',
    });
  const read = () =>
    Object.fromEntries(
      readFileSync(join(folder, '.env'), 'utf8')
        .split('\n')
        .filter((line) => /^\w+=/.test(line))
        .map((line) => {
          const [name = '', ...value] = line.split('=');
          return [name, value.join('=')];
        }),
    );
  beforeAll(() => void make());
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is readable for its owner only, and is never overwritten', () => {
    const before = read();
    expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600);
    expect(make).toThrow(/is there already/);
    expect(read()).toEqual(before);
  });

  it('holds everything docker-compose.yml asks for, and nothing else', () => {
    const asked = [...text('docker-compose.yml').matchAll(/\$\{(\w+)/g)].map(([, name]) => name);
    expect(Object.keys(read()).sort()).toEqual([...new Set(asked)].sort());
  });

  it.each(servers.map(([name, service]) => [name, service] as const))(
    'makes a valid production configuration of %s',
    (_, service) => {
      const set = Object.entries(service.environment).map(([name, value]) => [
        name,
        interpolate(String(value), read()),
      ]);
      const needs = service.depends_on ? {} : { database: false, keys: false };
      const configuration = loadConfiguration({ ...imageEnvironment, ...Object.fromEntries(set) }, needs);
      expect(configuration).toMatchObject({ mode: 'production', issuer: 'https://login.example.test' });
      const databases = service.environment['DATABASE_URL'] ? [configuration.database.url.reveal()] : [];
      for (const url of databases) expect(Object.keys(compose.services)).toContain(new URL(url).hostname);
    },
  );
});

describe('docker-compose.yml', () => {
  it.each(services)('runs %s without privileges on a read-only file system', (_, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(service.stop_grace_period).toMatch(/^\d+s$/);
  });

  it.each(services)('names only what exists for %s', (_, service) => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(compose.services[other]).toBeDefined();
      if (condition === 'service_healthy') expect(compose.services[other]?.healthcheck).toBeDefined();
    }
    for (const network of service.networks) expect(Object.keys(compose.networks)).toContain(network);
    for (const [source = ''] of (service.volumes ?? []).map((volume) => volume.split(':')))
      if (source.startsWith('./')) expect([source, existsSync(join(house, source))]).toEqual([source, true]);
      else expect(Object.keys(compose.volumes)).toContain(source);
    if (service.build) expect(dockerfile.map(([stage]) => stage)).toContain(service.build.target);
  });

  it('publishes ports on loopback only, and the database not at all', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    expect(compose.services['postgres']?.ports).toBeUndefined();
    expect(compose.networks[compose.services['postgres']?.networks[0] ?? '']?.internal).toBe(true);
  });
});

describe('a program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-launch-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('runs as a bundle, unless something was compiled since that was made', () => {
    const launcher = pathToFileURL(join(house, 'libs/web/dist/launch.js')).href;
    const main = join(folder, 'main.mjs');
    writeFileSync(main, `import { launch } from '${launcher}';\nawait launch(import.meta.url, 'serve');\n`);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'serve.js'), "console.log('compiled');");
    const run = () => execFileSync(process.execPath, [main], { encoding: 'utf8' }).trim();
    expect(run()).toBe('compiled');
    const bundle = join(folder, 'bundle/serve.js');
    mkdirSync(join(folder, 'bundle'));
    writeFileSync(bundle, "console.log('bundled');");
    expect(run()).toBe('bundled');
    utimesSync(bundle, 1, 1);
    expect(run()).toBe('compiled');
  });

  it.each([
    ['auth-server', 'serve'],
    ['admin-api', 'serve'],
    ['gateway', 'serve'],
    ['cli', 'run'],
  ])('of %s is bundled with a map to its sources', (app, program) => {
    const { sources } = JSON.parse(text(`apps/${app}/dist/bundle/${program}.js.map`)) as {
      sources: string[];
    };
    expect(sources).toContain(`../../src/${program}.ts`);
  });
});

describe('the three servers', () => {
  const parts = Object.entries(ports);
  const entryOf = (command: readonly string[]): string =>
    String(command.at(-1)).replace('/dist/', '/src/').replace(/\.js$/, '.ts');

  it('are all in docker-compose.yml, each its own command of one image', () => {
    expect(servers.map(([name]) => name).sort()).toEqual(Object.keys(ports).sort());
    for (const [name, { command }] of servers) {
      const started = command ?? (JSON.parse(inStage('runtime', 'CMD').join('')) as string[]);
      const entry = entryOf(started);
      expect([name, entry, existsSync(join(house, entry))]).toEqual([name, `apps/${name}/src/main.ts`, true]);
    }
  });

  it.each(parts)('have %s listen, be asked and be published at one port, %p', (name, port) => {
    const service = compose.services[name]!;
    expect(service.healthcheck?.test).toEqual(['CMD', 'node', 'deploy/healthcheck.mjs', String(port)]);
    expect(service.ports).toEqual([`127.0.0.1:${port}:${port}`]);
    expect(inStage('runtime', 'EXPOSE').join(' ').split(' ')).toContain(String(port));
    const { listen } = loadConfiguration({}, { database: false, keys: false });
    expect([listen.auth.port, listen.admin.port, listen.gateway.port]).toContain(port);
    const chart = text(`deploy/helm/curfew/templates/${name}.yaml`);
    expect(chart).toContain(`{ name: http, containerPort: ${port} }`);
    expect(chart).toMatch(new RegExp(`CURFEW_\\w+_PORT, value: '${port}'`));
    expect(chart).toContain(`apps/${name}/dist/main.js`);
    for (const needed of [
      'kind: PodDisruptionBudget',
      'include "curfew.probes"',
      'include "curfew.containerSecurity"',
      'terminationGracePeriodSeconds: {{ include "curfew.patience" . }}',
    ])
      expect([name, chart.includes(needed)]).toEqual([name, true]);
    expect(text('deploy/helm/curfew/templates/network-policies.yaml')).toContain(`"part" "${name}"`);
    const unit = text(`deploy/systemd/curfew-${name}.service`);
    expect(unit).toContain(`apps/${name}/dist/main.js`);
    // Nobody kills a process that goes on for the longest delay and then takes its usual grace.
    const longestDelaySeconds = 60;
    const { shutdownGraceMs } = loadConfiguration({}, { database: false, keys: false }).limits;
    expect(Number(/^TimeoutStopSec=(\d+)s$/m.exec(unit)?.[1])).toBeGreaterThan(
      longestDelaySeconds + shutdownGraceMs / 1000,
    );
  });

  it('has a pod go on for the delay of its values, and gives it that time before it is killed', () => {
    const names = text('deploy/helm/curfew/templates/_names.tpl');
    for (const [setting, value] of [
      ['CURFEW_SHUTDOWN_DELAY', 'delaySeconds'],
      ['CURFEW_SHUTDOWN_GRACE', 'graceSeconds'],
    ] as const)
      expect(names).toContain(`{ name: ${setting}, value: "{{ .Values.shutdown.${value} }}s" }`);
    expect(names).toContain('{{ add .Values.shutdown.delaySeconds .Values.shutdown.graceSeconds 10 }}');
    const { shutdown } = parse(text('deploy/helm/curfew/values.yaml')) as {
      shutdown: Record<string, number>;
    };
    expect(shutdown).toEqual({ delaySeconds: 5, graceSeconds: 10 });
  });

  it.each(['auth-server', 'admin-api'])('remember in a folder that outlives a restart: %s', (name) => {
    const { environment, volumes } = compose.services[name]!;
    const folder = environment['CURFEW_STATE_FOLDER'];
    expect(volumes).toContain(`state:${folder}`);
    expect(inStage('runtime', 'RUN').join()).toContain(`-o node -g node -m 0700 ${folder}`);
    const chart = text(`deploy/helm/curfew/templates/${name}.yaml`);
    expect(chart).toContain(`{ name: state, mountPath: ${folder} }`);
    expect(chart).toMatch(
      /if not \.Values\.state\.storage \}\}\n +#[^\n]*\n +- \{ name: state, emptyDir: \{ sizeLimit/,
    );
    for (const named of ['Kind', 'Updates', 'Claims'])
      expect(chart).toContain(`include "curfew.state${named}"`);
    expect(chart).toContain('include "curfew.database"');
    expect(text('deploy/helm/curfew/templates/_names.tpl')).toContain(
      `CURFEW_STATE_FOLDER, value: ${folder}`,
    );
    const unit = text(`deploy/systemd/curfew-${name}.service`);
    expect(unit).toContain(`CURFEW_STATE_FOLDER=%S/curfew-${name}\nStateDirectory=curfew-${name}\n`);
  });

  it('are scraped where they serve metrics', () => {
    const { scrape_configs: jobs } = parse(text('deploy/prometheus/prometheus.yml')) as {
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    };
    const targets = jobs.flatMap(({ static_configs: all }) => all.flatMap((one) => one.targets));
    const served = parts.map(([name, port]) => {
      const environment = compose.services[name]?.environment ?? {};
      return `${name}:${environment['CURFEW_METRICS_PORT'] ?? port}`;
    });
    expect(targets.sort()).toEqual(served.sort());
    for (const name of ['auth-server', 'gateway']) {
      expect(text(`deploy/helm/curfew/templates/${name}.yaml`)).toMatch(
        /name: metrics, containerPort: 9464[\s\S]*CURFEW_METRICS_PORT, value: '9464'/,
      );
    }
  });

  it('are given settings that exist, and no others', () => {
    /** Names that the configuration itself takes for none of its settings. */
    const isUnknown = (name: string): boolean => {
      try {
        loadConfiguration({ [name]: 'x' }, { database: false, keys: false });
        return false;
      } catch (error) {
        return error instanceof ConfigurationError && error.message.includes(`${name} is not a setting`);
      }
    };
    const files = [
      'docker-compose.yml',
      'Dockerfile',
      'deploy/make-env.mjs',
      'deploy/healthcheck.mjs',
      'deploy/prometheus/prometheus.yml',
      ...['helm/curfew', 'systemd'].flatMap((folder) =>
        readdirSync(join(house, 'deploy', folder), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => relative(house, join(entry.parentPath, entry.name))),
      ),
    ];
    const named = files.flatMap((file) =>
      [...text(file).matchAll(/\bCURFEW_[A-Z][A-Z0-9_]*[A-Z0-9]\b/g)].map(([name]) => [file, name] as const),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(([, name]) => isUnknown(name))).toEqual([]);
  });
});

describe('the image', () => {
  it('is built in stages from what the repository and earlier stages have', () => {
    const stages = [...new Set(dockerfile.map(([stage]) => stage))].filter(Boolean);
    expect(stages).toEqual(['build', 'runtime']);
    for (const stage of stages) {
      for (const line of inStage(stage, 'COPY').filter((copy) => copy.startsWith('--from='))) {
        const [from = '', ...paths] = line.split(' ');
        expect(stages.slice(0, stages.indexOf(stage))).toContain(from.slice('--from='.length));
        for (const path of paths.slice(0, -1).filter((source) => source !== '/app/node_modules')) {
          expect([path, existsSync(join(house, path.replace(/^\/app\//, '')))]).toEqual([path, true]);
        }
      }
    }
    for (const [, script] of text('Dockerfile').matchAll(/npm run (\S+)/g)) {
      expect(manifest.scripts[String(script)]).toBeDefined();
    }
  });

  it('runs as a user that owns nothing in it, and starts a server that is built from sources here', () => {
    expect(inStage('runtime', 'USER')).toEqual(['node']);
    expect(inStage('runtime', 'COPY').filter((line) => line.includes('--chown'))).toEqual([]);
    const command = JSON.parse(inStage('runtime', 'CMD').join('')) as string[];
    const entry = String(command.at(-1)).replace('/dist/', '/src/').replace(/\.js$/, '.ts');
    expect([entry, existsSync(join(house, entry))]).toEqual([entry, true]);
  });

  it('takes nothing secret or generated from the machine it is built on', () => {
    const ignored = text('.dockerignore').split('\n');
    expect(ignored).toEqual(
      expect.arrayContaining(['.env', '.env.*', '.curfew', '.git', '**/node_modules', '**/dist']),
    );
  });

  it('uses a Node version the product supports', () => {
    const version = Number(/ARG NODE_VERSION=(\d+)/.exec(text('Dockerfile'))?.[1]);
    const least = Number(/(\d+)/.exec(manifest.engines.node)?.[1]);
    expect(version).toBeGreaterThanOrEqual(least);
  });
});

describe('the health check of the image', () => {
  const check = async (status: number | null): Promise<{ code: number | null; seen: IncomingMessage[] }> => {
    const seen: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      seen.push(request);
      response.writeHead(status ?? 500).end();
    });
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    if (status === null) await new Promise((done) => server.close(done));
    const env = { CURFEW_ISSUER: 'https://login.example.test', CURFEW_AUTH_PORT: String(port) };
    const child = spawn(process.execPath, ['deploy/healthcheck.mjs'], { env, stdio: 'ignore' });
    const code = await new Promise<number | null>((done) => child.on('exit', done));
    server.close();
    return { code, seen };
  };

  it('is satisfied by a ready server, asked under the issuer’s own host', async () => {
    const { code, seen } = await check(200);
    expect(code).toBe(0);
    expect(seen.map(({ url, headers }) => [url, headers.host])).toEqual([
      ['/health/ready', 'login.example.test'],
    ]);
  });

  it.each([[503], [404], [null]])('is not satisfied by status %p', async (status) => {
    expect((await check(status)).code).toBe(1);
  });
});

describe('continuous integration', () => {
  interface Workflow {
    readonly jobs: Record<string, { strategy?: { matrix: { node: string[] } }; steps: { run?: string }[] }>;
  }
  const { jobs } = parse(text('.github/workflows/ci.yml')) as Workflow;

  it('runs the two commands of the README on every supported Node', () => {
    const job = jobs['two-commands'];
    expect(job?.strategy?.matrix.node).toEqual(['20', '22', '24']);
    const lines = job?.steps.flatMap(({ run }) => run?.split('\n') ?? []) ?? [];
    for (const command of ['npm start', 'npm test']) {
      expect(lines.some((line) => line.trim().startsWith(command))).toBe(true);
      expect(manifest.scripts[command.split(' ')[1] ?? '']).toBeDefined();
    }
  });

  it('writes to nothing: the workflow may only read the repository', () => {
    expect(parse(text('.github/workflows/ci.yml'))).toMatchObject({ permissions: { contents: 'read' } });
  });
});
