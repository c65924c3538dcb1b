import type { Configuration } from '@curfew/config';
import { prepareDatabase } from '@curfew/persistence';
import { createLog, exitWhenParentDies, serveMetrics, stopOnSignals } from '@curfew/web';
import { startAuthServer } from './auth-server.js';
import { hashingBeside } from './hashing-beside.js';

/** Runs the whole authorization server in this process. */
export async function runAlone(configuration: Configuration): Promise<void> {
  const log = createLog('auth-server', configuration.logLevel);
  await prepareDatabase(configuration, (note) => log.warn(note));
  const hashing = hashingBeside(configuration, log);
  const server = await startAuthServer(configuration, log, {
    hashing,
    makesFirstRunData: true,
    runsJobsOfAll: true,
    mayListen: async () => {},
    showFigures: serveMetrics,
  });
  hashing.start();
  log.info({ issuer: configuration.issuer, port: server.port }, 'the authorization server is ready');
  stopOnSignals(async () => {
    await server.stop().finally(() => hashing.stop());
    return true;
  }, log);
  exitWhenParentDies(process.env);
}
