import type { IncomingMessage, ServerResponse } from 'node:http';
import { type IsUnavailable, problemFrom } from '@curfew/web';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { PageError } from './page-error.js';
import type { PageLog } from './page-log.js';
import type { PageSettings } from './page-settings.js';
import { refuse } from './refusal.js';

/** The dependencies of the filter. */
export interface PageErrorFilterParts {
  readonly settings: PageSettings;
  readonly log: PageLog;
  /** Recognises errors that mean "the database is out of reach". */
  readonly isUnavailable: IsUnavailable;
}

/** Refuses in plain words for everything a controller of pages throws, vague about what went wrong inside. */
@Catch()
export class PageErrorFilter implements ExceptionFilter {
  constructor(private readonly parts: PageErrorFilterParts) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const response = http.getResponse<ServerResponse>();
    const request = http.getRequest<IncomingMessage>();
    const requestId = idOf(request, response);
    const refusal = error instanceof PageError ? error : problemFrom(error, this.parts.isUnavailable);
    if (refusal.status >= 500 && !(error instanceof PageError)) this.parts.log.fault(error, requestId);
    // The rest of a refused body is not read, so the connection is closed after the response.
    if (refusal.status === 413 && !response.headersSent) response.setHeader('Connection', 'close');
    const { settings } = this.parts;
    refuse(request, response, refusal, { settings, requestId, otherwise: 'page' });
  }
}

/** The front door gives every request its id and states it in the answer. */
function idOf(request: IncomingMessage, response: ServerResponse): string | undefined {
  const id = (request as { id?: unknown }).id ?? response.getHeader('x-request-id');
  return typeof id === 'string' ? id : undefined;
}
