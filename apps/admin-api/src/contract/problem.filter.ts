import type { IncomingMessage, ServerResponse } from 'node:http';
import { type IsUnavailable, type ProblemError, problemFrom, sendProblem } from '@curfew/web';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { ProblemForm } from '../scim/scim-error.js';

/** The dependencies of the filter. */
export interface ProblemFilterOptions {
  /** Recognises errors that mean "the database is out of reach". */
  readonly isUnavailable: IsUnavailable;
  /** Told about each answer of 500 and above, with the error behind it; the place to log. */
  readonly onServerError?: (error: unknown, problem: ProblemError, requestId: string | undefined) => void;
  /** The id of a request; by default its `id` property, which the front door sets. */
  readonly requestId?: (request: IncomingMessage) => string | undefined;
  /** The form of errors for the target of a request, where it is not that of problems. */
  readonly formOf?: (target: string | undefined) => ProblemForm | undefined;
}

/** Renders everything a controller throws as an RFC 9457 problem, vague about what went wrong inside. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly options: ProblemFilterOptions) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<IncomingMessage>();
    const requestId = (this.options.requestId ?? idOf)(request);
    const problem = problemFrom(error, this.options.isUnavailable);
    if (problem.status >= 500) this.options.onServerError?.(error, problem, requestId);
    const form = this.options.formOf?.(request.url);
    sendProblem(http.getResponse<ServerResponse>(), problem, requestId, form);
  }
}

function idOf(request: IncomingMessage): string | undefined {
  const { id } = request as { id?: unknown };
  return typeof id === 'string' ? id : undefined;
}
