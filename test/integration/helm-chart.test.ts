import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { ConfigurationError, loadConfiguration } from '@curfew/config';
import { parseAllDocuments } from 'yaml';
import { createTestDatabase } from '../support/database.js';
import { isInstalled } from '../support/other-proxies.js';

const run = promisify(execFile);
const chart = path.resolve('deploy/helm/curfew');
const helm = process.env['HELM_PATH'] ?? 'helm';
/** Some builds of helm take an old version where nobody names one. */
const version = ['--kube-version', '1.31.0'];
const canRender = isInstalled(helm);
if (!canRender) console.warn('helm is not installed: the chart is read as text, and not rendered');
const rendering = canRender ? describe : describe.skip;

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env: readonly { name: string; value?: unknown; valueFrom?: unknown }[];
  readonly ports?: readonly { name: string }[];
  readonly volumeMounts: readonly { name: string }[];
  readonly readinessProbe?: unknown;
}
interface Pod {
  readonly terminationGracePeriodSeconds?: number;
  readonly containers: readonly Container[];
  readonly volumes: readonly { name: string }[];
}
/** An object of Kubernetes, as far as this test reads it. */
interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels: Labels;
    readonly annotations?: Record<string, string>;
  };
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: Labels & { matchLabels?: Labels };
    readonly podSelector?: { matchLabels: Labels };
    readonly template?: { metadata: { labels: Labels }; spec: Pod };
    readonly ports?: readonly { name: string; targetPort: string }[];
    readonly volumeClaimTemplates?: readonly { metadata: { name: string } }[];
    readonly rules?: readonly { host: string; http: { paths: { backend: { service: Named } }[] } }[];
    readonly egress?: readonly { ports?: { port: number }[]; to?: unknown }[];
  };
}
type Labels = Readonly<Record<string, string>>;
interface Named {
  readonly name: string;
  readonly port: { readonly name: string };
}

const least = { image: { repository: 'registry.example.test/curfew' }, issuer: 'https://login.example.test' };
const everything = {
  ...least,
  consoleUrl: 'https://console.example.test',
  imagePullSecrets: [{ name: 'registry' }],
  settings: { CURFEW_TRUSTED_HOPS: '1', CURFEW_WORKERS: '2' },
  shutdown: { delaySeconds: 7, graceSeconds: 20 },
  ingress: {
    enabled: true,
    className: 'haproxy',
    annotations: { 'haproxy.org/timeout-tunnel': '1h' },
    authServerHost: 'login.example.test',
    gatewayHost: 'api.example.test',
    tlsSecretName: 'public-tls',
  },
  state: { storage: '16Mi', storageClassName: 'fast' },
  authServer: { replicas: 3, serviceAnnotations: { 'haproxy.org/backend-config-snippet': 'one\ntwo\n' } },
  adminApi: { replicas: 2 },
  gateway: {
    replicas: 2,
    routes: { proxies: ['10.0.0.0/8'], forwarded: [], apis: {}, routes: [] },
    apiSecretsName: 'apis',
  },
  networkPolicy: {
    publicFrom: [{ namespaceSelector: { matchLabels: { name: 'ingress' } } }],
    adminFrom: [{ podSelector: {} }],
    metricsFrom: [{ podSelector: { matchLabels: { app: 'prometheus' } } }],
    databaseTo: [{ ipBlock: { cidr: '10.1.0.0/16' } }],
    upstreamTo: [{ podSelector: {} }],
    databasePort: 6432,
    databaseDirectPort: 5432,
    mailPorts: [587],
  },
};
const alone = {
  ...least,
  adminApi: { enabled: false },
  gateway: { enabled: false },
  migrations: { enabled: false },
  networkPolicy: { enabled: false },
  authServer: { replicas: 1 },
};

/** Renders the chart with values. @throws with the sentence of helm where it refuses */
function render(values: object): Rendered[] {
  const text = execFileSync(helm, ['template', 'login', chart, ...version, '--values', '-'], {
    input: JSON.stringify(values),
    encoding: 'utf8',
    stdio: 'pipe',
  });
  return parseAllDocuments(text)
    .map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS() as Rendered | null;
    })
    .filter((one) => one !== null);
}
const includes = (all: Labels, some: Labels): boolean =>
  Object.entries(some).every(([name, value]) => all[name] === value);
/** Whatever runs pods, each with the labels and the contents of its pods. */
const workloadsOf = (objects: readonly Rendered[]) =>
  objects.flatMap(({ metadata: { name }, spec }) =>
    spec?.template ? [{ name, spec, labels: spec.template.metadata.labels, pod: spec.template.spec }] : [],
  );

rendering('the rendered chart', () => {
  it('is without a fault for helm', () => {
    const said = execFileSync(helm, ['lint', '--strict', chart, ...version, '--values', '-'], {
      input: JSON.stringify(everything),
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(said).toContain('0 chart(s) failed');
  });

  it.each([
    ['image.repository', { ...least, image: {} }],
    ['issuer', { ...least, issuer: '' }],
    ['ingress.authServerHost', { ...least, ingress: { enabled: true, gatewayHost: 'api.example.test' } }],
    ['ingress.gatewayHost', { ...least, ingress: { enabled: true, authServerHost: 'login.example.test' } }],
  ])('is refused without %s, by its name', (name, values) => {
    expect(() => render(values)).toThrow(`${name} must be set`);
  });

  describe.each([
    ['the least', least],
    ['everything', everything],
    ['one server alone', alone],
  ])('with %s', (_, values) => {
    let objects: Rendered[];
    beforeAll(() => {
      objects = render(values);
    });

    it('has each object once, with a name that Kubernetes takes', () => {
      const ids = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      expect(ids.length).toBeGreaterThan(1);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { metadata } of objects) expect(metadata.name).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])$/);
    });

    it('leads each Service, budget, network policy and way in to pods that are there', () => {
      const pods = workloadsOf(objects);
      const leading = objects.flatMap(({ kind, metadata, spec }) => {
        const chosen =
          kind === 'Service'
            ? spec?.selector
            : (spec?.selector?.matchLabels ?? spec?.podSelector?.matchLabels);
        return chosen ? [[`${kind} ${metadata.name}`, chosen as Labels] as const] : [];
      });
      for (const [name, chosen] of leading)
        expect([name, pods.filter(({ labels }) => includes(labels, chosen)).length]).toEqual([name, 1]);
      const services = objects.filter(({ kind }) => kind === 'Service');
      for (const { metadata, spec } of services) {
        const served = pods.find(({ labels }) => includes(labels, spec!.selector as Labels));
        const ports = served?.pod.containers.flatMap(({ ports: all = [] }) => all);
        for (const { targetPort } of spec!.ports!)
          expect([metadata.name, ports?.map(({ name }) => name)]).toEqual([
            metadata.name,
            expect.arrayContaining([targetPort]),
          ]);
      }
      const ways = objects.flatMap(({ spec }) => spec?.rules ?? []);
      for (const { service } of ways.flatMap(({ http }) => http.paths.map(({ backend }) => backend))) {
        const found = services.find(({ metadata }) => metadata.name === service.name);
        expect(found?.spec?.ports?.map(({ name }) => name)).toContain(service.port.name);
      }
    });

    it('gives each container what it mounts, settings that exist, once each, and a probe where it serves', () => {
      for (const { name, spec, pod } of workloadsOf(objects)) {
        const { containers, volumes } = pod;
        const there = [
          ...volumes.map((volume) => volume.name),
          ...(spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name),
        ];
        for (const { env, volumeMounts, readinessProbe, ports } of containers) {
          expect([name, there]).toEqual([
            name,
            expect.arrayContaining(volumeMounts.map((mount) => mount.name)),
          ]);
          const names = env.map((one) => one.name);
          expect([name, names.length]).toEqual([name, new Set(names).size]);
          for (const one of names) expect([one, isSetting(one)]).toEqual([one, true]);
          for (const { value } of env) expect(['string', 'undefined']).toContain(typeof value);
          expect([name, readinessProbe !== undefined]).toEqual([name, ports !== undefined]);
        }
      }
    });

    it('has a budget for whatever runs more than once, and for nothing else', () => {
      const many = objects
        .filter(({ spec }) => (spec?.replicas ?? 0) > 1)
        .map(({ metadata }) => metadata.name);
      const budgets = objects.filter(({ kind }) => kind === 'PodDisruptionBudget');
      expect(budgets.map(({ metadata }) => metadata.name).sort()).toEqual(many.sort());
    });
  });

  it('waits longer for a pod than its process takes to stop', () => {
    for (const { name, pod } of workloadsOf(render(everything)).filter(({ spec }) => spec.replicas)) {
      expect([name, pod.terminationGracePeriodSeconds]).toEqual([name, 7 + 20 + 10]);
      const { env } = pod.containers[0]!;
      expect(env.find((one) => one.name === 'CURFEW_SHUTDOWN_DELAY')?.value).toBe('7s');
      expect(env.find((one) => one.name === 'CURFEW_SHUTDOWN_GRACE')?.value).toBe('20s');
    }
  });

  it('lets whatever needs the database reach the pooler and the server itself', () => {
    const policies = render(everything).filter(({ kind }) => kind === 'NetworkPolicy');
    const reaching = policies.filter(({ metadata }) => !metadata.name.endsWith('gateway'));
    expect(reaching.map(({ metadata }) => metadata.name).sort()).toEqual([
      'login-admin-api',
      'login-auth-server',
      'login-migrations',
    ]);
    for (const { spec } of reaching)
      expect(spec?.egress).toContainEqual({
        ports: [{ port: 6432 }, { port: 5432 }],
        to: [{ ipBlock: { cidr: '10.1.0.0/16' } }],
      });
  });
});

/** Whether the configuration knows a name; the database's are read only where it is asked for. */
function isSetting(name: string): boolean {
  if (['DATABASE_URL', 'DATABASE_DIRECT_URL'].includes(name)) return true;
  try {
    loadConfiguration({ [name]: 'x' }, { database: false, keys: false });
    return true;
  } catch (error) {
    return error instanceof ConfigurationError && !error.message.includes(`${name} is not a setting`);
  }
}

describe('the job of the chart that migrates', () => {
  const template = readFileSync(path.join(chart, 'templates/migrations.yaml'), 'utf8');
  const program = JSON.parse(/args: (\[.*\])$/m.exec(template)![1]!) as string[];
  const nobody = 'postgres://nobody@localhost:1/nothing';

  it.each([
    [
      'the server itself where DATABASE_URL is a pooler',
      (url: string) => ({ DATABASE_URL: nobody, DATABASE_DIRECT_URL: url }),
    ],
    ['the only address that there is', (url: string) => ({ DATABASE_URL: url })],
  ])('brings the schema up to date at %s', async (_, addresses) => {
    const database = await createTestDatabase({ template: false });
    try {
      await run(process.execPath, ['--input-type=module', '--eval', ...program], {
        env: { PATH: process.env['PATH'], ...addresses(database.url) },
      });
      const [row] = await database.query<{ found: string | null }>(
        `SELECT to_regclass('public.session')::text AS found`,
      );
      expect(row?.found).toBe('session');
    } finally {
      await database.drop();
    }
  });
});
