import { writeFile } from 'node:fs/promises';
import type { Context } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { table } from '../output.js';
import { secondsOf } from '../time.js';
import { builtInNames, type NamedScenario, scenarioOf } from './built-in.js';
import { installationOf } from './installation.js';
import { hasPassed, type Played, type PlayedStep, play, refuseInProduction } from './play.js';
import { asJson, asJunit, describedJson, outcomeLine, stepLine, tellEnd, tellStep } from './report.js';
import { scenarioJsonSchema } from './scenario.js';
import { removeLeftovers } from './stage.js';

/** `curfew scenario list`. */
export async function listBuiltIn({ output }: Context): Promise<void> {
  const all = await Promise.all((await builtInNames()).map(scenarioOf));
  if (output.json) return output.line(JSON.stringify(all.map(describedJson)));
  output.line(
    table(
      ['NAME', 'WHAT HAPPENS'],
      all.map(({ name, scenario: one }) => [name, one.title]),
    ),
  );
}

/** `curfew scenario check`. */
export async function checkFiles({ output }: Context, files: readonly string[]): Promise<void> {
  const named = await allOf(files);
  for (const { name, scenario: one } of named)
    output.line(`${name}: ${one.steps.length} steps, nothing wrong`);
}

/** `curfew scenario schema`. */
export const printSchema = ({ output }: Context): void =>
  output.line(JSON.stringify(scenarioJsonSchema(), null, 2));

/** The options of `curfew scenario run`. */
export interface RunOptions {
  readonly junit?: string;
  readonly lines?: true;
  readonly pause?: string;
}

/** `curfew scenario run`. */
export async function runScenarios(
  context: Context,
  names: readonly string[],
  options: RunOptions,
): Promise<void> {
  const { output } = context;
  const pauseMs = options.pause === undefined ? 0 : secondsOf(options.pause) * 1_000;
  const asked = names.includes('all') ? await builtInNames() : names;
  const played = await playAll(context, await allOf(asked), {
    telling: tellingBy(context, options),
    pauseMs,
  });
  if (options.junit !== undefined) await writeReport(options.junit, asJunit(played));
  const failed = played.filter((one) => !hasPassed(one));
  if (failed.length > 0) process.exitCode = exitCodes.failed;
  if (options.lines) return;
  if (output.json) output.line(JSON.stringify(asJson(played), null, 2));
  else if (played.length > 1) output.line(`${played.length - failed.length} passed, ${failed.length} failed`);
}

/** How a run is told: as lines for people, as lines of JSON, or not until its end. */
function tellingBy({ output }: Context, { lines }: RunOptions) {
  if (lines)
    return {
      begin: () => {},
      step: (played: PlayedStep) => output.line(stepLine(played)),
      end: (played: Played) => output.line(outcomeLine(played)),
    };
  if (output.json) return { begin: () => {}, step: () => {}, end: () => {} };
  return {
    begin: ({ name, scenario: { title } }: NamedScenario) => output.line(`${name}: ${title}`),
    step: (played: PlayedStep) => tellStep(output, played),
    end: (played: Played) => tellEnd(output, played),
  };
}

/** Scenarios by name or file; the faults of all files are told at once. */
async function allOf(names: readonly string[]): Promise<readonly NamedScenario[]> {
  const read = await Promise.allSettled(names.map(scenarioOf));
  const faults = read.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  const [first] = faults;
  if (first === undefined) return read.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const expected = faults.every((fault) => fault instanceof CommandError);
  if (!expected || !(first instanceof CommandError)) throw first;
  throw new CommandError(faults.map((fault) => (fault as Error).message).join('\n'), first.exitCode);
}

async function playAll(
  context: Context,
  scenarios: readonly NamedScenario[],
  run: { readonly telling: ReturnType<typeof tellingBy>; readonly pauseMs: number },
): Promise<readonly Played[]> {
  const { options } = context;
  const admin = await context.admin();
  const installation = await installationOf(admin, options.devFile, process.env);
  await refuseInProduction(
    installation,
    scenarios.map(({ scenario: one }) => one),
  );
  await removeLeftovers(admin);
  const { telling, pauseMs } = run;
  const following = { tell: telling.step, interrupted: interruption(), pauseMs };
  const played: Played[] = [];
  for (const named of scenarios) {
    telling.begin(named);
    const done = await play(installation, named.name, named.scenario, following);
    telling.end(done);
    played.push(done);
    if (following.interrupted.aborted) break;
  }
  return played;
}

/** The first Ctrl-C stops after the step under way and removes what was made; the second one stops at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(exitCodes.failed);
      process.stderr.write('Stopping; removing the accounts and clients of the scenario first …\n');
      controller.abort();
    });
  return controller.signal;
}

const writeReport = (file: string, text: string): Promise<void> =>
  writeFile(file, text).catch(() => {
    throw new CommandError(`${file} cannot be written`, exitCodes.usage);
  });
