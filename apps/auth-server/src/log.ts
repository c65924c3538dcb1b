import type { Configuration } from '@curfew/config';
import { type Logger, pino } from 'pino';

/**
 * The structured log. Errors are reduced to what helps and cannot carry a secret: name, code, message and stack, never the
 * request, its headers, its body or the parameters of a statement.
 */
export function createLog(level: Configuration['logLevel']): Logger {
  // Written in pieces, not line by line: a line per request would otherwise be a system call per request.
  const destination = pino.destination({ sync: false, minLength: 4096, periodicFlush: 200 });
  process.once('exit', () => {
    try {
      destination.flushSync();
    } catch {
      // Nothing can be said any more where nothing can be written.
    }
  });
  return pino(
    {
      level,
      base: { service: 'auth-server' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    destination,
  );
}

/** The parts of an error that may be written down. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    message: error.message.slice(0, 500),
    ...(typeof code === 'string' ? { code } : {}),
    stack: error.stack?.split('\n').slice(1, 12).join('\n'),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
