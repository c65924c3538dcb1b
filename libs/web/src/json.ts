import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from './http-server.js';
import { ProblemError } from './problem/problem.js';

/** Refuses any other method. @throws ProblemError 405 */
export function requireMethod({ method }: IncomingMessage, wanted: 'GET' | 'POST'): void {
  if (method === wanted) return;
  throw new ProblemError({
    status: 405,
    code: 'method_not_allowed',
    title: `Only ${wanted} is answered here`,
    headers: { Allow: wanted },
  });
}

/** Reads a JSON body of at most `maxBytes`. @throws ProblemError 400, 413, 415 */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new ProblemError({ status: 415, code: 'unsupported_media_type', title: 'The body must be JSON' });
  const body = await readBody(request, maxBytes);
  if (!body)
    throw new ProblemError({ status: 413, code: 'content_too_large', title: 'The body is too large' });
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw malformedBody('The body is not JSON');
  }
}

/** Writes a JSON answer that nobody may keep. */
export function answerJson(response: ServerResponse, value: object, status = 200): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'Content-Length': body.length,
  });
  response.end(body);
}

/** The problem of a body that breaks the rules; `detail` must not repeat what was sent. */
export const malformedBody = (detail: string): ProblemError =>
  new ProblemError({ status: 400, code: 'invalid_request', title: 'The request is not well-formed', detail });
