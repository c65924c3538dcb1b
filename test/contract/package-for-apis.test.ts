import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

const run = promisify(execFile);

/** An API as somebody else may write it: plain JavaScript, and an authorization server that is not there yet. */
const program = `
  import { createServer } from 'node:http';
  import { createVerifier, guarded } from '@curfew/resource-server';
  const verifier = createVerifier({
    issuer: 'http://127.0.0.1:9', clientId: 'orders-api', clientSecret: 'secret', audience: 'https://orders.example.test',
  });
  const server = createServer(guarded(verifier, (request, response) => response.end('let in')));
  server.listen(0, '127.0.0.1', async () => {
    const address = 'http://127.0.0.1:' + server.address().port;
    const without = await fetch(address);
    const unknown = await fetch(address, { headers: { authorization: 'Bearer cfw_at_x' } });
    console.log(JSON.stringify([without.status, without.headers.get('www-authenticate'), unknown.status]));
    await verifier.close();
    server.closeAllConnections();
    server.close();
  });
`;

const typed = `
  import { createVerifier, type TokenFacts, type Verdict, type Verifier } from '@curfew/resource-server';
  const verifier: Verifier = createVerifier({ issuer: 'a', clientId: 'b', clientSecret: 'c', audience: 'd' });
  export const subject = async (): Promise<string | undefined> => {
    const verdict: Verdict = await verifier.verify({ headers: {} }, { scopes: ['a'], maxAuthAge: 60 });
    // @ts-expect-error the types are really there: a misspelt requirement is found
    await verifier.verify({ headers: {} }, { scope: 'a' });
    const facts: TokenFacts | undefined = verdict.kind === 'allowed' ? verdict.facts : undefined;
    return facts?.subject;
  };
`;

/** Bytes of the package for pages, minified and compressed, as a page loads it. */
const browserBudget = 12_000;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'curfew-package-'));
  await run('npm', ['pack', '--workspace', 'libs/resource-server', '--pack-destination', folder]);
  const [tarball] = await readdir(folder);
  await writeFile(
    join(folder, 'package.json'),
    '{"name":"somebody-elses-api","private":true,"type":"module"}',
  );
  const quiet = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', ['install', ...quiet, `./${tarball}`], { cwd: folder });
}, 60_000);
afterAll(async () => {
  if (folder) await rm(folder, { recursive: true, force: true });
});

describe('the package for API authors, packed and installed somewhere else', () => {
  it('brings nothing along: no dependency, no sources, no tests', async () => {
    const installed = join(folder, 'node_modules');
    expect((await readdir(installed)).filter((name) => !name.startsWith('.'))).toEqual(['@curfew']);
    expect(await readdir(join(installed, '@curfew'))).toEqual(['resource-server']);
    const inside = join(installed, '@curfew/resource-server');
    expect((await readdir(inside)).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json']);
    expect((await readdir(inside, { recursive: true })).filter((name) => /\.spec\./.test(name))).toEqual([]);
    const described = JSON.parse(await readFile(join(inside, 'package.json'), 'utf8'));
    expect(described).not.toHaveProperty('dependencies');
    expect(described).not.toHaveProperty('private');
    const { exports } = described as { exports: Record<string, Record<string, Record<string, string>>> };
    for (const conditions of Object.values(exports).filter((one) => typeof one === 'object'))
      for (const { types, default: code } of Object.values(conditions))
        for (const file of [types!, code!]) expect(existsSync(join(inside, file))).toBe(true);
  });

  it('runs with Node alone, and lets nobody in while nobody can say who they are', async () => {
    await writeFile(join(folder, 'api.mjs'), program);
    const { stdout } = await run(process.execPath, ['api.mjs'], { cwd: folder });
    expect(JSON.parse(stdout)).toEqual([401, 'Bearer', 503]);
  }, 30_000);

  it('runs in a program of CommonJS as it does in a module, with the same names', async () => {
    const asCommonJs = program
      .replace(/import \{(.*?)\} from '(.*?)';/g, "const {$1} = require('$2');")
      .replace(
        'const verifier',
        "if (require.resolve('@curfew/resource-server').includes('cjs') !== true) process.exit(2);\n  const verifier",
      );
    await writeFile(join(folder, 'api.cjs'), asCommonJs);
    const { stdout } = await run(process.execPath, ['--no-experimental-require-module', 'api.cjs'], {
      cwd: folder,
    });
    expect(JSON.parse(stdout)).toEqual([401, 'Bearer', 503]);
    const names =
      "Object.keys(m).filter((name) => name !== 'default' && name !== 'module.exports').sort().join()";
    const imported = await run(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import * as m from '@curfew/resource-server'; console.log(${names})`,
      ],
      { cwd: folder },
    );
    const required = await run(
      process.execPath,
      [
        '--input-type=commonjs',
        '--eval',
        `const m = require('@curfew/resource-server'); console.log(${names})`,
      ],
      { cwd: folder },
    );
    expect(required.stdout).toBe(imported.stdout);
  }, 30_000);

  // The declarations of each build are checked whole once; elsewhere it is enough that they are found. The package with other versions of the
  // compiler, of Node and of Jest is tried by `npm run test:package`.
  it.each([
    ['a module', 'api.mts', ['--module', 'nodenext']],
    ['CommonJS', 'api.cts', ['--module', 'nodenext']],
    ['a module of Node 16', 'api.mts', ['--module', 'node16', '--skipLibCheck']],
    ['CommonJS of Node 16', 'api.cts', ['--module', 'node16', '--skipLibCheck']],
    [
      'what a bundler takes',
      'api.ts',
      ['--module', 'preserve', '--moduleResolution', 'bundler', '--skipLibCheck'],
    ],
    ['CommonJS without a choice', 'api.ts', ['--module', 'commonjs', '--skipLibCheck']],
  ])(
    'has types that a strict compiler accepts in %s',
    async (_, file, settings) => {
      await writeFile(join(folder, file), typed);
      const strict = ['--strict', '--noEmit', '--target', 'es2023', ...settings];
      const node = ['--types', 'node', '--typeRoots', join(process.cwd(), 'node_modules/@types')];
      const compiler = join(process.cwd(), 'node_modules/typescript/bin/tsc');
      const outcome = await run(process.execPath, [compiler, ...strict, ...node, file], {
        cwd: folder,
      }).catch((error: { stdout: string }) => error);
      expect(outcome.stdout).toBe('');
    },
    60_000,
  );
});

describe('the package for pages', () => {
  const at = 'libs/browser';

  it('is packed with nothing but what a page needs', async () => {
    const { stdout } = await run('npm', ['pack', '--workspace', at, '--dry-run', '--json']);
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts']),
    );
    expect(
      paths.filter(
        (path) => !/^(LICENSE|README\.md|package\.json|dist\/[\w-]+\.(js|js\.map|d\.ts))$/.test(path),
      ),
    ).toEqual([]);
    const described = JSON.parse(await readFile(join(at, 'package.json'), 'utf8'));
    expect(described).not.toHaveProperty('dependencies');
    expect(described).not.toHaveProperty('private');
  }, 30_000);

  it('is at most 12 kB, compressed, and needs no other package', async () => {
    // The bundler runs beside Jest, whose objects its machine code does not take.
    const bundled = `
      const { rolldown } = await import('rolldown');
      const build = await rolldown({ input: 'libs/browser/dist/index.js', platform: 'browser' });
      const { output } = await build.generate({ format: 'esm', minify: true });
      console.log(JSON.stringify(output.map(({ code, imports }) => ({ code, imports }))));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', bundled]);
    const output = JSON.parse(stdout) as { code: string; imports: string[] }[];
    expect(output).toMatchObject([{ imports: [] }]);
    expect(gzipSync(output[0]!.code, { level: 9 }).length).toBeLessThanOrEqual(browserBudget);
  }, 30_000);
});
