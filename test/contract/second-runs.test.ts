import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

type Run = { file: string; tests: string[]; passed: boolean };
interface Judgement {
  lines: string[];
  failed: number;
  needed: string[];
}
// The scripts know no types of their own.
const { judgeSecondRuns } = (await import(`${process.cwd()}/scripts/second-runs.mjs`)) as {
  judgeSecondRuns(runs: Run[], before: string[], strict: boolean): Judgement;
};
const run = (file: string, passed = true): Run => ({ file, tests: ['a test of it'], passed });

describe('a second run of a test file', () => {
  it('is named with the tests that asked for it, and what became of them', () => {
    expect(judgeSecondRuns([run('a'), run('b', false)], [], false)).toEqual({
      failed: 0,
      needed: ['a', 'b'],
      lines: [
        '2 files ran a second time:',
        '  a (passed then), because of:',
        '    a test of it',
        '  b (failed then, too), because of:',
        '    a test of it',
      ],
    });
  });

  it('fails in CI when the file needed it in the run before, too, and is only named elsewhere', () => {
    const runs = [run('a'), run('b')];
    expect(judgeSecondRuns(runs, ['b', 'c'], true)).toMatchObject({ failed: 1, needed: ['a', 'b'] });
    expect(judgeSecondRuns(runs, ['b', 'c'], true).lines.join()).toContain(
      'b (passed then, and needed it in the run before, too)',
    );
    expect(judgeSecondRuns(runs, ['b', 'c'], false).failed).toBe(0);
    expect(judgeSecondRuns([], ['b'], true)).toEqual({ lines: [], failed: 0, needed: [] });
  });

  it('of a file that failed both times is counted once, as the failure it is', () => {
    expect(judgeSecondRuns([run('b', false)], ['b'], true).failed).toBe(0);
  });
});

describe('the order in which files run', () => {
  it('begins with those that are known to run for long, each of which stands, and goes on with the largest', async () => {
    const { default: TestOrder, longest } = await import(`${process.cwd()}/scripts/test-order.mjs`);
    expect(longest.filter((file: string) => !existsSync(file))).toEqual([]);
    expect(new Set(longest).size).toBe(longest.length);
    const [small, large] = ['test/tsconfig.json', 'package-lock.json'];
    const given = [small, longest[1], large, longest[0]].map((file) => ({ path: path.resolve(file) }));
    const sorted = new TestOrder().sort(given);
    expect(sorted.map(({ path: file }: { path: string }) => path.relative('.', file))).toEqual([
      longest[0],
      longest[1],
      large,
      small,
    ]);
  });
});

describe('the long tests', () => {
  it('are files that stand, each named once, of kinds that share one PostgreSQL', async () => {
    const { longTests } = await import(`${process.cwd()}/scripts/long-tests.mjs`);
    expect(
      longTests.filter(
        (file: string) =>
          !existsSync(file) || !/^test\/(integration\/(?!delivery-|events-)|e2e\/|browser\/)/.test(file),
      ),
    ).toEqual([]);
    expect(new Set(longTests).size).toBe(longTests.length);
  });
});

describe('what is random in a test', () => {
  const files = ['test', 'libs', 'apps'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .filter(
        (name) =>
          /(^test\/.*\.m?ts|\.spec\.ts|\/test\/.*\.ts)$/.test(name) && !/node_modules|\/dist\//.test(name),
      ),
  );
  /** Names and ports that only must not meet; no test depends on which they are. */
  const unique = [
    'test/support/ports.ts',
    'test/contract/offline-databases.test.ts',
    'test/contract/second-runs.test.ts',
    'test/e2e/answers-dpop.ts',
  ];

  it('is drawn from the seed of the run', () => {
    expect(files.length).toBeGreaterThan(150);
    const others = files.filter(
      (file) =>
        !unique.includes(file) &&
        /\brandomInt\b(?! = wholeNumbers)|Math\.random/.test(
          readFileSync(file, 'utf8').replaceAll(/const randomInt = wholeNumbers[\s\S]*/g, ''),
        ),
    );
    expect(others).toEqual([]);
  });

  it('is the same again for the same seed, in fast-check as in draws of our own', async () => {
    const draw = (seed: string): string =>
      execFileSync(
        process.execPath,
        [
          '--input-type=module',
          '--eval',
          "import fc from './test/support/seeded-fast-check.mjs'; console.log(JSON.stringify(fc.sample(fc.string(), { numRuns: 5, ...fc.readConfigureGlobal() })));",
        ],
        { env: { ...process.env, CURFEW_TEST_SEED: seed }, encoding: 'utf8' },
      );
    expect(draw('7')).toBe(draw('7'));
    expect(draw('7')).not.toBe(draw('8'));
  });
});

describe('a pattern that no test stands under', () => {
  it('fails, because nothing was tried', () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      ['scripts/test.mjs', 'unit', 'no-such-file-anywhere'],
      { encoding: 'utf8' },
    );
    expect(stdout).toMatch(/no test stands under unit no-such-file-anywhere/);
    expect(status).toBe(1);
  }, 60_000);
});
