import './runtime-notice.js';
import 'reflect-metadata';
import type { RegisteredClient } from '@curfew/clients';
import { ConfigurationError, loadConfiguration, refuseFirstRunData } from '@curfew/config';
import { type Foundation, openFoundation } from '@curfew/foundation';
import { prepareDatabase } from '@curfew/persistence';
import { createLog } from '@curfew/web';
import { AlreadyAdministered, makeFirstAdministrator, repairAdministration } from './administration.js';

const usage = `Makes the first administrator of a new installation: the admin API as a resource, and one client that may do everything there.

  node apps/admin-api/dist/bootstrap.js
  node apps/admin-api/dist/bootstrap.js --repair

Reads the configuration of the service from the environment (docs/configuration.md) and applies missing migrations. Prints the
client's id and secret once; they are stored nowhere in clear. Everything else (further clients, accounts, APIs, policies) is then
made through the admin API or \`npx curfew\`. The client is made for CURFEW_ADMIN_URL, which production must name: the public address
of the admin API, the same for every process of the installation. Refuses where a client for the admin API exists already.

With --repair, an installation that nobody can administer in full gets a full administrator again: the admin API has all its scopes
and opaque tokens, and where that was not enough, a new client is made and its secret printed. It changes nothing where somebody can.
`;

/** Registers the admin API and its first client. A person who can run this can read the database anyway. */
async function bootstrap(work: (foundation: Foundation) => Promise<void>): Promise<void> {
  const configuration = loadConfiguration(process.env, { explicitAdminUrl: true });
  const log = createLog('admin-api', 'error');
  await prepareDatabase(configuration, (note) => log.warn(note));
  const foundation = await openFoundation(configuration, log, {
    process: undefined,
    connections: { hot: 1 },
  });
  try {
    await refuseFirstRunData(configuration.mode, foundation);
    await work(foundation);
  } finally {
    await foundation.close();
  }
}

async function makeFirst(foundation: Foundation): Promise<void> {
  tell(await makeFirstAdministrator(foundation), foundation.configuration.adminUrl);
}

async function repair(foundation: Foundation): Promise<void> {
  const repaired = await repairAdministration(foundation);
  for (const line of repaired.done) process.stderr.write(`${line}\n`);
  if (repaired.made) tell(repaired.made, foundation.configuration.adminUrl);
}

/** The secret goes to standard output alone, where a program can take it. */
function tell({ client, secret }: RegisteredClient, resource: string): void {
  const answer = { client_id: client.id, client_secret: secret, resource, scope: client.metadata.scope };
  process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  process.stderr.write('Keep the secret: it is not stored, and not shown again.\n');
}

const values = process.argv.slice(2);
if (values.includes('--help') || values.includes('-h')) process.stdout.write(usage);
else if (values.some((value) => value !== '--repair')) {
  process.stderr.write(
    `${values.find((value) => value !== '--repair')} is not known here; allowed is --repair\n`,
  );
  process.exitCode = 2;
} else
  bootstrap(values.includes('--repair') ? repair : makeFirst).then(
    () => process.exit(0),
    (error: unknown) => {
      const told = error instanceof ConfigurationError || error instanceof AlreadyAdministered;
      process.stderr.write(told ? `${error.message}\n` : 'There is no administrator: something failed.\n');
      if (!told) createLog('admin-api', 'error').error({ err: error }, 'bootstrap');
      process.exit(error instanceof ConfigurationError ? 78 : 1);
    },
  );
