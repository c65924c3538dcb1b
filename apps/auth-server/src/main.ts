import './memory.js';
import 'reflect-metadata';
import { HashingProcess } from '@curfew/accounts';
import { ConfigurationError, exitWhenParentDies, loadConfiguration } from '@curfew/config';
import { migrate } from '@curfew/persistence';
import { startAuthServer } from './auth-server.js';
import { createLog } from './log.js';

/** Starts the authorization server from the environment; every fault of the configuration is told at once. */
async function main(): Promise<void> {
  const configuration = loadConfiguration(process.env);
  const log = createLog(configuration.logLevel);
  await migrate(configuration.database.url.reveal());
  const hashing = new HashingProcess({
    concurrency: configuration.hashing.concurrency,
    onEnd: (end) => log.error(end, 'the process that hashes passwords ended; another one takes its place'),
  });
  const server = await startAuthServer(configuration, log, { hashing });
  hashing.start();
  log.info({ issuer: configuration.issuer, port: server.port }, 'the authorization server is ready');
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    const stopped = server.stop().finally(() => hashing.stop());
    stopped.then(
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
  if (error instanceof ConfigurationError) process.stderr.write(`${error.message}\n`);
  else createLog('error').fatal({ err: error }, 'the authorization server could not start');
  process.exit(error instanceof ConfigurationError ? 78 : 1);
});
