import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const house = process.cwd();
const config = '.dependency-cruiser.cjs';
const command = resolve(house, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const rules: { name: string }[] = createRequire(import.meta.url)(join(house, config)).forbidden;

interface Report {
  readonly modules: { source: string; dependencies: { module: string; resolved: string }[] }[];
  readonly summary: { violations: { from: string; to: string; rule: { name: string } }[] };
}

/** Runs the checker as `npm run imports` does and returns its report; finding violations is not a failure here. */
const cruise = async (folder: string): Promise<Report> => {
  const args = [command, '--config', config, '--output-type', 'json', 'libs', 'apps'];
  const run = promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
  const { stdout } = await run.catch((error: { stdout?: string }) => {
    if (error.stdout) return { stdout: error.stdout };
    throw error;
  });
  return JSON.parse(stdout) as Report;
};

const rooms = [
  'accounts',
  'artifacts',
  'browser',
  'clients',
  'clock',
  'config',
  'doctor',
  'events',
  'foundation',
  'insight',
  'oidc',
  'operations',
  'pages',
  'persistence',
  'resource-server',
  'session-policy',
  'sessions',
  'signals',
  'token-endpoint',
  'tokens',
  'web',
];
const packages = ['oidc-provider', '@prisma/client', 'pg', 'express', 'jest'];

/** A house with one file per offence: [file, the import in it, the rules it breaks]. */
const offences: [string, string, string[]][] = [
  ['libs/session-policy/src/a.ts', '@curfew/clock', ['room-session-policy']],
  ['libs/session-policy/src/b.ts', 'node:crypto', ['session-policy-is-pure']],
  ['libs/session-policy/src/c.ts', 'express', ['session-policy-is-pure', 'sessions-know-no-http']],
  ['libs/clock/src/a.ts', '@curfew/config', ['room-clock']],
  ['libs/config/src/a.ts', '@curfew/clock', ['room-config']],
  ['libs/doctor/src/a.ts', '@curfew/events', ['room-doctor']],
  ['libs/web/src/a.ts', '@curfew/signals', ['room-web']],
  ['libs/pages/src/a.ts', '@curfew/web', ['room-pages']],
  ['libs/persistence/src/a.ts', '@curfew/session-policy', ['room-persistence']],
  ['libs/signals/src/a.ts', '@curfew/persistence', ['room-signals']],
  ['libs/events/src/a.ts', '@curfew/sessions', ['room-events']],
  ['libs/insight/src/a.ts', '@curfew/sessions', ['room-insight']],
  ['libs/mail/src/a.ts', '@curfew/sessions', ['room-mail']],
  ['libs/compliance/src/a.ts', '@curfew/clients', ['room-compliance']],
  ['libs/clients/src/a.ts', '@curfew/oidc', ['room-clients']],
  ['libs/accounts/src/a.ts', '@curfew/sessions', ['room-accounts']],
  ['libs/sessions/src/a.ts', '@curfew/oidc', ['room-sessions']],
  ['libs/sessions/src/b.ts', 'node:http', ['sessions-know-no-http']],
  ['libs/operations/src/a.ts', '@curfew/oidc', ['room-operations']],
  ['libs/foundation/src/a.ts', '@curfew/resource-server', ['room-foundation']],
  ['libs/oidc/src/a.ts', '@curfew/resource-server', ['room-oidc']],
  ['libs/resource-server/src/a.ts', '@curfew/sessions', ['room-resource-server']],
  ['libs/browser/src/a.ts', '@curfew/session-policy', ['room-browser']],
  ['libs/surprise/src/index.ts', './a.js', ['known-room']],
  ['libs/sessions/src/c.ts', '@curfew/surprise', ['known-room', 'room-sessions']],
  ['libs/sessions/src/d.ts', '../../events/src/hidden.js', ['by-index-only', 'by-name-only']],
  ['libs/sessions/src/h.ts', '@curfew/events/history', ['by-index-only']],
  ['libs/oidc/src/g.ts', '@curfew/resource-server/jws', ['room-oidc']],
  ['libs/sessions/src/e.ts', '../../events/src/index.js', ['by-name-only']],
  ['libs/sessions/src/f.ts', '@curfew/admin-api', ['resolvable']],
  ['libs/sessions/src/g.ts', '../../../apps/gateway/src/index.js', ['no-import-of-apps']],
  ['apps/admin-api/src/a.ts', '../../gateway/src/index.js', ['no-import-of-apps']],
  ['apps/admin-api/src/b.ts', '../../../libs/events/src/hidden.js', ['by-index-only', 'by-name-only']],
  ['apps/console/src/a.ts', '@curfew/events', ['console-talks-http']],
  ['libs/clients/src/b.ts', '@prisma/client', ['prisma-in-stores']],
  ['libs/clients/src/c.ts', 'pg', ['prisma-in-stores']],
  [
    'libs/clients/src/d.ts',
    '../../persistence/src/generated/client.js',
    ['prisma-in-stores', 'by-index-only'],
  ],
  ['apps/auth-server/src/a.ts', 'oidc-provider', ['oidc-provider-in-oidc']],
  ['libs/oidc/src/b.ts', 'oidc-provider/lib/secret.js', ['oidc-provider-root-only']],
  ['libs/tokens/src/a.ts', '@curfew/sessions', ['room-tokens']],
  ['libs/tokens/src/b.ts', 'oidc-provider', ['oidc-provider-in-oidc', 'token-endpoint-without-library']],
  ['libs/artifacts/src/a.ts', '@curfew/token-endpoint', ['room-artifacts']],
  ['libs/artifacts/src/b.ts', 'oidc-provider', ['oidc-provider-in-oidc', 'token-endpoint-without-library']],
  [
    'libs/token-endpoint/src/a.ts',
    'oidc-provider',
    ['oidc-provider-in-oidc', 'token-endpoint-without-library'],
  ],
  ['libs/token-endpoint/src/b.ts', '@curfew/oidc', ['room-token-endpoint', 'token-endpoint-without-library']],
  ['libs/oidc/src/c.ts', './d.js', ['no-cycle']],
  ['libs/oidc/src/e.ts', 'jest', ['declared-dependency']],
  ['libs/oidc/src/f.ts', './nowhere.js', ['resolvable']],
];

/** Imports the plan allows; none of them may be reported. */
const allowed: [string, string][] = [
  ['libs/sessions/src/ok.ts', '@curfew/session-policy'],
  ['libs/operations/src/ok.ts', '@curfew/events/alerts'],
  ['libs/oidc/src/ok-door.ts', '@curfew/resource-server/dpop'],
  ['libs/sessions/src/session.store.ts', '@prisma/client'],
  ['libs/oidc/src/ok.ts', 'oidc-provider'],
  ['libs/persistence/src/ok.ts', 'pg'],
  ['libs/session-policy/src/ok.spec.ts', 'node:crypto'],
  ['apps/auth-server/src/ok.ts', '@curfew/oidc'],
];

const put = async (folder: string, file: string, text: string): Promise<void> => {
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await writeFile(join(folder, file), text);
};

const buildHouse = async (): Promise<string> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'curfew-imports-')));
  for (const name of [config, '.dependency-cruiser.tsconfig.json'])
    await cp(join(house, name), join(folder, name));
  const dependencies = { 'oidc-provider': '1', '@prisma/client': '1', pg: '1', express: '1' };
  await put(
    folder,
    'package.json',
    JSON.stringify({ type: 'module', dependencies, devDependencies: { jest: '1' } }),
  );
  for (const name of packages) {
    const manifest = { name, version: '1.0.0', type: 'module', main: 'lib/index.js' };
    await put(folder, `node_modules/${name}/package.json`, JSON.stringify(manifest));
    await put(folder, `node_modules/${name}/lib/index.js`, 'export {};');
    await put(folder, `node_modules/${name}/lib/secret.js`, 'export {};');
  }
  for (const room of rooms) await put(folder, `libs/${room}/src/index.ts`, 'export {};\n');
  await put(folder, 'libs/oidc/src/d.ts', "export * from './c.js';\n");
  await put(folder, 'libs/events/src/hidden.ts', 'export {};\n');
  // One door is a folder, the other a file; a folder that the manifest does not name is none.
  for (const file of ['events/src/alerts/index', 'events/src/history/index', 'resource-server/src/dpop'])
    await put(folder, `libs/${file}.ts`, 'export {};\n');
  await put(folder, 'libs/resource-server/src/jws.ts', 'export {};\n');
  for (const [room, doors] of [
    ['events', { './alerts': {} }],
    ['resource-server', { './dpop': {}, './jws': {} }],
  ] as const)
    await put(folder, `libs/${room}/package.json`, JSON.stringify({ name: room, exports: doors }));
  await put(folder, 'libs/surprise/src/a.ts', 'export {};\n');
  await put(folder, 'libs/persistence/src/generated/client.ts', 'export {};\n');
  await put(folder, 'apps/gateway/src/index.ts', 'export {};\n');
  for (const [file, target] of [...offences, ...allowed])
    await put(folder, file, `export * from '${target}';\n`);
  return folder;
};

describe('the import rules', () => {
  let folder: string;
  let fired: Map<string, Set<string>>;

  beforeAll(async () => {
    folder = await buildHouse();
    fired = new Map();
    for (const { from, rule } of (await cruise(folder)).summary.violations) {
      fired.set(from, (fired.get(from) ?? new Set()).add(rule.name));
    }
  }, 240_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(offences)('refuse that %s imports %s, by %j', (file, _, expected) => {
    expect([...(fired.get(file) ?? [])]).toEqual(expect.arrayContaining(expected));
  });

  it.each(allowed)('let %s import %s', (file) => expect(fired.get(file)).toBeUndefined());

  it('have no rule that was never seen to fire', () => {
    const seen = new Set([...fired.values()].flatMap((names) => [...names]));
    expect(rules.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual([]);
  });
});

describe('this house', () => {
  it('keeps the import rules, and the checker followed its imports from room to room', async () => {
    const { modules, summary } = await cruise(house);
    expect(summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`)).toEqual([]);
    const followed = modules.flatMap(({ dependencies }) =>
      dependencies.filter(({ module }) => module.startsWith('@curfew/')),
    );
    expect(followed.length).toBeGreaterThan(20);
    for (const { module, resolved } of followed) {
      const [room, door] = module.slice('@curfew/'.length).split('/');
      const files = door === undefined ? ['index'] : [door, `${door}/index`];
      expect(files.map((file) => `libs/${room}/src/${file}.ts`)).toContain(resolved);
    }
  }, 240_000);
});
