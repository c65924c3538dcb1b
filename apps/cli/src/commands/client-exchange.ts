import { Command } from 'commander';
import { clientPath } from '../client-path.js';
import { contextOf } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { table } from '../output.js';
import { wholeNumber } from '../whole-number.js';

interface ExchangeOptions {
  readonly for: string;
  readonly scope?: string;
  readonly depth?: string;
  readonly lifetime?: string;
  readonly remove?: boolean;
}

interface Right {
  readonly resource: string;
  readonly scope: string;
  readonly max_depth?: number;
  readonly max_lifetime?: number;
}

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** `curfew clients exchange`. */
export const clientExchange = (): Command =>
  new Command('exchange')
    .summary('let a client act for people at another API (RFC 8693), or no more')
    .argument('<id>')
    .requiredOption('--for <audience>', 'the API that exchanged tokens are for')
    .option('--scope <scopes>', 'scope values they have at most, separated by spaces')
    .option('--depth <number>', 'clients that may act one for another, 1 to 5; 1 unless given')
    .option('--lifetime <seconds>', 'how long they live at most')
    .option('--remove', 'take the right for this API away; tokens that came of it are inactive')
    .addHelpText(
      'after',
      `
Examples:
  curfew clients exchange orders-api --for https://stock.example.com --scope stock:read --lifetime 300
  curfew clients exchange orders-api --for https://stock.example.com --remove`,
    )
    .action(async (id: string, options: ExchangeOptions, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const path = clientPath(id);
      const { version, grant_types, token_exchange = [] } = await admin.get(path);
      const others = token_exchange.filter(({ resource }: Right) => resource !== options.for);
      const rights: Right[] = options.remove ? others : [...others, rightOf(options)];
      const grants = grant_types.filter((grant: string) => grant !== exchangeGrant);
      const change = {
        grant_types: rights.length > 0 ? [...grants, exchangeGrant] : grants,
        token_exchange: rights.length > 0 ? rights : null,
      };
      const { body } = await admin.send('PATCH', path, { body: change, version });
      if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
      const rows = rights.map((right) => [
        right.resource,
        right.scope,
        String(right.max_depth ?? 1),
        right.max_lifetime === undefined ? '–' : String(right.max_lifetime),
      ]);
      context.output.line(table(['FOR', 'SCOPE', 'DEPTH', 'SECONDS'], rows));
    });

function rightOf(options: ExchangeOptions): Right {
  if (options.scope === undefined)
    throw new CommandError('--scope says what the client may do at the API, or --remove', exitCodes.usage);
  return {
    resource: options.for,
    scope: options.scope,
    ...(options.depth === undefined ? {} : { max_depth: wholeNumber('--depth', options.depth) }),
    ...(options.lifetime === undefined ? {} : { max_lifetime: wholeNumber('--lifetime', options.lifetime) }),
  };
}
