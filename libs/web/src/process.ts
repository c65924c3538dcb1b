import type { Logger } from 'pino';

/** Lets SIGTERM and SIGINT stop the process: with status 1 when `stop` rejects or resolves to false, else with status 0. */
export function stopOnSignals(stop: () => Promise<unknown>, log: Logger): void {
  let stopping = false;
  const begin = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    stop().then(
      (clean) => process.exit(clean === false ? 1 : 0),
      (err: unknown) => {
        log.error({ err }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', begin).on('SIGINT', begin);
}

/**
 * Stops this process when the one that started it goes away, even by kill -9: the parent holds the other end of standard input, and
 * the kernel closes it. Does nothing unless CURFEW_EXIT_WITH_PARENT is `true`, because a terminal or /dev/null may be closed too.
 * Asks for a graceful stop first (SIGTERM to itself) and exits with status 1 if that takes longer than `graceMs`.
 */
export function exitWhenParentDies(
  env: Readonly<Record<string, string | undefined>>,
  { graceMs = 10_000 }: { graceMs?: number } = {},
): void {
  if (env['CURFEW_EXIT_WITH_PARENT'] !== 'true') return;
  let gone = false;
  const stop = (): void => {
    if (gone) return;
    gone = true;
    setTimeout(() => process.exit(1), graceMs).unref();
    process.kill(process.pid, 'SIGTERM');
  };
  process.stdin.on('end', stop).on('close', stop).on('error', stop).resume();
  // Watching must not be what keeps a process alive that has nothing else to do.
  (process.stdin as { unref?: () => void }).unref?.();
}
