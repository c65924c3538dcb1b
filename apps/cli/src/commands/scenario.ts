import { Command } from 'commander';
import { contextOf } from '../context.js';
import type { RunOptions } from '../scenario/scenario-acts.js';

/** Loaded only where it is asked for: every other command would pay for it at each start. */
const acts = () => import('../scenario/scenario-acts.js');

/** `curfew scenario`. */
export const scenario = (): Command =>
  new Command('scenario')
    .summary('play what happens to sessions, on a clock that moves')
    .description(
      'Plays scenarios on the running product. They show how a session proceeds, and when it ends.',
    )
    .addHelpText(
      'after',
      `
A scenario has an account and applications of its own, which are removed afterwards. One that lets time pass moves the clock of the
whole installation, so it is refused where CURFEW_VIRTUAL_CLOCK is not true. Play one at a time.

Examples:
  curfew scenario list
  curfew scenario run stolen-token
  curfew scenario run all --junit report.xml
  curfew scenario check my-scenario.yaml`,
    )
    .addCommand(list())
    .addCommand(run())
    .addCommand(check())
    .addCommand(schema());

const list = (): Command =>
  new Command('list')
    .summary('list the built-in scenarios')
    .action(async (_options: unknown, command: Command) => (await acts()).listBuiltIn(contextOf(command)));

const check = (): Command =>
  new Command('check')
    .summary('check scenario files without playing them')
    .argument('<file...>', 'files in YAML or JSON')
    .action(async (files: string[], _options: unknown, command: Command) =>
      (await acts()).checkFiles(contextOf(command), files),
    );

const schema = (): Command =>
  new Command('schema')
    .summary('print the JSON Schema of scenario files, for editors')
    .action(async (_options: unknown, command: Command) => (await acts()).printSchema(contextOf(command)));

const run = (): Command =>
  new Command('run')
    .summary('play scenarios on the running product')
    .argument('<scenario...>', 'names of built-in scenarios, files of your own, or all')
    .option('--junit <file>', 'write a JUnit report, for CI')
    .option('--lines', 'print a line of JSON for each step as soon as it was played')
    .option('--pause <duration>', 'wait before each act, so that somebody can watch')
    .action(async (names: string[], options: RunOptions, command: Command) =>
      (await acts()).runScenarios(contextOf(command), names, options),
    );
