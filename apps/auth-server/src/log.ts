import type { Configuration } from '@curfew/config';
import { type Logger, pino } from 'pino';

/**
 * The structured log. Errors are reduced to what helps and cannot carry a secret: name, code, message and stack, never the
 * request, its headers, its body or the parameters of a statement.
 */
export const createLog = (level: Configuration['logLevel']): Logger =>
  pino({
    level,
    base: { service: 'auth-server' },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
  });

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
