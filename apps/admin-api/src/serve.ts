import './runtime-notice.js';
import 'reflect-metadata';
import { ConfigurationError, loadConfiguration } from '@curfew/config';
import { requireAddresses, requireOwnDatabase } from '@curfew/persistence';
import { createLog, exitWhenParentDies, stopOnSignals } from '@curfew/web';
import { startAdminApi } from './admin-api.js';
import { MigrationsMissing, requireMigrations } from './migrations.store.js';

/** Starts the admin API from the environment; every fault of the configuration is told at once. */
async function main(): Promise<void> {
  const configuration = loadConfiguration(process.env);
  const log = createLog('admin-api', configuration.logLevel);
  await requireAddresses(configuration.database, (note) => log.warn(note));
  await requireOwnDatabase(configuration, (note) => log.warn(note));
  await requireMigrations(configuration.database.directUrl.reveal());
  const server = await startAdminApi(configuration, log);
  log.info({ url: configuration.adminUrl, port: server.port }, 'the admin API is ready');
  stopOnSignals(() => server.stop(), log);
  exitWhenParentDies(process.env);
}

main().catch((error: unknown) => {
  if (error instanceof ConfigurationError || error instanceof MigrationsMissing)
    process.stderr.write(`${error.message}\n`);
  else createLog('admin-api', 'error').fatal({ err: error }, 'the admin API could not start');
  process.exit(error instanceof ConfigurationError ? 78 : 1);
});
