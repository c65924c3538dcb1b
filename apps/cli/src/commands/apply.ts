import { Command } from 'commander';
import { applyDescription } from '../apply/apply.js';
import { readDescription } from '../apply/description.js';
import { contextOf } from '../context.js';

/** `curfew apply`. */
export const apply = (): Command =>
  new Command('apply')
    .summary('plan and apply the changes in a file')
    .description(
      'Policies, APIs, clients, gateway routes and attachments from a file: all of it or nothing. Everything the file does not mention is left alone.',
    )
    .requiredOption('-f, --file <file>', 'YAML or JSON')
    .option('--dry-run', 'only plan; exits with 7 where something would change')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
A file:
  everyone: standard            # policy attached to everyone
  policies:
    shop:
      basedOn: standard
      inactivityTimeout: 20m
  resources:
    https://orders.example.com:
      name: Orders
      scopes: [orders:read, orders:write]
      policy: nist-aal2         # attached to the API; null detaches
  clients:
    shop:
      client_name: Shop
      redirect_uris: [https://shop.example.com/callback]
      grant_types: [authorization_code, refresh_token]
      resources: [https://orders.example.com]
      policy: shop

A second run changes nothing. Secrets of new clients are shown once. docs/examples/curfew.yaml has everything a file may say.

Examples:
  curfew apply -f curfew.yaml --dry-run
  curfew apply -f curfew.yaml --yes --json`,
    )
    .action(async (options: { file: string; dryRun?: boolean; yes?: boolean }, command: Command) => {
      const context = contextOf(command);
      const wanted = await readDescription(options.file);
      await applyDescription(context, await context.admin(), wanted, options);
    });
