import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { databaseUnavailable, frontDoor, ProblemError, refusalOf, sendProblem } from '@curfew/web';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import { answerConsole, isOfConsole, type ServedConsole } from './console/serve-console.js';
import type { OperationPath } from './contract/operation-paths.js';
import { causeLabel } from './contract/refusal-causes.js';
import { errorFormOf } from './scim/scim-error.js';

/** The handlers behind the front door, and the settings of the door. */
export interface Rooms {
  readonly adminUrl: string;
  readonly trustedHops: number;
  readonly paths: readonly OperationPath[];
  readonly application: RequestListener;
  /** Counts refusals by their exact cause. */
  readonly refusals: Counter<'cause'>;
  /** Why the database may not be served from, if it may not. */
  readonly databaseRefusal: () => Error | undefined;
  /** The console, which is served beside the operations. */
  readonly console: ServedConsole;
  readonly log: Logger;
}

/** Lets requests in that are for the admin API's own host and for something that is there. */
export function adminDoor(rooms: Rooms): RequestListener {
  const { adminUrl, trustedHops, paths, application, refusals, databaseRefusal, log } = rooms;
  const door = {
    url: adminUrl,
    urlBehindProxy: rooms.console.consoleUrl,
    urlName: 'CURFEW_ADMIN_URL',
    trustedHops,
    headers: everyAnswer,
    isForMachines,
    refuse,
    log,
  };
  const admit = frontDoor(door, (request, response, path, id) => {
    const methods = paths.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    if (methods.length === 0 && isOfConsole(path) && answerConsole(request, response, path, rooms.console))
      return;
    if (methods.length === 0) return refuse(request, response, notFound(), id);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (!methods.includes(method ?? '')) return refuse(request, response, notAllowed(methods), id);
    const refused = isForMachines(path) ? undefined : databaseRefusal();
    if (refused) return refuse(request, response, databaseUnavailable(refused), id);
    application(request, response);
  });
  return (request, response) => {
    countRefusal(response, refusals);
    admit(request, response);
  };
}

const refuse = (request: IncomingMessage, response: ServerResponse, problem: ProblemError, id: string) =>
  sendProblem(response, problem, id, errorFormOf(request.url));

const everyAnswer = {
  // A proxy that compresses would weaken the ETags (RFC 9111 §5.2.2.6), and a weak one is refused in If-Match (RFC 9110 §13.1.1).
  'Cache-Control': 'no-store, no-transform',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/** Asked by probes and by Prometheus, which know this process by its own address; nothing there is of anybody. */
const isForMachines = (path: string): boolean => path.startsWith('/health/') || path === '/metrics';

function countRefusal(response: ServerResponse, refusals: Rooms['refusals']): void {
  response.once('close', () => {
    const refusal = refusalOf(response);
    if (refusal) refusals.inc({ cause: causeLabel(refusal.cause) });
  });
}

const notFound = () => new ProblemError({ status: 404, code: 'not_found', title: 'There is nothing here' });
const notAllowed = (methods: readonly string[]) =>
  new ProblemError({
    status: 405,
    code: 'method_not_allowed',
    headers: { Allow: [...new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)].join(', ') },
  });
