import { Command } from 'commander';
import { contextOf } from '../context.js';
import { exitCodes } from '../exit.js';
import { table } from '../output.js';

const signs = { ok: 'ok', note: 'note', wrong: 'WRONG' } as const;

/** `curfew doctor`. */
export const doctor = (): Command =>
  new Command('doctor')
    .summary('check the whole installation, and say what to do')
    .description(
      'Configuration, database, migrations, clocks, keys, certificates, reachability. Each line is in order, worth knowing, or wrong and says what to do.',
    )
    .addHelpText(
      'after',
      '\nReads the settings from the environment, as the services do, and what npm start made up.\nExits with 7 where something is wrong.\n\nExample:\n  curfew doctor',
    )
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      // Loaded where it is asked for: most commands need no database.
      const { examine } = await import('../doctor/doctor.js');
      const findings = await examine(context, process.env);
      if (context.output.json) context.output.line(JSON.stringify(findings, null, 2));
      else
        context.output.line(
          table(
            ['', 'WHAT', 'FOUND'],
            findings.map(({ state, what, detail }) => [signs[state], what, detail]),
          ),
        );
      if (findings.some(({ state }) => state === 'wrong')) process.exitCode = exitCodes.found;
    });
