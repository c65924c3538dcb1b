import type { ServerResponse } from 'node:http';
import { noteRefusal } from '../door/front-door.js';
import type { ProblemError } from './problem.js';

/** The form of errors of a protocol that does not write them as problems. */
interface ProblemForm {
  readonly mediaType: string;
  body(problem: ProblemError, requestId: string | undefined): unknown;
}

/**
 * Writes a problem as the whole answer (RFC 9457 §3, `application/problem+json`), or in the form of its protocol; closes the connection if
 * an answer had begun.
 */
export function sendProblem(
  response: ServerResponse,
  problem: ProblemError,
  requestId?: string,
  form?: ProblemForm,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  noteRefusal(response, { error: problem.code, cause: problem.exactCause });
  const body = Buffer.from(
    JSON.stringify(form ? form.body(problem, requestId) : problem.toProblem(requestId)),
  );
  response.statusCode = problem.status;
  for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
  response.setHeader('Content-Type', 'application/problem+json');
  if (form) response.setHeader('Content-Type', form.mediaType);
  response.setHeader('Content-Length', body.length);
  response.setHeader('Cache-Control', 'no-store');
  if (problem.retryAfter !== undefined) response.setHeader('Retry-After', Math.ceil(problem.retryAfter));
  if (requestId !== undefined) response.setHeader('X-Request-Id', requestId);
  response.end(response.req?.method === 'HEAD' ? undefined : body);
}
