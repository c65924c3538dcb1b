import { Command } from 'commander';
import type { Json } from '../admin-client.js';
import { contextOf } from '../context.js';
import { table } from '../output.js';

/** `curfew receivers`. */
export const receivers = (): Command =>
  new Command('receivers')
    .summary('receivers of events: list, dead letters, send again')
    .addCommand(list())
    .addCommand(dead())
    .addCommand(redrive());

const list = (): Command =>
  new Command('list')
    .summary('webhooks, logout receivers and streams, with the events that wait for each')
    .addHelpText('after', '\nExample:\n  curfew receivers list')
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      const items = await (await context.admin()).list('/v1/receivers', { limit: 200 });
      if (context.output.json) return context.output.line(JSON.stringify(items, null, 2));
      const rows = items.map((one) => [one.id, one.kind, one.name, one.status, one.waiting, one.dead]);
      context.output.line(table(['ID', 'KIND', 'NAME', 'STATUS', 'WAITING', 'DEAD'], rows));
    });

const dead = (): Command =>
  new Command('dead')
    .summary('deliveries that were given up, and why')
    .argument('<id>', 'receiver')
    .option('--limit <number>', 'most to list', '50')
    .addHelpText('after', '\nExample:\n  curfew receivers dead 0192f0c1-8a4e-7c3d-9f10-2b6a4d8e1c55')
    .action(async (id: string, options: { limit: string }, command: Command) => {
      const context = contextOf(command);
      const path = `/v1/receivers/${encodeURIComponent(id)}/dead-letters`;
      const items = await (await context.admin()).list(path, { limit: 200 }, Number(options.limit));
      if (context.output.json) return context.output.line(JSON.stringify(items, null, 2));
      const rows = items.map((one: Json) => [one.id, one.event_at, one.attempts, one.cause, one.dead_at]);
      context.output.line(table(['ID', 'EVENT AT', 'ATTEMPTS', 'CAUSE', 'GIVEN UP'], rows));
    });

const redrive = (): Command =>
  new Command('redrive')
    .summary('send dead letters again')
    .argument('<id>', 'receiver')
    .argument('[letters...]', 'only these')
    .addHelpText('after', '\nExample:\n  curfew receivers redrive 0192f0c1-8a4e-7c3d-9f10-2b6a4d8e1c55')
    .action(async (id: string, letters: string[], _: unknown, command: Command) => {
      const context = contextOf(command);
      const request = { body: letters.length === 0 ? {} : { ids: letters }, idempotent: true };
      const path = `/v1/receivers/${encodeURIComponent(id)}/redrive`;
      const { body } = await (await context.admin()).send('POST', path, request);
      context.output.line(context.output.json ? JSON.stringify(body) : `${body.redriven} sent again.`);
    });
