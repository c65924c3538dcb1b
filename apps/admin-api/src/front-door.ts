import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { databaseUnavailable, ProblemError, refusalOf, sendProblem } from '@curfew/problem';
import { hostCheck, UntrustedForwarding, untrustedForwarding } from '@curfew/signals';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import type { OperationContract } from './contract/operation.js';
import { causeLabel } from './contract/refusal-causes.js';

/** What stands behind the door. */
export interface Rooms {
  readonly adminUrl: string;
  readonly trustedHops: number;
  readonly contracts: readonly OperationContract[];
  readonly application: RequestListener;
  /** Counts refusals by their exact cause. */
  readonly refusals: Counter<'cause'>;
  /** Why the database may not be served from, if it may not. */
  readonly databaseRefusal: () => Error | undefined;
  readonly log: Logger;
}

/** Every request comes in here: it gets its id, must have been sent to the admin API's own host, and to something that is there. */
export function frontDoor({
  adminUrl,
  trustedHops,
  contracts,
  application,
  refusals,
  databaseRefusal,
  log,
}: Rooms): RequestListener {
  const isOurs = hostCheck(adminUrl);
  const forwarding = new UntrustedForwarding(trustedHops, () => log.warn(untrustedForwarding));
  const known = knownPaths(contracts);
  return (request, response) => {
    const id = identify(request, response, trustedHops);
    logWhenDone(request, response, id, log);
    countRefusal(response, refusals);
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    const path = pathOf(request.url ?? '/');
    if (path === null) return sendProblem(response, malformed(), id);
    // A name of ours, or none: else a page of another site could be pointed here (DNS rebinding).
    if (!forMachines(path) && !isOurs(request.headers.host)) return sendProblem(response, misdirected(), id);
    forwarding.look(request.headers);
    const methods = known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    if (methods.length === 0) return sendProblem(response, notFound(), id);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (!methods.includes(method ?? '')) return sendProblem(response, notAllowed(methods), id);
    const refused = forMachines(path) ? undefined : databaseRefusal();
    if (refused) return sendProblem(response, databaseUnavailable(refused), id);
    application(request, response);
  };
}

/** Asked by probes and by Prometheus, which know this process by its own address; nothing there is of anybody. */
const forMachines = (path: string): boolean => path.startsWith('/health/') || path === '/metrics';

function knownPaths(contracts: readonly OperationContract[]) {
  return contracts.map(({ path, method }) => ({
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  }));
}

/** The path of a request target in origin form, or null for anything else (RFC 9112 §3.2). */
function pathOf(target: string): string | null {
  if (!target.startsWith('/') || target.startsWith('//') || /[^\x21-\x7e]/.test(target)) return null;
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/** A proxy of ours may have named the request already; nobody else may. */
function identify(request: IncomingMessage, response: ServerResponse, trustedHops: number): string {
  const given = request.headers['x-request-id'];
  const id =
    trustedHops > 0 && typeof given === 'string' && /^[\w.-]{8,64}$/.test(given) ? given : randomUUID();
  Object.assign(request, { id });
  response.setHeader('X-Request-Id', id);
  return id;
}

function countRefusal(response: ServerResponse, refusals: Rooms['refusals']): void {
  response.once('close', () => {
    const refusal = refusalOf(response);
    if (refusal) refusals.inc({ cause: causeLabel(refusal.cause) });
  });
}

function logWhenDone(request: IncomingMessage, response: ServerResponse, id: string, log: Logger): void {
  if (!log.isLevelEnabled('info')) return;
  const startedAt = performance.now();
  response.once('close', () => {
    const path = (pathOf(request.url ?? '/') ?? '').slice(0, 128);
    const ms = Math.round((performance.now() - startedAt) * 10) / 10;
    const aborted = response.writableFinished ? {} : { aborted: true };
    const { method } = request;
    log.info(
      { id, method, path, status: response.statusCode, ms, ...refusalOf(response), ...aborted },
      'request',
    );
  });
}

const malformed = () =>
  new ProblemError({ status: 400, code: 'malformed_request', title: 'The request target is malformed' });
const notFound = () => new ProblemError({ status: 404, code: 'not_found', title: 'There is nothing here' });
const notAllowed = (methods: readonly string[]) =>
  new ProblemError({
    status: 405,
    code: 'method_not_allowed',
    headers: { Allow: [...new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)].join(', ') },
  });
const misdirected = () =>
  new ProblemError({
    status: 421,
    code: 'wrong_host',
    title: 'Not the host of this service',
    detail: 'Send the request to the host that CURFEW_ADMIN_URL names.',
  });
