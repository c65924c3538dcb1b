import './runtime-notice.js';
import 'reflect-metadata';
import { ConfigurationError, loadConfiguration } from '@curfew/config';
import type { Transaction } from '@curfew/persistence';
import { eventOf } from './access/acts.js';
import { layFoundation } from './foundation.js';
import { createLog } from './log.js';
import { MigrationsMissing, requireMigrations } from './migrations.store.js';
import { raiseEpoch } from './service-state.store.js';

const usage = `Run once after the database came back from a backup, before anything is let in again.

  node apps/admin-api/dist/after-restore.js --yes

What ended after the backup was made would live again, and refresh tokens used since would look new. So everything authorized
until now is over, people sign in again, and the epoch of the installation is raised: followers of the session feed and readers of
events learn that their positions mean nothing any more. Reads the configuration of the service from the environment.
`;

/** Ends everything and raises the epoch, in one commit. */
async function afterRestore(): Promise<void> {
  const configuration = loadConfiguration(process.env);
  await requireMigrations(configuration.database.url.reveal());
  const { prisma, clock, sessions, events } = await layFoundation(configuration, createLog('error'));
  const by = { kind: 'system', id: null, ip: null } as const;
  try {
    const { epoch, at } = await prisma.$transaction(async (tx: Transaction) => {
      const raised = await raiseEpoch(tx);
      const at = clock.now();
      const reason = 'restored_from_backup';
      await sessions.endAll({ kind: 'everyone', target: '', reason, at, detail: { by } }, tx);
      await events.record([eventOf('service.restored', { epoch: raised, notBefore: at }, at)], tx);
      return { epoch: raised, at };
    });
    process.stdout.write(`${JSON.stringify({ epoch, not_before: new Date(at).toISOString() })}\n`);
  } finally {
    clock.stop();
    await prisma.$disconnect();
  }
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
      if (!told) createLog('error').error({ err: error }, 'after the restore');
      process.exit(error instanceof ConfigurationError ? 78 : 1);
    },
  );
