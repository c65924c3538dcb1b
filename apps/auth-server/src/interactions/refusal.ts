import type { IncomingMessage, ServerResponse } from 'node:http';
import { ProblemError, problemFrom, sendProblem } from '@curfew/problem';
import { errorPage } from '../pages/index.js';
import { sendPage } from './answer.js';
import { PageError } from './page-error.js';

/** What every refusal needs to know of its surroundings. */
export interface RefusalPlace {
  /** The issuer's own path. */
  readonly base?: string | undefined;
  readonly requestId: string | undefined;
  /** The form for callers that prefer none. */
  readonly otherwise: 'page' | 'problem';
}

/** Refuses in the form that the caller reads: a page for a person, a problem (RFC 9457) for a program. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: PageError | ProblemError,
  { base, requestId, otherwise }: RefusalPlace,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if ((preferredForm(request) ?? otherwise) === 'problem') {
    sendProblem(response, refusal instanceof ProblemError ? refusal : asProblem(refusal), requestId);
    return;
  }
  const { title, message, status, retryAfter } = refusal instanceof PageError ? refusal : asPage(refusal);
  if (refusal instanceof ProblemError)
    for (const [name, value] of Object.entries(refusal.headers)) response.setHeader(name, value);
  sendPage(response, errorPage({ title, message, requestId, base }), { status, retryAfter });
}

/** RFC 9110 §12.5.1, as far as it takes to tell a browser from a program; whether a process is healthy is asked by programs only. */
function preferredForm({ url = '', headers }: IncomingMessage): RefusalPlace['otherwise'] | undefined {
  if (url.startsWith('/health/')) return 'problem';
  const ranges = (headers.accept ?? '').toLowerCase().split(',');
  const weight = (types: readonly string[]) =>
    Math.max(
      0,
      ...ranges
        .map((range) => range.split(';').map((part) => part.trim()))
        .filter(([type = '']) => types.includes(type))
        .map((parts) => Number(parts.find((part) => part.startsWith('q='))?.slice(2) ?? 1) || 0),
    );
  const page = weight(['text/html', 'application/xhtml+xml']);
  const problem = weight(['application/json', 'application/problem+json']);
  if (page === problem) return undefined;
  return page > problem ? 'page' : 'problem';
}

const asProblem = (refusal: PageError): ProblemError => {
  const { status, title, message, retryAfter } = refusal;
  const { code } = problemFrom(refusal, () => false);
  return new ProblemError({
    status,
    code,
    title,
    detail: message,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
};

const asPage = ({ status, retryAfter }: ProblemError): PageError => {
  const [title, message] = words.get(status) ?? (status < 500 ? words.get(400)! : words.get(500)!);
  return new PageError(status, title, message, retryAfter);
};

const words = new Map<number, readonly [title: string, message: string]>([
  [400, ['This request cannot be read', 'Something in it is damaged. Go back and try again.']],
  [404, ['There is nothing here', 'The address may be mistyped, or the page is gone.']],
  [405, ['This cannot be done here', 'The address exists, but not for what was tried.']],
  [413, ['This is too large', 'More was sent than can be read here. Tell whoever runs the application.']],
  [421, ['This is another address', 'The service answers at one address only, and it is not this one.']],
  [500, ['Something went wrong', 'It is our fault, not yours. Nothing was changed; try again in a moment.']],
  [503, ['We cannot answer right now', 'Nothing was changed. Try again in a few seconds.']],
]);
