import type { Logger } from 'pino';

/** Lets SIGTERM and SIGINT stop the process: status 0 when `stop` resolves to true, 1 otherwise. */
export function stopOnSignals(stop: () => Promise<boolean>, log: Logger): void {
  let stopping = false;
  const begin = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    stop().then(
      (clean) => process.exit(clean ? 0 : 1),
      (err: unknown) => {
        log.error({ err }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', begin).on('SIGINT', begin);
}
