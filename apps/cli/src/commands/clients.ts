import { Command } from 'commander';
import type { Json } from '../admin-client.js';
import { clientPath } from '../client-path.js';
import { contextOf } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { facts, printable, table } from '../output.js';
import { type ActOptions, actOnSeen } from './act-on-seen.js';
import { clientExchange } from './client-exchange.js';
import { allowHost, clientHosts, revokeHost } from './client-hosts.js';
import { clientLook } from './client-look.js';
import { createClient } from './create-client.js';

/** `curfew clients`. */
export const clients = (): Command =>
  new Command('clients')
    .summary('clients: list, show, create, look, exchange, hosts of documents, secrets, disable, delete')
    .description(
      'Registered clients. Several at once, or changes of them, are described in a file: curfew apply.',
    )
    .addCommand(list())
    .addCommand(show())
    .addCommand(createClient())
    .addCommand(clientLook())
    .addCommand(clientExchange())
    .addCommand(clientHosts())
    .addCommand(allowHost())
    .addCommand(revokeHost())
    .addCommand(rollOver())
    .addCommand(ending('disable', 'refuse the client and end its sessions'))
    .addCommand(enable())
    .addCommand(ending('delete', 'delete the client with its secrets and consents, and end its sessions'));

const list = (): Command =>
  new Command('list')
    .summary('list clients')
    .option('--search <text>', 'part of id or name')
    .option('--limit <number>', 'most clients to list', '200')
    .addHelpText('after', '\nExample:\n  curfew clients list --search shop')
    .action(async (options: { search?: string; limit: string }, command: Command) => {
      const context = contextOf(command);
      const items = await (await context.admin()).list(
        '/v1/clients',
        { search: options.search },
        Number(options.limit),
      );
      if (context.output.json) return context.output.line(JSON.stringify(items, null, 2));
      const rows = items.map((one) => [
        one.client_id,
        one.client_name,
        one.disabled_at ? 'disabled' : 'active',
        one.token_endpoint_auth_method,
        one.grant_types.map((grant: string) => grant.split(':').at(-1)),
      ]);
      context.output.line(table(['ID', 'NAME', 'STATE', 'AUTHENTICATES BY', 'GRANTS'], rows));
    });

const show = (): Command =>
  new Command('show')
    .summary('show a client')
    .argument('<id>')
    .addHelpText('after', '\nExample:\n  curfew clients show shop')
    .action(async (id: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const client = await (await context.admin()).get(clientPath(id));
      if (context.output.json) return context.output.line(JSON.stringify(client, null, 2));
      const { warnings, ...members } = client;
      context.output.line(facts(Object.entries(members)));
      for (const { severity, member, message } of warnings)
        context.output.line(`${severity}: ${member} ${message}`);
    });

const rollOver = (): Command =>
  new Command('secret')
    .summary('generate a new secret; the old one stays valid for a while')
    .argument('<id>')
    .option('--overlap <seconds>', 'how long the old one is accepted; 0 ends it at once', '86400')
    .addHelpText(
      'after',
      '\nThe new secret is shown once.\n\nExample:\n  curfew clients secret shop --overlap 3600',
    )
    .action(async (id: string, options: { overlap: string }, command: Command) => {
      const context = contextOf(command);
      const overlap_seconds = Number(options.overlap);
      if (!Number.isInteger(overlap_seconds))
        throw new CommandError('--overlap must be a whole number of seconds', exitCodes.usage);
      const path = `${clientPath(id)}/secrets`;
      const { body } = await (await context.admin()).send('POST', path, {
        body: { overlap_seconds },
        idempotent: true,
      });
      if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
      context.output.line(
        facts([
          ['client_secret', body.client_secret],
          ['active secrets', body.secrets.length],
        ]),
      );
    });

const ending = (name: 'disable' | 'delete', summary: string): Command =>
  new Command(name)
    .summary(summary)
    .argument('<id>')
    .option('--note <text>', 'why; kept in the history')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', `\nExample:\n  curfew clients ${name} shop --note "contract ended" --yes`)
    .action(async (id: string, options: ActOptions, command: Command) => {
      const thing = clientPath(id);
      const act = {
        ...{ thing, search: { client: id }, effect: summary },
        ...(name === 'delete'
          ? { method: 'DELETE' as const, path: thing }
          : { method: 'POST' as const, path: `${thing}/disable` }),
        nameOf: (seen: Json) => `client ${printable(seen.client_name)} (${id})`,
      };
      await actOnSeen(contextOf(command), act, options);
    });

const enable = (): Command =>
  new Command('enable')
    .summary('enable a disabled client')
    .argument('<id>')
    .addHelpText('after', '\nExample:\n  curfew clients enable shop')
    .action(async (id: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      await (await context.admin()).send('POST', `${clientPath(id)}/enable`, {
        body: {},
      });
      context.output.line(context.output.json ? '{}' : 'Done. None of its old sessions lives again.');
    });
