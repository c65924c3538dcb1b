import { writeFile } from 'node:fs/promises';
import type { Context } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { table } from '../output.js';
import { builtInNames, type NamedScenario, scenarioOf } from './built-in.js';
import { installationOf } from './installation.js';
import { hasPassed, type Played, play, refuseInProduction } from './play.js';
import { asJson, asJunit, tellEnd, tellStep } from './report.js';
import { scenarioJsonSchema } from './scenario.js';
import { removeLeftovers } from './stage.js';

/** `curfew scenario list`. */
export async function listBuiltIn({ output }: Context): Promise<void> {
  const all = await Promise.all((await builtInNames()).map(scenarioOf));
  if (output.json)
    return output.line(
      JSON.stringify(all.map(({ name, scenario: { title, about } }) => ({ name, title, about }))),
    );
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

/** `curfew scenario run`. */
export async function runScenarios(
  context: Context,
  names: readonly string[],
  junit: string | undefined,
): Promise<void> {
  const asked = names.includes('all') ? await builtInNames() : names;
  const played = await playAll(context, await allOf(asked));
  if (junit !== undefined) await writeReport(junit, asJunit(played));
  if (context.output.json) context.output.line(JSON.stringify(asJson(played), null, 2));
  const failed = played.filter((one) => !hasPassed(one));
  if (!context.output.json && played.length > 1)
    context.output.line(`${played.length - failed.length} passed, ${failed.length} failed`);
  if (failed.length > 0) process.exitCode = exitCodes.failed;
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

async function playAll(context: Context, scenarios: readonly NamedScenario[]): Promise<readonly Played[]> {
  const { output, options } = context;
  const admin = await context.admin();
  const installation = await installationOf(admin, options.devFile, process.env);
  await refuseInProduction(
    installation,
    scenarios.map(({ scenario: one }) => one),
  );
  await removeLeftovers(admin);
  const interrupted = interruption();
  const played: Played[] = [];
  for (const { name, scenario: one } of scenarios) {
    if (!output.json) output.line(`${name}: ${one.title}`);
    const tell = output.json ? () => {} : tellStep.bind(null, output);
    const done = await play(installation, name, one, tell, interrupted);
    if (!output.json) tellEnd(output, done);
    played.push(done);
    if (interrupted.aborted) break;
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
