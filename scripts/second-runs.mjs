import { recall, remember } from './repository.mjs';

/** @typedef {{ file: string, tests: readonly string[], passed: boolean }} SecondRun */
/** @typedef {{ lines: string[], failed: number, needed: string[] }} Judgement */

const memory = 'second-runs';

/**
 * Judges the files that ran a second time: the lines to print, and the number that count as failures. A file that also needed its
 * second run in the run before fails if `strict`. @param {readonly SecondRun[]} runs @param {readonly string[]} before @param {boolean}
 * strict @returns {Judgement}
 */
export function judgeSecondRuns(runs, before, strict) {
  if (runs.length === 0) return { lines: [], failed: 0, needed: [] };
  const again = runs.filter(({ file, passed }) => passed && before.includes(file));
  const lines = [`${runs.length} ${runs.length === 1 ? 'file' : 'files'} ran a second time:`];
  for (const { file, tests, passed } of runs) {
    const twice = before.includes(file) ? ', and needed it in the run before, too' : '';
    lines.push(`  ${file} (${passed ? 'passed then' : 'failed then, too'}${twice}), because of:`);
    for (const test of tests) lines.push(`    ${test}`);
  }
  const failed = strict ? again.length : 0;
  if (failed > 0) lines.push(`${failed} of them twice in a row, which counts as a failure: mend the test`);
  return { lines, failed, needed: runs.map(({ file }) => file) };
}

/** Judges the second runs of a complete run, and remembers them for the next one. @param {readonly SecondRun[]} runs @returns {Judgement} */
export function rememberSecondRuns(runs) {
  const judgement = judgeSecondRuns(
    runs,
    recall(memory).split('\n').filter(Boolean),
    Boolean(process.env.CI),
  );
  remember(memory, judgement.needed.join('\n'));
  return judgement;
}
