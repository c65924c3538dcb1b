import { type Configuration, ConfigurationError, loadConfiguration } from '@curfew/config';
import { BackgroundLoops, createLog, exitWhenParentDies, stopOnSignals } from '@curfew/web';
import { startGateway } from './gateway.js';
import { KeptRoutes, lookEveryMs } from './routes/kept-routes.js';
import { FileRoutes, FirstRunRoutes, NoRoutes, type RouteSource } from './routes/route-source.js';
import { RoutesFileError } from './routes/routes-file.js';
import { TroubleLog } from './trouble-log.js';

/** Starts the gateway from the environment. */
async function main(): Promise<void> {
  const configuration = loadConfiguration(process.env, { database: false, keys: false });
  const log = createLog('gateway', configuration.logLevel);
  const troubles = new TroubleLog(log);
  const source = new KeptRoutes(sourceOf(configuration), (sentence, err) => troubles.note(sentence, { err }));
  const gateway = await startGateway(configuration, await source.read(), log);
  log.info({ port: gateway.port }, 'the gateway is ready');
  const reload = (): void => {
    source.read().then(
      (rules) => {
        gateway.use(rules);
        log.info({ routes: rules.routes.length }, 'the routes were read again');
      },
      // Routes that cannot be read must not open a gate, nor close those that were fine.
      (err: unknown) => log.error({ err }, 'the new routes have faults; the old ones stay in force'),
    );
  };
  process.on('SIGHUP', reload);
  const unwatch = source.watch(reload);
  const loops = new BackgroundLoops(log, 'warn');
  loops.every(lookEveryMs, 'looking for kept routes', async () => {
    if (await source.look()) reload();
  });
  stopOnSignals(async () => {
    unwatch();
    await Promise.all([loops.stop(), gateway.stop()]);
  }, log);
  exitWhenParentDies(process.env);
}

function sourceOf({ gatewayRoutes, devFile, issuer }: Configuration): RouteSource {
  if (gatewayRoutes !== undefined) return new FileRoutes(gatewayRoutes, issuer, process.env);
  return devFile === undefined ? new NoRoutes(issuer) : new FirstRunRoutes(devFile);
}

main().catch((error: unknown) => {
  const isMistake = error instanceof ConfigurationError || error instanceof RoutesFileError;
  if (isMistake) process.stderr.write(`${error.message}\n`);
  else createLog('gateway', 'error').fatal({ err: error }, 'the gateway could not start');
  process.exit(isMistake ? 78 : 1);
});
