import { length, type Output, printable } from '../output.js';
import type { NamedScenario } from './built-in.js';
import { hasPassed, type Played, type PlayedStep } from './play.js';
import { wordsOf } from './words.js';

const marks = { passed: '✓', failed: '✗', left_out: '–' } as const;

/** Tells a scenario as it is played, for people. */
export function tellStep(output: Output, { step, at, tookMs, outcome, told }: PlayedStep): void {
  const time = `+${length(at)}`.padStart(8);
  output.line(
    `${time}  ${marks[outcome]} ${printable(wordsOf(step)).padEnd(52)}  ${printable(told)} (${tookMs.toFixed(0)} ms)`,
  );
  if (step.because !== null) output.line(`${' '.repeat(12)}${printable(step.because)}`);
}

/** The last line of a scenario, for people. */
export function tellEnd(output: Output, played: Played): void {
  const { name, tookMs, left, broken } = played;
  if (broken !== null) output.line(`${' '.repeat(10)}✗ ${printable(broken)}`);
  for (const one of left) output.aside(`could not be removed: ${printable(one)}`);
  output.line(`${hasPassed(played) ? 'passed' : 'FAILED'}: ${name}, in ${(tookMs / 1_000).toFixed(1)} s\n`);
}

/** A scenario before it is played, for scripts. */
export const describedJson = ({ name, scenario }: NamedScenario): unknown => ({
  name,
  title: scenario.title,
  about: scenario.about,
  policy: scenario.policy,
  moves_clock_seconds: scenario.steps.reduce((sum, step) => sum + (step.name === 'wait' ? step.value : 0), 0),
  blocks_database: scenario.steps.some((step) => step.name === 'database'),
  steps: scenario.steps.map((step) => ({ words: wordsOf(step), because: step.because })),
});

/** A step that was played, for scripts. */
export const stepAsJson = ({ step, at, tookMs, outcome, told, sid, deniedAfterMs }: PlayedStep) => ({
  step: step.name,
  value: step.value,
  at,
  took_ms: Math.round(tookMs),
  outcome,
  told,
  session_id: sid,
  denied_after_ms: deniedAfterMs === null ? null : Math.round(deniedAfterMs),
});

/** The outcome of a scenario, for scripts. */
const outcomeAsJson = (played: Played) => ({
  name: played.name,
  title: played.scenario.title,
  passed: hasPassed(played),
  took_ms: Math.round(played.tookMs),
  broken: played.broken,
  not_removed: played.left,
});

/** Everything about played scenarios, for scripts. */
export const asJson = (all: readonly Played[]): unknown =>
  all.map((played) => ({ ...outcomeAsJson(played), steps: played.steps.map(stepAsJson) }));

/** One line of JSON for a step, as soon as it was played. */
export const stepLine = (played: PlayedStep): string => JSON.stringify({ played: stepAsJson(played) });

/** One line of JSON for the outcome, after those of the steps. */
export const outcomeLine = (played: Played): string => JSON.stringify({ outcome: outcomeAsJson(played) });

/** Played scenarios as a JUnit report: one suite for each, one case for each step. */
export function asJunit(all: readonly Played[]): string {
  const suites = all.map((played) => {
    const cases = played.steps.map(caseOf);
    if (played.broken !== null)
      cases.push(`    <testcase name="the scenario"><error message="${xml(played.broken)}"/></testcase>`);
    const failures = played.steps.filter(({ outcome }) => outcome === 'failed').length;
    const skipped = played.steps.filter(({ outcome }) => outcome === 'left_out').length;
    const counts = `tests="${cases.length}" failures="${failures}" errors="${played.broken === null ? 0 : 1}" skipped="${skipped}"`;
    return `  <testsuite name="${xml(played.name)}" ${counts} time="${inSeconds(played.tookMs)}">\n${cases.join('\n')}\n  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`;
}

function caseOf({ step, tookMs, outcome, told }: PlayedStep, index: number): string {
  const inner = {
    passed: '',
    failed: `<failure message="${xml(told)}"/>`,
    left_out: `<skipped message="${xml(told)}"/>`,
  }[outcome];
  return `    <testcase name="${index + 1}. ${xml(wordsOf(step))}" time="${inSeconds(tookMs)}">${inner}</testcase>`;
}

const inSeconds = (ms: number): string => (ms / 1_000).toFixed(3);
const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const xml = (text: string): string => printable(text).replace(/[&<>"]/g, (one) => escapes[one] ?? one);
