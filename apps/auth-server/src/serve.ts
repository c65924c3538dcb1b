import './memory.js';
import './runtime-notice.js';
import 'reflect-metadata';
import cluster from 'node:cluster';
import { ConfigurationError, loadConfiguration } from '@curfew/config';
import { createLog } from '@curfew/web';

/**
 * Starts the authorization server from the environment: one process, or as many workers as CURFEW_WORKERS says with a
 * primary before them. Every fault of the configuration is told at once.
 */
async function main(): Promise<void> {
  const configuration = loadConfiguration(process.env);
  // The primary answers no request, so it loads only the modules it needs.
  if (cluster.isWorker) await (await import('./workers/worker.js')).runWorker(configuration);
  else if (configuration.workers > 1) await (await import('./workers/primary.js')).runPrimary(configuration);
  else await (await import('./alone.js')).runAlone(configuration);
}

main().catch((error: unknown) => {
  if (error instanceof ConfigurationError) process.stderr.write(`${error.message}\n`);
  else createLog('auth-server', 'error').fatal({ err: error }, 'the authorization server could not start');
  process.exit(error instanceof ConfigurationError ? 78 : 1);
});
