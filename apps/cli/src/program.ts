import path from 'node:path';
import { Command } from 'commander';
import { accounts } from './commands/accounts.js';
import { adaptation } from './commands/adaptation.js';
import { apply } from './commands/apply.js';
import { browsers } from './commands/browsers.js';
import { clients } from './commands/clients.js';
import { completion } from './commands/completion.js';
import { compliance } from './commands/compliance.js';
import { doctor } from './commands/doctor.js';
import { events } from './commands/events.js';
import { identityProviders } from './commands/identity-providers.js';
import { insight } from './commands/insight.js';
import { keys } from './commands/keys.js';
import { policies } from './commands/policies.js';
import { receivers } from './commands/receivers.js';
import { scenario } from './commands/scenario.js';
import { sessions } from './commands/sessions.js';
import { status } from './commands/status.js';
import { transmitters } from './commands/transmitters.js';
import { exitCodeMeanings } from './exit.js';

const about = `
Credentials are those of a client registered for client_credentials at the admin API. They come from flags, from the
environment (CURFEW_ISSUER, CURFEW_ADMIN_URL, CURFEW_CLI_CLIENT_ID, CURFEW_CLI_CLIENT_SECRET), or from the file that
npm start writes: dev.json in .curfew, or in the folder that CURFEW_HOME names.

${exitCodeMeanings}

Examples:
  curfew status
  curfew sessions list --state live
  curfew sessions end --account user1@example.test --note "laptop stolen"
  curfew events --follow
  curfew scenario run stolen-token
  curfew doctor`;

/** The whole command line; nothing happens before it is parsed. `home` is the folder in which `npm start` keeps an installation. */
export function program(home = '.curfew'): Command {
  const top = new Command('curfew')
    .description('Manage sessions, clients, policies, accounts and keys through the admin API.')
    .option('--issuer <url>', 'the authorization server')
    .option('--admin-url <url>', 'the admin API')
    .option('--client-id <id>', 'the client to get a token for')
    .option('--client-secret-file <file>', 'a file with its secret, or - for standard input')
    .option('--dev-file <file>', 'the file that npm start writes', path.join(home, 'dev.json'))
    .option('--json', 'for scripts')
    .showHelpAfterError('(curfew help shows how)')
    .addHelpText('after', about);
  const all = [
    status,
    sessions,
    browsers,
    accounts,
    identityProviders,
    clients,
    policies,
    adaptation,
    insight,
    keys,
    events,
    receivers,
    transmitters,
    compliance,
    apply,
    scenario,
    doctor,
    completion,
  ];
  for (const make of all) top.addCommand(make());
  return top;
}
