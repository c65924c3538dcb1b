import { Command, Option } from 'commander';
import type { Json } from '../admin-client.js';
import { type Context, confirm, contextOf } from '../context.js';
import { table } from '../output.js';

/** `curfew keys`. */
export const keys = (): Command =>
  new Command('keys')
    .summary('signing keys: list, rotate, withdraw')
    .addCommand(list())
    .addCommand(rotate())
    .addCommand(withdraw());

const list = (): Command =>
  new Command('list')
    .summary('active, next and retired signing keys')
    .addHelpText('after', '\nExample:\n  curfew keys list')
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      tell(context, await (await context.admin()).get('/v1/keys'));
    });

const rotate = (): Command =>
  new Command('rotate')
    .summary('rotate signing keys')
    .addOption(new Option('--alg <algorithm>', 'only of this algorithm').choices(['ES256', 'EdDSA', 'RS256']))
    .addHelpText(
      'after',
      '\nNew keys are published at once and sign after the publish-ahead time, so that nobody meets a signature they\ncannot check.\n\nExample:\n  curfew keys rotate --alg ES256',
    )
    .action(async (options: { alg?: string }, command: Command) => {
      const context = contextOf(command);
      const request = { body: options.alg === undefined ? {} : { alg: options.alg }, idempotent: true };
      tell(context, (await (await context.admin()).send('POST', '/v1/keys/rotate', request)).body);
    });

const withdraw = (): Command =>
  new Command('withdraw')
    .summary('withdraw a compromised key at once')
    .argument('<kid>')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      '\nTokens it signed are no longer accepted.\n\nExample:\n  curfew keys withdraw kYq3… --yes',
    )
    .action(async (kid: string, options: { yes?: boolean }, command: Command) => {
      const context = contextOf(command);
      await confirm(context, 'Tokens signed with this key will no longer be accepted.', options.yes);
      tell(
        context,
        (await (await context.admin()).send('DELETE', `/v1/keys/${encodeURIComponent(kid)}`)).body,
      );
    });

function tell({ output }: Context, { items }: Json): void {
  if (output.json) {
    output.line(JSON.stringify(items, null, 2));
    return;
  }
  const rows = items.map((one: Json) => [one.kid, one.alg, one.state, one.activates_at, one.retires_at]);
  output.line(table(['KID', 'ALG', 'STATE', 'SIGNS FROM', 'UNTIL'], rows));
}
