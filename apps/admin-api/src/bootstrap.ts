import './runtime-notice.js';
import 'reflect-metadata';
import type { ClientService, ResourceService } from '@curfew/clients';
import { ConfigurationError, loadConfiguration, refuseFirstRunData } from '@curfew/config';
import { migrate } from '@curfew/persistence';
import { adminScopeNames } from './access/scopes.js';
import { layFoundation } from './foundation.js';
import { createLog } from './log.js';

const usage = `Makes the first administrator of a new installation: the admin API as a resource, and one client that may do everything there.

  node apps/admin-api/dist/bootstrap.js

Reads the configuration of the service from the environment (docs/configuration.md) and applies missing migrations. Prints the
client's id and secret once; they are stored nowhere in clear. Everything else (further clients, accounts, APIs, policies) is then
made through the admin API or \`npx curfew\`. The client is made for CURFEW_ADMIN_URL, which production must name: the public address
of the admin API, the same for every process of the installation. Refuses where a client for the admin API exists already.
`;

/** There is an administrator already; a second one is made by the first. */
class AlreadyAdministered extends Error {
  override readonly name = 'AlreadyAdministered';
}

/** Registers the admin API and its first client. Whoever may run this may read the database anyway. */
async function bootstrap(): Promise<void> {
  const configuration = loadConfiguration(process.env, { explicitAdminUrl: true });
  await migrate(configuration.database.url.reveal());
  const foundation = await layFoundation(configuration, createLog('error'));
  const { prisma, clock, clients, resources } = foundation;
  try {
    await refuseFirstRunData(configuration.mode, foundation);
    await refuseSecond(clients, configuration.adminUrl);
    await registerApi(resources, configuration.adminUrl);
    const { client, secret } = await clients.create({
      client_name: 'First administrator',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_basic',
      resources: [configuration.adminUrl],
      scope: adminScopeNames.join(' '),
    });
    const answer = {
      client_id: client.id,
      client_secret: secret,
      resource: configuration.adminUrl,
      scope: client.metadata.scope,
    };
    process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
    process.stderr.write('Keep the secret: it is not stored, and not shown again.\n');
  } finally {
    clock.stop();
    await prisma.$disconnect();
  }
}

async function refuseSecond(clients: ClientService, audience: string): Promise<void> {
  for (let after: string | null = null; ; ) {
    const page = await clients.list({ after, limit: 200 });
    const known = page.clients.find(({ metadata }) => metadata.resources.includes(audience));
    if (known)
      throw new AlreadyAdministered(
        `the client ${known.id} may use the admin API already; make further ones with it`,
      );
    if (page.next === null) return;
    after = page.next;
  }
}

async function registerApi(resources: ResourceService, audience: string): Promise<void> {
  if (await resources.find(audience)) return;
  await resources.create({ audience, name: 'Curfew administration', scopes: [...adminScopeNames] });
}

if (process.argv.includes('--help') || process.argv.includes('-h')) process.stdout.write(usage);
else
  bootstrap().then(
    () => process.exit(0),
    (error: unknown) => {
      const told = error instanceof ConfigurationError || error instanceof AlreadyAdministered;
      process.stderr.write(told ? `${error.message}\n` : 'The first administrator could not be made.\n');
      if (!told) createLog('error').error({ err: error }, 'bootstrap');
      process.exit(error instanceof ConfigurationError ? 78 : 1);
    },
  );
