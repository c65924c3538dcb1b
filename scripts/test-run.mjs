import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { longTests } from './long-tests.mjs';
import {
  ensureBuilt,
  ensureBundled,
  ensureClient,
  ensureConsole,
  ensureConsoleTypes,
  ensureDependencies,
  noteBuilt,
  StepFailed,
} from './prepare.mjs';
import { at, top } from './repository.mjs';
import { rememberSecondRuns } from './second-runs.mjs';
import { outcomeIn } from './test-outcome.mjs';
import { needBuild, rounds } from './test-projects.mjs';

/** @typedef {import('./test-outcome.mjs').Count} Count */
/** @typedef {import('./test-outcome.mjs').Outcome} Outcome */

const say = (/** @type {string} */ line) => console.log(`${line} …`);
const node = process.execPath;

/** A jest run that takes longer hangs; the storms of chaos go on for hours. @param {string[]} names */
const limitMsOf = (names) => (names.includes('chaos') ? 6 * 60 : 40) * 60_000;
/** The time jest may take to exit after the last result; longer means that a test left something running. */
const leaveLimitMs = 30_000;

/** Kinds of tests in which time passes. */
const startProcesses = new Set(['integration', 'alone', 'e2e', 'browser']);

/**
 * How many files run at once, on the two cores that the suite has to do with. A third one was tried: servers of one file then took so long
 * beside the others that limits of time were missed in several files of each run. All unit tests are one file, which needs no process beside
 * jest's own; jest ends with it at once, because each file of tests has been asked whether it left something open. @param {string[]} names
 * @param {string[]} chosen
 */
const placesOf = (names, chosen) =>
  names.join() === 'unit' && !areChosen(chosen)
    ? ['--runInBand', '--forceExit']
    : [`--maxWorkers=${names.includes('alone') ? 1 : 2}`];

/** More than so many files that fail in one run are no accident. */
const maxSecondRuns = 5;
/** Files that ran a second time so far. @type {import('./second-runs.mjs').SecondRun[]} */
const secondRuns = [];

/**
 * Types, style, then every kind of test (test/contract holds the import rules); a failure of one does not hide the others. The compiler
 * uses one core, so the tests that need nothing built run beside it. The long tests come afterwards, in a run of their own, where they are
 * asked for.
 * @param {{ patterns?: string[], long?: boolean }} options @returns {Promise<Count>}
 */
export async function testEverything({ patterns = [], long = false }) {
  return counted(async (add) => {
    await setUp();
    const left = patterns.length > 0 ? [] : ['--testPathIgnorePatterns', '/node_modules/', ...longTests];
    const chosen = [...narrowed(patterns), ...left];
    const run = (/** @type {string[][]} */ round) =>
      Promise.all(round.map((names) => runProjects(names, chosen).then(add)));
    const [pure = [], ...others] = rounds;
    await Promise.all([checks(add), run(pure)]);
    await ensureBundled(say);
    await ensureConsole(say);
    for (const round of others) await run(round);
    if (long && patterns.length === 0) add(await runLong());
    const { lines, failed } = rememberSecondRuns(secondRuns);
    for (const line of lines) console.log(line);
    if (failed > 0) add({ passed: 0, failed });
  });
}

/** @param {(outcome: boolean) => void} add */
async function checks(add) {
  const compiled = await check('types', [at('node_modules/typescript/bin/tsc'), '-b']);
  if (compiled) noteBuilt();
  add(compiled);
  const style = [at('node_modules/@biomejs/biome/bin/biome'), 'check', '--max-diagnostics=50', '.'];
  add(await check('style', style));
  add(await check('generated documents', [at('scripts/docs.mjs'), '--check']));
}

/** The long tests alone. @returns {Promise<Count>} */
export async function testLong() {
  return counted(async (add) => {
    await setUp();
    await build();
    add(await runLong());
    saySecondRuns();
  });
}

const runLong = () => runProjects(rounds.at(-1)?.[0] ?? [], ['--runTestsByPath', ...longTests]);

function saySecondRuns() {
  for (const { file, passed } of secondRuns)
    console.log(`ran a second time: ${file} (${passed ? 'passed then' : 'failed then, too'})`);
}

async function build() {
  await ensureBuilt(say);
  await ensureBundled(say);
  await ensureConsole(say);
}

/** @param {string[]} patterns */
const narrowed = (patterns) => (patterns.length > 0 ? ['--testPathPatterns', ...patterns] : []);

/** A costly file that is named beside `unit` is meant: it stands beside the others. @param {string[]} names @param {string[]} patterns */
const withNamed = (names, patterns) =>
  names.includes('unit') && !names.includes('costly') && patterns.some((one) => one.includes('.costly'))
    ? [...names, 'costly']
    : names;

/** Only the named kinds of tests. @param {string[]} names @param {string[]} patterns @returns {Promise<Count>} */
export async function testSome(names, patterns) {
  return counted(async (add) => {
    await setUp();
    if (names.some((name) => needBuild.has(name))) await build();
    let ran = 0;
    for (const project of withNamed(names, patterns)) {
      const outcome = await runProjects([project], narrowed(patterns));
      ran += outcome.passed + outcome.failed;
      add(outcome);
    }
    saySecondRuns();
    if (ran > 0) return;
    console.log(`✗ no test stands under ${[...names, ...patterns].join(' ')}`);
    add(false);
  });
}

async function setUp() {
  await ensureDependencies(say);
  await ensureClient(say);
  await ensureConsoleTypes(say);
}

/** @param {(add: (outcome: boolean | Count) => void) => Promise<void>} work @returns {Promise<Count>} */
async function counted(work) {
  const total = { passed: 0, failed: 0 };
  const began = performance.now();
  // One seed for everything random in this run: a second run of a file draws what the first one drew.
  process.env.CURFEW_TEST_SEED ??= String(randomInt(2 ** 31));
  console.log(`CURFEW_TEST_SEED=${process.env.CURFEW_TEST_SEED}`);
  try {
    await work((outcome) => {
      const { passed, failed } =
        typeof outcome === 'boolean' ? { passed: +outcome, failed: +!outcome } : outcome;
      total.passed += passed;
      total.failed += failed;
    });
  } catch (error) {
    console.error(error instanceof StepFailed ? error.message : error);
    total.failed += 1;
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`\nin ${seconds} s, with CURFEW_TEST_SEED=${process.env.CURFEW_TEST_SEED}`);
  return total;
}

/** Runs one check; its output is shown if it fails. @param {string} name @param {string[]} values */
async function check(name, values) {
  const began = performance.now();
  const child = spawn(node, values, { cwd: top, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (said += text));
  const code = await new Promise((resolve) => child.once('error', () => resolve(1)).once('close', resolve));
  console.log(`${code === 0 ? '✓' : '✗'} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  if (code !== 0) console.log(said.trim().replace(/^/gm, '    '));
  return code === 0;
}

/**
 * Runs some kinds of tests in one run of jest. If a few files that start processes failed, they run once more, one at a time, which
 * tells slowness on a busy machine from a fault. Both runs are shown. @param {string[]} names @param {string[]} chosen which files, as
 * jest is told @returns {Promise<Count>}
 */
async function runProjects(names, chosen) {
  console.log(`\n${names.join(', ')}`);
  const first = await runJest(names, [...placesOf(names, chosen), ...chosen]);
  const { broken, passed, failed } = first;
  if (
    !names.some((name) => startProcesses.has(name)) ||
    broken.length === 0 ||
    broken.length > maxSecondRuns ||
    !first.isWhole
  )
    return { passed, failed };
  console.log(`once more, one at a time: ${broken.map(({ file }) => path.relative(top, file)).join(', ')}`);
  const second = await runJest(names, [
    '--maxWorkers=1',
    '--runTestsByPath',
    ...broken.map(({ file }) => file),
  ]);
  for (const { file, tests } of broken)
    secondRuns.push({
      file: path.relative(top, file),
      tests,
      passed: second.isWhole && !second.broken.some((one) => one.file === file),
    });
  const before = broken.reduce((sum, { passed: held }) => sum + held, 0);
  return { passed: passed - before + second.passed, failed: second.failed };
}

/** Whether some files are asked for by name. @param {string[]} values */
const areChosen = (values) => values.includes('--testPathPatterns');

/** Unit tests run at once, unless some of their files are asked for. @param {string[]} names @param {string[]} values */
const jestProjects = (names, values) =>
  names.map((name) => (name === 'unit' && !areChosen(values) ? 'unit-at-once' : name));

/** @param {string[]} names @param {string[]} values @returns {Promise<Outcome>} */
async function runJest(names, values) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-results-'));
  const results = path.join(folder, 'results.json');
  const child = spawn(
    node,
    [
      ...[
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        at('node_modules/jest/bin/jest.js'),
      ],
      ...['--selectProjects', ...jestProjects(names, values), '--passWithNoTests'],
      ...['--json', `--outputFile=${results}`, `--reporters=${at('scripts/test-reporter.mjs')}`],
      `--testSequencer=${at('scripts/test-order.mjs')}`,
      ...values,
    ],
    { cwd: top, env: testEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-8_000);
    process.stdout.write(text.replace(/^(Test results written to|Force exiting Jest): .*\n/gm, ''));
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const { code, why } = await leaving(child, results, limitMsOf(names));
  const outcome = outcomeIn(results);
  rmSync(folder, { recursive: true, force: true });
  if (!outcome || (code !== 0 && outcome.failed === 0)) {
    console.log(
      `✗ ${names.join(', ')}: jest ended with status ${code}${why || (said ? '' : ', and said nothing')}`,
    );
    const { passed = 0, failed = 0 } = outcome ?? {};
    return { passed, failed: failed + 1, broken: [], isWhole: false };
  }
  return outcome;
}

function testEnvironment() {
  const chromium = process.env.CHROMIUM_PATH;
  return { ...process.env, NODE_ENV: 'test', ...(chromium ? { CURFEW_TEST_CHROMIUM: chromium } : {}) };
}

/** Waits for jest to end, and ends it when it does not. @param {import('node:child_process').ChildProcess} child @param {string} results @param {number} limitMs */
async function leaving(child, results, limitMs) {
  let why = '';
  const kill = (/** @type {string} */ reason) => {
    why = `: ${reason}`;
    child.kill('SIGKILL');
  };
  const hanging = setTimeout(kill, limitMs, `it took longer than ${limitMs / 60_000} minutes`);
  let countedAt = 0;
  const lingering = setInterval(() => {
    if (!existsSync(results)) return;
    countedAt ||= performance.now();
    if (performance.now() - countedAt > leaveLimitMs) kill('a test left something running');
  }, 1_000);
  const code = await new Promise((resolve) => child.once('error', () => resolve(1)).once('close', resolve));
  clearTimeout(hanging);
  clearInterval(lingering);
  return { code, why };
}
