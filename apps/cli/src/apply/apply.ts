import type { AdminClient, Json } from '../admin-client.js';
import { type Context, confirm } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { printable, table } from '../output.js';
import type { DescriptionFault } from './description.js';

/** How far to go. */
export interface ApplyOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** The wanted state, and a function that words its faults. */
export interface Wanted {
  readonly content: Readonly<Record<string, unknown>>;
  told(fault: DescriptionFault): string;
}

const signs: Readonly<Record<string, string>> = { create: '+', change: '~', attach: '+', detach: '-' };

/** Has the service plan, shows the plan, asks, and has it done: all of it or nothing. */
export async function applyDescription(
  context: Context,
  admin: AdminClient,
  wanted: Wanted,
  options: ApplyOptions,
): Promise<void> {
  const { output } = context;
  const planned = await ordered(admin, wanted, { dry_run: true });
  if (planned.plan.length === 0 || options.dryRun) {
    output.line(output.json ? shown(planned) : planText(planned.plan));
    if (planned.plan.length > 0) process.exitCode = exitCodes.found;
    return;
  }
  if (!output.json) output.line(planText(planned.plan));
  await confirm(context, `Apply ${planned.plan.length} change(s)?`, options.yes);
  const done = await ordered(admin, wanted, { expected_plan: planned.plan_hash });
  if (output.json) return output.line(shown(done));
  output.line('Done, all of it in one transaction.');
  if (done.secrets.length > 0)
    output.line(
      `\nShown this once:\n${table(
        ['CLIENT', 'SECRET'],
        done.secrets.map((one: Json) => [one.client_id, one.client_secret]),
      )}`,
    );
}

const shown = ({ plan, applied, secrets }: Json): string =>
  JSON.stringify({ plan, applied, secrets }, null, 2);

const planText = (plan: readonly Json[]): string =>
  plan.length === 0
    ? 'Nothing to change.'
    : table(
        ['', 'WHAT', 'NAME', 'MEMBERS'],
        plan.map(({ action, kind, name, fields }) => [`${signs[action]} ${action}`, kind, name, fields]),
      );

/** Asks the service; its faults are told as whoever wrote the description can find them. */
async function ordered(admin: AdminClient, wanted: Wanted, more: object): Promise<Json> {
  const body = { description: wanted.content, ...more };
  try {
    return (await admin.send('POST', '/v1/apply', { body, idempotent: true })).body;
  } catch (error) {
    if (!(error instanceof CommandError) || error.faults.length === 0) throw error;
    const [sentence] = error.message.split('\n');
    const told = error.faults.map((fault) => printable(wanted.told(fault)));
    throw new CommandError([sentence, ...told].join('\n'), error.exitCode);
  }
}
