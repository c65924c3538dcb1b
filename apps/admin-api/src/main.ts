import './runtime-notice.js';
import 'reflect-metadata';
import { ConfigurationError, exitWhenParentDies, loadConfiguration } from '@curfew/config';
import { startAdminApi } from './admin-api.js';
import { createLog } from './log.js';
import { MigrationsMissing, requireMigrations } from './migrations.store.js';

/** Starts the admin API from the environment; every fault of the configuration is told at once. */
async function main(): Promise<void> {
  const configuration = loadConfiguration(process.env);
  const log = createLog(configuration.logLevel);
  await requireMigrations(configuration.database.url.reveal());
  const server = await startAdminApi(configuration, log);
  log.info({ url: configuration.adminUrl, port: server.port }, 'the admin API is ready');
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    server.stop().then(
      () => process.exit(0),
      (err: unknown) => {
        log.error({ err }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  exitWhenParentDies(process.env);
}

main().catch((error: unknown) => {
  if (error instanceof ConfigurationError || error instanceof MigrationsMissing)
    process.stderr.write(`${error.message}\n`);
  else createLog('error').fatal({ err: error }, 'the admin API could not start');
  process.exit(error instanceof ConfigurationError ? 78 : 1);
});
