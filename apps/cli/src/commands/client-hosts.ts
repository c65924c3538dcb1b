import { Command } from 'commander';
import { confirm, contextOf } from '../context.js';
import { table } from '../output.js';

const pathOf = (host: string): string => `/v1/client-hosts/${encodeURIComponent(host)}`;

/** `curfew clients hosts`. */
export const clientHosts = (): Command =>
  new Command('hosts')
    .summary('hosts whose documents may introduce clients (Client ID Metadata Documents)')
    .addHelpText('after', '\nExample:\n  curfew clients hosts')
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      const body = await (await context.admin()).get('/v1/client-hosts');
      if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
      const rows = body.items.map((one: { host: string; resources: string[]; clients: string[] }) => [
        one.host,
        one.resources.join(' '),
        String(one.clients.length),
      ]);
      context.output.line(table(['HOST', 'APIS', 'CLIENTS'], rows));
      if (!body.enabled) context.output.line('Documents introduce nobody: CURFEW_CLIENT_DOCUMENTS is off.');
    });

/** `curfew clients allow-host`. */
export const allowHost = (): Command =>
  new Command('allow-host')
    .summary('let documents of a host introduce clients')
    .argument('<host>')
    .requiredOption('--resource <audiences...>', 'the APIs that its clients may ask for')
    .option('--note <text>', 'why; kept in the history')
    .addHelpText(
      'after',
      `
Every document of that host is a client: allow no host at which strangers may publish.

Example:
  curfew clients allow-host agent.example.com --resource https://tools.example.com/mcp`,
    )
    .action(async (host: string, options: { resource: string[]; note?: string }, command: Command) => {
      const context = contextOf(command);
      const { resource: resources, note } = options;
      const given = { resources, ...(note === undefined ? {} : { note }) };
      const { body } = await (await context.admin()).send('PUT', pathOf(host), { body: given });
      if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
      context.output.line(`Documents of ${host} may introduce clients.`);
    });

/** `curfew clients revoke-host`. */
export const revokeHost = (): Command =>
  new Command('revoke-host')
    .summary('take that right away, delete the clients of the host, and end their sessions')
    .argument('<host>')
    .option('--note <text>', 'why; kept in the history')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', '\nExample:\n  curfew clients revoke-host agent.example.com --note "taken over"')
    .action(async (host: string, options: { note?: string; yes?: boolean }, command: Command) => {
      const context = contextOf(command);
      await confirm(context, `Delete all clients of ${host} and end their sessions?`, options.yes);
      const query = { note: options.note };
      const { body } = await (await context.admin()).send('DELETE', pathOf(host), { query });
      if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
      context.output.line(
        `Deleted ${body.clients.length} client(s) and ended ${body.sessions_ended} session(s).`,
      );
    });
