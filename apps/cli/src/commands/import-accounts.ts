import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { contextOf } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { printable } from '../output.js';

/** `curfew accounts import`. */
export const importAccounts = (): Command =>
  new Command('import')
    .summary('import the accounts of a file, with the password hashes of another system')
    .argument('<file>', 'JSON Lines or CSV, with at most 10,000 accounts')
    .addOption(
      new Option('--format <format>', 'by default from the name of the file').choices(['jsonl', 'csv']),
    )
    .option('--dry-run', 'only check the file')
    .option('--note <text>', 'why; kept in the history')
    .addHelpText(
      'after',
      `
All accounts of the file are imported, or none: every fault is told with its line. An account that is there with the same profile is
left as it is, so a file can be sent again. A password is verified against its old hash at the first sign-in, and hashed anew.

A line:
  {"username": "ada", "email": "ada@example.com", "email_verified": true, "groups": ["staff"], "password_hash": "$2b$10$…"}

Examples:
  curfew accounts import people.jsonl --dry-run
  curfew accounts import people.csv --note "from the old shop"`,
    )
    .action(
      async (
        file: string,
        options: { format?: string; dryRun?: boolean; note?: string },
        command: Command,
      ) => {
        const context = contextOf(command);
        const content = await readFile(file, 'utf8').catch(() => {
          throw new CommandError(`${file} cannot be read`, exitCodes.usage);
        });
        const format = options.format ?? (/\.csv$/i.test(file) ? 'csv' : 'jsonl');
        const body = { format, content, dry_run: options.dryRun ?? false, note: options.note };
        const admin = await context.admin();
        if (context.output.interactive) context.output.aside(`Reading ${file} …`);
        const imported = await admin
          .send('POST', '/v1/accounts/import', { body, idempotent: true })
          .catch((error) => {
            throw toldByLine(file, error);
          });
        const { created, present } = imported.body;
        if (context.output.json) return context.output.line(JSON.stringify(imported.body, null, 2));
        const made = options.dryRun
          ? `${created} account(s) would be imported`
          : `${created} account(s) imported`;
        context.output.line(present > 0 ? `${made}, ${present} are there already.` : `${made}.`);
      },
    );

/** Faults as editors find them: with file and line. */
function toldByLine(file: string, error: unknown): unknown {
  if (!(error instanceof CommandError) || error.faults.length === 0) return error;
  const [sentence] = error.message.split('\n');
  const told = error.faults.map(({ at, detail }) => {
    const [, line, member] = /^line\/(\d+)(?:\/(.+))?$/.exec(at) ?? [];
    return printable(
      line === undefined ? `${at}: ${detail}` : `${file}:${line}: ${member ? `${member} ` : ''}${detail}`,
    );
  });
  return new CommandError([sentence, ...told].join('\n'), error.exitCode);
}
