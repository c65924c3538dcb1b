import { Command } from 'commander';
import type { Json } from '../admin-client.js';
import { contextOf } from '../context.js';
import { facts, length, table } from '../output.js';

/** `curfew policies shadow`. */
export const shadow = (): Command =>
  new Command('shadow')
    .summary('try shorter timeouts on the sessions of a policy without ending any')
    .description('Sessions are marked where other timeouts would have ended them; nothing is ended.')
    .addCommand(set())
    .addCommand(show())
    .addCommand(sessions())
    .addCommand(remove());

const pathOf = (policy: string): string => `/v1/policies/${encodeURIComponent(policy)}/shadow`;

const set = (): Command =>
  new Command('set')
    .summary('set what is tried; other timeouts forget the marks made before')
    .argument('<policy>')
    .option('--inactivity-timeout <duration>', 'such as 15m')
    .option('--absolute-lifetime <duration>', 'such as 8h')
    .addHelpText('after', '\nExample:\n  curfew policies shadow set staff --inactivity-timeout 15m')
    .action(
      async (
        policy: string,
        options: { inactivityTimeout?: string; absoluteLifetime?: string },
        command: Command,
      ) => {
        const context = contextOf(command);
        const body = {
          inactivity_timeout: options.inactivityTimeout,
          absolute_lifetime: options.absoluteLifetime,
        };
        const made = (await (await context.admin()).send('PUT', pathOf(policy), { body })).body;
        context.output.line(context.output.json ? JSON.stringify(made, null, 2) : described(made));
      },
    );

const described = (one: Json): string =>
  facts([
    ['Policy', one.policy],
    ['Inactivity timeout tried', length(one.inactivity_timeout)],
    ['Absolute lifetime tried', one.absolute_lifetime === null ? null : length(one.absolute_lifetime)],
    ['Since', one.since],
    ...(one.of_canary ? [['From', 'the canary of the policy'] as const] : []),
  ]);

const show = (): Command =>
  new Command('show')
    .summary('show what is tried and how many sessions it would have ended')
    .argument('<policy>')
    .addHelpText('after', '\nExample:\n  curfew policies shadow show staff')
    .action(async (policy: string, _: unknown, command: Command) => {
      const { output, admin } = contextOf(command);
      const found = await (await admin()).get(pathOf(policy));
      if (output.json) return output.line(JSON.stringify(found, null, 2));
      if (!found.shadow) return output.line(`Nothing is tried on the sessions of ${policy}.`);
      const { marked, used_again: used, live, ended, complete } = found.would_have_ended;
      output.line(described(found.shadow));
      output.line();
      output.line(
        facts([
          [complete ? 'Would have ended' : 'Would have ended at least', marked],
          ['Used again after that', used],
          ['Live', live],
          ...Object.entries(ended).map(([reason, count]) => [`Ended: ${reason}`, count] as const),
        ]),
      );
    });

const sessions = (): Command =>
  new Command('sessions')
    .summary('list the sessions it would have ended, with what they did afterwards')
    .argument('<policy>')
    .option('--limit <count>', 'how many at most', '50')
    .addHelpText('after', '\nExample:\n  curfew policies shadow sessions staff --limit 200')
    .action(async (policy: string, options: { limit: string }, command: Command) => {
      const { output, admin } = contextOf(command);
      const items = await (await admin()).list(`${pathOf(policy)}/sessions`, {}, Number(options.limit));
      if (output.json) return output.line(JSON.stringify(items, null, 2));
      const rows = items.map((one) => [
        one.id,
        one.client_id,
        one.would_have_ended_at,
        one.used_again_after_seconds === null ? 'no' : `after ${length(one.used_again_after_seconds)}`,
        one.end_reason ?? 'live',
      ]);
      output.line(table(['SESSION', 'CLIENT', 'WOULD HAVE ENDED', 'USED AGAIN', 'NOW'], rows));
    });

const remove = (): Command =>
  new Command('remove')
    .summary('try nothing any more and forget the marks')
    .argument('<policy>')
    .addHelpText('after', '\nExample:\n  curfew policies shadow remove staff')
    .action(async (policy: string, _: unknown, command: Command) => {
      const { output, admin } = contextOf(command);
      await (await admin()).send('DELETE', pathOf(policy));
      output.line(`Nothing is tried on the sessions of ${policy} any more.`);
    });
