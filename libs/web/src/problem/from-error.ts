import { STATUS_CODES } from 'node:http';
import { ProblemError } from './problem.js';

/** Tells whether an error means that the database is out of reach or overloaded, so that trying again later makes sense. */
export type IsUnavailable = (error: unknown) => boolean;

/** Seconds a client is told to wait when the database is out of reach: long enough for a reconnect, short enough for a person. */
const retryAfterUnavailable = 2;

/** The codes of answers that frameworks and body parsers raise; anything else in the 4xx range is `invalid_request`. */
const codes = new Map<number, string>([
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [405, 'method_not_allowed'],
  [406, 'not_acceptable'],
  [408, 'request_timeout'],
  [409, 'conflict'],
  [412, 'precondition_failed'],
  [413, 'content_too_large'],
  [415, 'unsupported_media_type'],
  [428, 'precondition_required'],
  [429, 'too_many_requests'],
  [503, 'unavailable'],
]);

/**
 * The problem any thrown value leads to. The text of foreign errors is never used: Nest's and the body parser's repeat paths and
 * bodies, the database's repeat values.
 */
export function problemFrom(error: unknown, isUnavailable: IsUnavailable): ProblemError {
  if (error instanceof ProblemError) return error;
  const status = statusOf(error);
  // A client that goes away in the middle of its body breaks a connection, too, and is not the database.
  const isOfClient = status !== undefined && status < 500;
  if (!isOfClient && isUnavailable(error)) return databaseUnavailable(error);
  if (status === undefined)
    return new ProblemError({ status: 500, code: 'internal_error', title: 'Internal error', cause: error });
  return new ProblemError({
    status,
    code: codes.get(status) ?? 'invalid_request',
    title: STATUS_CODES[status] ?? 'Error',
    cause: error,
  });
}

/** 503 with Retry-After: nothing was decided, and asking again may help. */
export function databaseUnavailable(cause?: unknown): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'unavailable',
    title: 'Service Unavailable',
    detail: 'The service cannot answer at the moment. Nothing was changed.',
    retryAfter: retryAfterUnavailable,
    cause,
  });
}

/** The status a Nest exception (`getStatus`) or an http-errors one (`status`) stands for; only client errors and 503 are believed. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { getStatus, status } = error as { getStatus?: unknown; status?: unknown };
  const stated: unknown = typeof getStatus === 'function' ? getStatus.call(error) : status;
  if (typeof stated !== 'number' || !STATUS_CODES[stated]) return undefined;
  return (stated >= 400 && stated < 500) || stated === 503 ? stated : undefined;
}
