import type { IncomingMessage, ServerResponse } from 'node:http';
import { type IsUnavailable, problemFrom } from '@curfew/problem';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { errorPage } from '../pages/index.js';
import { sendPage } from './answer.js';
import { PageError } from './page-error.js';
import type { PageLog } from './page-log.js';
import type { PageSettings } from './page-settings.js';

/** What the filter needs from the application around it. */
export interface PageErrorFilterParts {
  readonly settings: PageSettings;
  readonly log: PageLog;
  /** Recognises errors that mean "the database is out of reach". */
  readonly isUnavailable: IsUnavailable;
}

/** Renders everything a controller of pages throws as a page in plain words, vague about what went wrong inside. */
@Catch()
export class PageErrorFilter implements ExceptionFilter {
  constructor(private readonly parts: PageErrorFilterParts) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const response = http.getResponse<ServerResponse>();
    const requestId = idOf(http.getRequest<IncomingMessage>(), response);
    const refusal = error instanceof PageError ? error : this.translate(error);
    if (refusal.status >= 500 && !(error instanceof PageError)) this.parts.log.fault(error, requestId);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // What is left of a refused body is not read: the connection ends with the answer.
    if (refusal.status === 413) response.setHeader('Connection', 'close');
    const { title, message, status, retryAfter } = refusal;
    const page = errorPage({ title, message, requestId, base: this.parts.settings.base });
    sendPage(response, page, { status, retryAfter });
  }

  private translate(error: unknown): PageError {
    const { status, retryAfter } = problemFrom(error, this.parts.isUnavailable);
    const [title, message] = words.get(status) ?? (status < 500 ? words.get(400)! : words.get(500)!);
    return new PageError(status, title, message, retryAfter);
  }
}

const words = new Map<number, readonly [title: string, message: string]>([
  [400, ['This request cannot be read', 'Something in it is damaged. Go back and try again.']],
  [404, ['There is nothing here', 'The address may be mistyped, or the page is gone.']],
  [405, ['This cannot be done here', 'The address exists, but not for what was tried.']],
  [500, ['Something went wrong', 'It is our fault, not yours. Nothing was changed; try again in a moment.']],
  [503, ['We cannot answer right now', 'Nothing was changed. Try again in a few seconds.']],
]);

/** The front door gives every request its id and states it in the answer. */
function idOf(request: IncomingMessage, response: ServerResponse): string | undefined {
  const id = (request as { id?: unknown }).id ?? response.getHeader('x-request-id');
  return typeof id === 'string' ? id : undefined;
}
