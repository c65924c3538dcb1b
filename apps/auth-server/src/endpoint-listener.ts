import type { RequestListener } from 'node:http';
import type { Foundation } from '@curfew/foundation';
import { isDatabaseUnavailable } from '@curfew/persistence';
import { problemFrom, sendProblem } from '@curfew/web';

/** Handles a request of a client, a follower or a receiver. Rejects with the error to answer with. */
export type Serve = (...exchange: Parameters<RequestListener>) => Promise<void>;

/** The listener of an endpoint below NestJS: an error becomes a problem (RFC 9457), and is logged if it is a fault of ours. */
export const endpointListener =
  (serve: Serve, log: Foundation['log'], subject: string): RequestListener =>
  (request, response) => {
    serve(request, response).catch((error: unknown) => {
      const problem = problemFrom(error, isDatabaseUnavailable);
      if (problem.status >= 500) log.error({ err: error }, subject);
      if (!response.headersSent) sendProblem(response, problem, (request as { id?: string }).id);
    });
  };
