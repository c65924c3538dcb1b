import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hashOf, timeAndSize } from './file-state.mjs';
import { at, recall, remember, top } from './repository.mjs';
import { schemaEngineEnvironment } from './schema-engine-choice.mjs';

// The steps before anything can run; each is done only when something it depends on has changed.

/** @typedef {(line: string) => void} Say */

/** Everything that runs: dependencies, Prisma client, compiled sources, the applications for browsers. @param {Say} say */
export async function prepare(say) {
  await prepareServices(say);
  await ensureConsole(say);
  await ensureExampleApp(say);
}

/** Everything but the console and the example application, of which the first is made from the document of the admin API. @param {Say} say */
export async function prepareServices(say) {
  await ensureDependencies(say);
  await ensureClient(say);
  await ensureBuilt(say);
  await ensureBundled(say);
}

/** The types of the console's client, without which the compiler cannot check it. @param {Say} say */
export async function ensureConsoleTypes(say) {
  const state = hashOf(sourcesOfConsoleTypes(), readFileSync);
  if (existsSync(at('apps/console/src/generated/admin-api.ts')) && recall('console types') === state) return;
  say('Generating the types of the console');
  await quietly(process.execPath, [at('scripts/console.mjs'), '--types'], 'the types of the console');
  remember('console types', state);
}

/** @param {Say} say */
export async function ensureDependencies(say) {
  if (!dependenciesAreInstalled()) await installDependencies(say);
  linkRooms();
  await ensureNativeCode(say);
}

/** @param {Say} say */
async function installDependencies(say) {
  say('Installing dependencies (npm ci)');
  try {
    await npm('ci');
  } catch (error) {
    if (!(error instanceof StepFailed) || !error.message.includes('EUSAGE')) throw error;
    // A registry that lacks the packages of other platforms makes `npm ci` reject any lock file. The locked versions stay locked here too.
    say('npm ci does not accept the lock file; installing with npm install, which leaves it as it is');
    await npm('install', '--no-save');
  }
}

/**
 * argon2 ships machine code, but not for every machine that Node runs on. If it does not load, or crashes, its install script compiles
 * it. @param {Say} say
 */
async function ensureNativeCode(say) {
  const { version } = JSON.parse(readFileSync(at('node_modules/argon2/package.json'), 'utf8'));
  const state = `argon2 ${version}, Node ${process.version}, ${process.platform} ${process.arch}`;
  if (recall('native') === state) return;
  const load = () => quietly(process.execPath, ['--eval', 'require("argon2")'], 'loading argon2');
  await load().catch(async () => {
    say('Compiling argon2, because its packaged code does not run here');
    await npm('rebuild', 'argon2', '--foreground-scripts', '--no-ignore-scripts');
    await load();
  });
  remember('native', state);
}

/** Without scripts: nothing here needs one, and none gets the chance to download anything. @param {...string} values */
function npm(...values) {
  const [command, ...before] = process.env.npm_execpath
    ? [process.execPath, process.env.npm_execpath]
    : ['npm'];
  // A later option on a command line wins.
  const all = [...before, values[0], '--ignore-scripts', '--no-audit', '--no-fund', ...values.slice(1)];
  return quietly(command, all, `npm ${values.join(' ')}`);
}

/** Compares what npm noted about node_modules with the lock file. */
function dependenciesAreInstalled() {
  const noted = at('node_modules', '.package-lock.json');
  if (!existsSync(noted)) return false;
  const wanted = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(noted, 'utf8')).packages;
  return Object.entries(wanted).every(([name, { version, optional, link }]) => {
    if (!name.startsWith('node_modules/') || link || (optional && !(name in present))) return true;
    return name in present && present[name].version === version;
  });
}

/** A room that is new since the installation needs a link, not an installation of everything else. */
function linkRooms() {
  const { packages } = JSON.parse(readFileSync(at('package-lock.json'), 'utf8'));
  for (const [name, { link, resolved }] of Object.entries(packages)) {
    if (!link || existsSync(at(name))) continue;
    mkdirSync(path.dirname(at(name)), { recursive: true });
    symlinkSync(path.relative(path.dirname(at(name)), at(resolved)), at(name), 'junction');
  }
}

/** @param {Say} say */
export async function ensureClient(say) {
  const { version } = JSON.parse(readFileSync(at('node_modules/prisma/package.json'), 'utf8'));
  const state = `${version} ${hashOf([at('prisma/schema.prisma')], readFileSync)}`;
  if (existsSync(at('libs/persistence/src/generated/client.ts')) && recall('generated') === state) return;
  say('Generating the Prisma client');
  await quietly(process.execPath, [at('node_modules/prisma/build/index.js'), 'generate'], 'prisma generate', {
    ...schemaEngineEnvironment(),
    DATABASE_URL: process.env.DATABASE_URL ?? '',
  });
  remember('generated', state);
}

/** @param {Say} say */
export async function ensureBuilt(say) {
  const state = sourceState();
  const complete =
    projects().every((project) => existsSync(at(project, 'dist', 'index.js'))) && existsSync(commonJs);
  if (complete && recall('built') === state) return;
  say('Compiling');
  await quietly(
    process.execPath,
    [at('node_modules/typescript/bin/tsc'), '-b', ...projects(), commonJsProject],
    'tsc -b',
  );
  markCommonJs();
  remember('built', state);
}

/** One bundle for each program, which starts it in half the time (ADR 106). @param {Say} say */
export async function ensureBundled(say) {
  const state = hashOf([at('scripts/bundle.mjs'), at('package-lock.json')], readFileSync) + sourceState();
  const complete = Object.entries(programs).every(([app, names]) =>
    names.every((name) => existsSync(at('apps', app, 'dist/bundle', `${name}.js`))),
  );
  if (complete && recall('bundled') === state) return;
  say('Bundling');
  await quietly(process.execPath, [at('scripts/bundle.mjs')], 'bundling');
  remember('bundled', state);
}

/** The console is bundled from its sources, the document of the admin API and the colours of the pages. @param {Say} say */
export async function ensureConsole(say) {
  const state = hashOf(consoleSources(), readFileSync);
  if (existsSync(at('apps/console/dist/index.html')) && recall('console') === state) return;
  say('Building the console');
  await quietly(process.execPath, [at('scripts/console.mjs')], 'building the console');
  remember('console', state);
}

/** The example application is bundled from its sources, the package for pages and the colours of the pages. @param {Say} say */
async function ensureExampleApp(say) {
  const sources = [...writtenIn('apps/example-app'), ...writtenIn('libs/browser')];
  const made = ['libs/pages/src/look/palette.ts', 'scripts/example-app.mjs', 'scripts/palette.mjs'];
  const state = hashOf([...sources, ...made.map((file) => at(file)), at('package-lock.json')], readFileSync);
  if (existsSync(at('apps/example-app/dist/index.html')) && recall('example app') === state) return;
  say('Building the example application');
  await quietly(process.execPath, [at('scripts/example-app.mjs')], 'building the example application');
  remember('example app', state);
}

const consoleSources = () => [
  ...writtenIn('apps/console'),
  ...sourcesOfConsoleTypes(),
  at('package-lock.json'),
];

/** The files of a folder that were not made by a build. @param {string} folder */
const writtenIn = (folder) =>
  readdirSync(at(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !/[\\/](dist|generated|node_modules)[\\/]|\.tsbuildinfo$/.test(file))
    .sort();

const sourcesOfConsoleTypes = () =>
  ['docs/openapi.json', 'libs/pages/src/look/palette.ts', 'scripts/console.mjs', 'scripts/palette.mjs'].map(
    (file) => at(file),
  );

/** Notes that the sources have been compiled as they are now. */
export function noteBuilt() {
  markCommonJs();
  remember('built', sourceState());
}

/**
 * The second build of the package for APIs. The first one must not name it as a reference: both have the same sources, and the compiler
 * emits no source that belongs to a referenced project.
 */
const commonJsProject = 'libs/resource-server/tsconfig.cjs.json';
const commonJs = at('libs/resource-server/dist/cjs/package.json');

/** The package for APIs is built twice; Node takes the second build for CommonJS because this says so. */
function markCommonJs() {
  mkdirSync(path.dirname(commonJs), { recursive: true });
  writeFileSync(commonJs, '{ "type": "commonjs" }\n');
}

/** What is bundled: programs by the app whose `main.ts` launches them. @type {Readonly<Record<string, readonly string[]>>} */
export const programs = {
  'auth-server': ['serve'],
  'admin-api': ['serve'],
  gateway: ['serve'],
  cli: ['run'],
};

/** Projects that the compiler only checks: tests run from their sources, and applications for browsers are bundled. */
const checkedOnly = ['test', 'apps/console', 'apps/example-app', commonJsProject];

/** Everything `tsc -b` builds. */
export function projects() {
  const { references } = JSON.parse(readFileSync(at('tsconfig.json'), 'utf8'));
  return references
    .map(({ path: project }) => project)
    .filter((/** @type {string} */ project) => !checkedOnly.includes(project));
}

/** Changes whenever a source or a setting of the compiler does; by time and size, because reading all would take longer. */
function sourceState() {
  const files = [at('package-lock.json'), at('tsconfig.base.json'), at('tsconfig.json')];
  for (const project of projects()) {
    files.push(at(project, 'tsconfig.json'), at(project, 'package.json'));
    for (const entry of readdirSync(at(project, 'src'), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) files.push(path.join(entry.parentPath, entry.name));
  }
  return hashOf(files.sort(), timeAndSize);
}

/**
 * Runs a step; its output is shown only if it fails. @param {string} command @param {string[]} values @param {string} name @param
 * {Record<string, string>} [env]
 */
async function quietly(command, values, name, env = {}) {
  const child = spawn(command, values, {
    cwd: top,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const abort = () => child.kill();
  process.once('exit', abort);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (said += text));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  process.off('exit', abort);
  if (code !== 0) throw new StepFailed(name, said.trim());
}

/** A step of the preparation did not succeed. */
export class StepFailed extends Error {
  /** @param {string} step @param {string} output */
  constructor(step, output) {
    super(`${step} failed:\n${output}`);
  }
}
