import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { AdminClient } from './admin-client.js';
import { connectionFrom, type GlobalOptions } from './connection.js';
import { CommandError, exitCodes } from './exit.js';
import { type Output, terminal } from './output.js';

/** The dependencies of every command. */
export interface Context {
  readonly options: GlobalOptions;
  readonly output: Output;
  /** Connects when first asked, so that help and completion need nothing. */
  admin(): Promise<AdminClient>;
}

/** The context of a command about to run. */
export function contextOf(command: Command): Context {
  const options = command.optsWithGlobals<GlobalOptions>();
  let client: Promise<AdminClient> | undefined;
  return {
    options,
    output: terminal(options.json === true),
    admin() {
      client ??= connectionFrom(options, process.env).then((connection) => new AdminClient(connection));
      return client;
    },
  };
}

/** Asks before something that cannot be taken back; without a person to ask, `--yes` must have been given. */
export async function confirm(
  { output }: Context,
  question: string,
  yes: boolean | undefined,
): Promise<void> {
  if (yes) return;
  if (!output.interactive)
    throw new CommandError(`${question} Nobody can be asked here; add --yes to do it.`, exitCodes.usage);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(`${question} [y/N] `).finally(() => lines.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError('nothing was done');
}

/** The id of an account, given its id or its username. */
export async function accountId(admin: AdminClient, text: string): Promise<string> {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return text;
  const found = await admin.list('/v1/accounts', { prefix: text, limit: 200 }, 200);
  const account = found.find(({ username }) => username === text.normalize('NFKC').toLowerCase());
  if (!account) throw new CommandError('there is no account with this username', exitCodes.notFound);
  return account.id;
}
