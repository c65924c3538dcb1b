import type { Configuration } from '@curfew/config';
import { type Logger, pino } from 'pino';

/**
 * The structured log of a process that calls itself `service`. An error is reduced to its name, code, message and stack: the request,
 * its headers, its body and the parameters of a statement may hold secrets and are never written.
 */
export const createLog = (service: string, level: Configuration['logLevel']): Logger =>
  pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
  });

function describeError(error: unknown): Record<string, unknown> {
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
