import type { ServerResponse } from 'node:http';
import type { ProblemError } from './problem.js';
import { noteRefusal } from './refusal.js';

/** Writes a problem as the whole answer (RFC 9457 §3, `application/problem+json`); closes the connection if an answer had begun. */
export function sendProblem(response: ServerResponse, problem: ProblemError, requestId?: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  noteRefusal(response, { error: problem.code, cause: problem.exactCause });
  const body = Buffer.from(JSON.stringify(problem.toProblem(requestId)));
  response.statusCode = problem.status;
  for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
  response.setHeader('Content-Type', 'application/problem+json');
  response.setHeader('Content-Length', body.length);
  response.setHeader('Cache-Control', 'no-store');
  if (problem.retryAfter !== undefined) response.setHeader('Retry-After', Math.ceil(problem.retryAfter));
  if (requestId !== undefined) response.setHeader('X-Request-Id', requestId);
  response.end(response.req?.method === 'HEAD' ? undefined : body);
}
