import type { IncomingMessage, ServerResponse } from 'node:http';
import { ProblemError, sendProblem } from '@curfew/problem';

/**
 * OpenID Connect Core §3.1.2.1: an authorization request may come by POST. It is answered by sending the browser to the
 * same request by GET, so that our cookies, which other sites' forms do not get (SameSite=Lax), come along after all.
 */
export function authorizeByPost(
  request: IncomingMessage,
  response: ServerResponse,
  location: string,
  { id, bodyBytes }: { readonly id: string; readonly bodyBytes: number },
): void {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') {
    const refusal = { status: 415, code: 'unsupported_media_type', title: 'Send a form' };
    sendProblem(response, new ProblemError(refusal), id);
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= bodyBytes) chunks.push(chunk);
    else if (!response.headersSent) {
      response.setHeader('Connection', 'close');
      sendProblem(
        response,
        new ProblemError({ status: 413, code: 'content_too_large', title: 'The request is too large' }),
        id,
      );
    }
  });
  request.on('end', () => {
    if (response.headersSent) return;
    const parameters = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
    response
      .writeHead(303, {
        Location: `${location}?${parameters}`,
        'Cache-Control': 'no-store',
        'Content-Length': 0,
      })
      .end();
  });
}
