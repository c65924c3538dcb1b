import './runtime-notice.js';
import 'reflect-metadata';
import { ConfigurationError, loadConfiguration } from '@curfew/config';
import { takeRestoreStep } from '@curfew/sessions/store';
import { createLog } from '@curfew/web';
import { MigrationsMissing, requireMigrations } from './migrations.store.js';

const usage = `Run once after the database came back from a backup, or lost something in a failover, before anything is let in again.

  node apps/admin-api/dist/after-restore.js --yes

What ended after the backup was made would live again, and refresh tokens used since would look new. So everything authorized
until now is over, people sign in again, and the epoch of the installation is raised: followers of the session feed and readers of
events learn that their positions mean nothing any more. Reads the configuration of the service from the environment.
`;

/** Takes the step, whether or not a process has found the loss by itself. */
async function afterRestore(): Promise<void> {
  const configuration = loadConfiguration(process.env);
  await requireMigrations(configuration.database.directUrl.reveal());
  const taken = await takeRestoreStep(configuration, { onlyIfLost: false });
  const { epoch, notBefore } = taken!;
  process.stdout.write(`${JSON.stringify({ epoch, not_before: new Date(notBefore).toISOString() })}\n`);
}

if (!process.argv.includes('--yes')) {
  process.stdout.write(usage);
  process.exitCode = process.argv.length > 2 && !process.argv.includes('--help') ? 2 : 0;
} else
  afterRestore().then(
    () => process.exit(0),
    (error: unknown) => {
      const told = error instanceof ConfigurationError || error instanceof MigrationsMissing;
      process.stderr.write(
        told ? `${error.message}\n` : 'Nothing was changed; the database could not be asked.\n',
      );
      if (!told) createLog('admin-api', 'error').error({ err: error }, 'after the restore');
      process.exit(error instanceof ConfigurationError ? 78 : 1);
    },
  );
