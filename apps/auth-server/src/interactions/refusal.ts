import type { IncomingMessage, ServerResponse } from 'node:http';
import { isErrorCause } from '@curfew/token-endpoint';
import { noteRefusal, ProblemError, problemFrom, sendProblem } from '@curfew/web';
import { errorPage } from '../pages/index.js';
import { sendPage } from './answer.js';
import { PageError } from './page-error.js';
import type { PageSettings } from './page-settings.js';

/** The context of a refusal. */
export interface RefusalPlace {
  readonly settings: PageSettings;
  readonly requestId: string | undefined;
  /** The form for callers that prefer none. */
  readonly otherwise: 'page' | 'problem';
}

/** Refuses in the form that the caller reads: a page for a person, a problem (RFC 9457) for a program. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: PageError | ProblemError,
  { settings, requestId, otherwise }: RefusalPlace,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if ((preferredForm(request) ?? otherwise) === 'problem') {
    sendProblem(response, refusal instanceof ProblemError ? refusal : asProblem(refusal), requestId);
    return;
  }
  const page = refusal instanceof PageError ? refusal : asPage(refusal);
  const { words, status, retryAfter } = page;
  noteRefusal(response, { error: asProblem(page).code, cause: refusal.exactCause });
  if (refusal instanceof ProblemError)
    for (const [name, value] of Object.entries(refusal.headers)) response.setHeader(name, value);
  sendPage(response, errorPage({ words, requestId, ...settings.pageFor(request) }), { status, retryAfter });
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
  const { status, title, message, exactCause, retryAfter } = refusal;
  const { code } = problemFrom(refusal, () => false);
  return new ProblemError({
    status,
    code,
    exactCause,
    title,
    detail: message,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
};

const asPage = ({ status, exactCause, retryAfter }: ProblemError): PageError => {
  const general = status < 500 ? 'malformed_request' : 'internal_error';
  return new PageError(status, isErrorCause(exactCause) ? exactCause : general, retryAfter);
};
