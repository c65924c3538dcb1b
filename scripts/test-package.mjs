import './node-version.mjs';

// npm run test:package: packs the packages for others, installs them somewhere else, and tries them with other versions of Node, TypeScript
// and Jest, which come from the package registry. Too heavy for npm test.
const { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } = await import('node:fs');
const { execFileSync } = await import('node:child_process');
const { default: os } = await import('node:os');
const { default: path } = await import('node:path');
const { prepare } = await import('./prepare.mjs');
const { at } = await import('./repository.mjs');

const packages = ['libs/resource-server'];
const compilers = ['5.6.3', '5.7.3', '5.8.3', '5.9.3', '6.0.3'];
const nodes = ['20.19.0', '22.12.0', '24.11.0'];
const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];

const program = `
const verifier = createVerifier({ issuer: 'http://127.0.0.1:9', clientId: 'a', clientSecret: 'b', audience: 'https://a.example' });
verifier.verify({ headers: {}, method: 'GET', url: '/' }).then(async ({ kind }) => {
  console.log(kind, process.version);
  await verifier.close();
});
`;
const typed = `
import { createVerifier, type Verdict, type Verifier } from '@curfew/resource-server';
export const verifier: Verifier = createVerifier({ issuer: 'a', clientId: 'b', clientSecret: 'c', audience: 'd' });
export const kind = async (): Promise<Verdict['kind']> => (await verifier.verify({ headers: {} })).kind;
// @ts-expect-error the types are really there: a misspelt requirement is found
export const misspelt = () => verifier.verify({ headers: {} }, { scope: 'a' });
`;
const ownTest = `
const { createVerifier } = require('@curfew/resource-server');
test('refuses a request without a token', async () => {
  const verifier = createVerifier({ issuer: 'http://127.0.0.1:9', clientId: 'a', clientSecret: 'b', audience: 'https://a.example' });
  expect((await verifier.verify({ headers: {} })).kind).toBe('refused');
  await verifier.close();
});
`;
/** An API in Nest: one handler that is guarded, and one that is open. */
const nest = `
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Public, Require, ResourceServerModule } from '@curfew/resource-server/nest';
@Controller()
class Orders {
  @Get('orders') @Require({ scopes: ['orders:read'] }) list() { return []; }
  @Get('hours') @Public() hours() { return 'nine to five'; }
}
@Module({
  imports: [ResourceServerModule.forRoot({ issuer: 'http://127.0.0.1:9', clientId: 'a', clientSecret: 'b', audience: 'https://a.example' })],
  controllers: [Orders],
})
class Api {}
async function main() {
  const api = await NestFactory.create(Api, { logger: false });
  await api.listen(0, '127.0.0.1');
  const asked = ['orders', 'hours'].map(async (path) => {
    const answer = await fetch((await api.getUrl()) + '/' + path);
    return answer.status + ' ' + answer.headers.get('www-authenticate');
  });
  console.log((await Promise.all(asked)).join(', '));
  await api.close();
}
void main();
`;

const outcome = { passed: 0, failed: 0 };
/** @param {string} title @param {() => unknown} work */
function attempt(title, work) {
  try {
    work();
    outcome.passed += 1;
    console.log(`✓ ${title}`);
  } catch (error) {
    outcome.failed += 1;
    const { stdout = '', stderr = '' } = /** @type {{ stdout?: string, stderr?: string }} */ (error);
    console.log(`✗ ${title}\n${`${stdout}${stderr}`.trim() || error}`.replaceAll('\n', '\n    '));
  }
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-package-'));
/** @param {string} command @param {string[]} values */
const run = (command, values, cwd = folder) =>
  execFileSync(command, values, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
/** @param {string} name @param {string[]} wanted @returns {string} */
function place(name, wanted) {
  const where = path.join(folder, name);
  mkdirSync(where);
  writeFileSync(path.join(where, 'package.json'), '{ "name": "somebody-elses-api", "private": true }');
  run('npm', ['install', ...quiet, ...wanted], where);
  return where;
}

await prepare((line) => console.log(`${line} …`));
try {
  for (const name of packages) run('npm', ['pack', '--workspace', name, '--pack-destination', folder], at());
  const tarballs = readdirSync(folder)
    .filter((file) => file.endsWith('.tgz'))
    .map((file) => path.join(folder, file));
  const checks = place('checks', ['publint@0.3', '@arethetypeswrong/cli@0.18']);
  for (const tarball of tarballs) {
    const name = path.basename(tarball);
    attempt(`${name}: publint`, () => run('npx', ['--no', '--', 'publint', tarball, '--strict'], checks));
    attempt(`${name}: are the types wrong`, () => run('npx', ['--no', '--', 'attw', tarball], checks));
  }
  for (const version of compilers) {
    const where = place(`typescript-${version}`, [...tarballs, `typescript@${version}`, '@types/node@22']);
    for (const file of ['api.mts', 'api.cts', 'api.ts']) writeFileSync(path.join(where, file), typed);
    const bundler = ['--module', 'esnext', '--moduleResolution', 'bundler', 'api.ts'];
    const settings = [
      ...['nodenext', 'node16'].flatMap((module) =>
        ['api.mts', 'api.cts'].map((file) => ['--module', module, file]),
      ),
      ['--module', 'commonjs', 'api.ts'],
      bundler,
    ];
    for (const values of settings)
      attempt(`TypeScript ${version}: ${values.join(' ')}`, () =>
        run(
          'npx',
          ['--no', '--', 'tsc', '--strict', '--noEmit', '--target', 'es2022', '--types', 'node', ...values],
          where,
        ),
      );
  }
  for (const version of nodes) {
    const where = place(`node-${version}`, [...tarballs]);
    const binary = path.join(
      place(`node-binary-${version}`, [`node@${version}`]),
      'node_modules/node/bin/node',
    );
    writeFileSync(
      path.join(where, 'api.mjs'),
      `import { createVerifier } from '@curfew/resource-server';${program}`,
    );
    writeFileSync(
      path.join(where, 'api.cjs'),
      `const { createVerifier } = require('@curfew/resource-server');${program}`,
    );
    for (const file of ['api.mjs', 'api.cjs'])
      attempt(`Node ${version}: ${file}`, () => {
        const said = run(binary, [file], where);
        if (said.trim() !== `refused v${version}`) throw new Error(`it said ${said}`);
      });
  }
  for (const [major, module] of [
    ['11', 'commonjs'],
    ['12', 'nodenext'],
  ]) {
    const names = ['common', 'core', 'platform-express'].map((name) => `@nestjs/${name}@${major}`);
    const others = [
      `@nestjs/jwt@${major}`,
      'reflect-metadata@0.2',
      'rxjs@7',
      'typescript@5.9.3',
      '@types/node@22',
    ];
    const there = place(`nest-${major}`, [...tarballs, ...names, ...others]);
    const file = module === 'commonjs' ? 'api.ts' : 'api.mts';
    writeFileSync(path.join(there, file), nest);
    const decorators = ['--experimentalDecorators', '--emitDecoratorMetadata', '--skipLibCheck'];
    attempt(`Nest ${major}: an API in ${module}`, () => {
      const settings = ['--module', module, '--target', 'es2022', '--types', 'node', ...decorators];
      run('npx', ['--no', '--', 'tsc', '--strict', ...settings, file], there);
      const said = run('node', [file.replace('ts', 'js')], there).trim();
      if (said !== '401 Bearer, 200 null') throw new Error(`it said ${said}`);
    });
  }
  const where = place('jest', [...tarballs, 'jest@30']);
  writeFileSync(path.join(where, 'api.test.js'), ownTest);
  attempt('Jest in CommonJS', () => run('npx', ['--no', '--', 'jest'], where));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${outcome.passed} passed, ${outcome.failed} failed`);
process.exit(outcome.failed > 0 ? 1 : 0);
