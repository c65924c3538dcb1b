import { setTimeout as pause } from 'node:timers/promises';
import {
  type Configuration,
  ConfigurationError,
  exitWhenParentDies,
  loadConfiguration,
} from '@curfew/config';
import { startGateway } from './gateway.js';
import { createLog } from './log.js';
import { firstRunRules, NoFirstRunData, thisMachine } from './routes/first-run-routes.js';
import type { GatewayRules } from './routes/rules.js';

/** Starts the gateway from the environment. */
async function main(): Promise<void> {
  const configuration = loadConfiguration(process.env, { database: false, keys: false });
  const log = createLog(configuration.logLevel);
  const gateway = await startGateway(configuration, await rulesOf(configuration), log);
  log.info({ port: gateway.port }, 'the gateway is ready');
  const stop = () => {
    gateway.stop().then(
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

/** Without routes of its own, an installation to try things with protects the sample API; any other lets nobody pass. */
async function rulesOf({ devFile, issuer }: Configuration): Promise<GatewayRules> {
  if (devFile === undefined)
    return { issuer, forwarded: { proxies: thisMachine(), forms: [] }, apis: [], routes: [] };
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      return await firstRunRules(devFile);
    } catch (error) {
      // The authorization server writes it when it starts for the first time, which may be just now.
      if (!(error instanceof NoFirstRunData) || performance.now() > deadline) throw error;
      await pause(200);
    }
  }
}

main().catch((error: unknown) => {
  if (error instanceof ConfigurationError) process.stderr.write(`${error.message}\n`);
  else createLog('error').fatal({ err: error }, 'the gateway could not start');
  process.exit(error instanceof ConfigurationError ? 78 : 1);
});
