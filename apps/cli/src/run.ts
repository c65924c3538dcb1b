import { type Command, CommanderError } from 'commander';
import { CommandError, exitCodes } from './exit.js';
import { printable } from './output.js';
import { program } from './program.js';

/** Runs one command line; the exit code says how it ended. */
export async function run(argv: readonly string[]): Promise<void> {
  const top = program(process.env['CURFEW_HOME'] || undefined);
  exitByThrowing(top);
  try {
    await top.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    if (error instanceof CommandError)
      process.stderr.write(`${error.message.split('\n').map(printable).join('\n')}\n`);
    else if (!(error instanceof CommanderError))
      process.stderr.write('failed for a reason of its own; this is a defect\n');
  }
}

/** A wrong command line must leave with its own code, whichever command it was for. */
function exitByThrowing(command: Command): void {
  command.exitOverride();
  for (const inner of command.commands) exitByThrowing(inner);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommandError) return error.exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  return exitCodes.failed;
}

// A reader that has seen enough (`curfew events | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

await run(process.argv.slice(2));
