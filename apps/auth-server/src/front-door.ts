import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { answeredInFastLane } from '@curfew/oidc';
import { databaseUnavailable, ProblemError, problemFrom, refusalOf } from '@curfew/problem';
import { hostCheck, UntrustedForwarding, untrustedForwarding } from '@curfew/signals';
import type { Logger } from 'pino';
import type { ThrottledRequests } from './alerts/index.js';
import { isForClients, refuseClient } from './client-refusal.js';
import { refuse, seeOther } from './interactions/index.js';
import { protocolHeaders } from './pages/index.js';
import { protocolMethods, sentRound } from './protocol-routes.js';
import { getInsteadOf } from './sent-round.js';

/** What stands behind the door. */
export interface Rooms {
  readonly issuer: string;
  readonly trustedHops: number;
  readonly bodyBytes: number;
  readonly protocol: RequestListener;
  readonly pages: RequestListener;
  /** Answers by exact path below the issuer, beside protocol and pages. */
  readonly followers: ReadonlyMap<string, RequestListener>;
  /** Knows whom alerts hold back. */
  readonly throttled: ThrottledRequests;
  /** Why the database may not be served from, if it may not. */
  readonly databaseRefusal: () => Error | undefined;
  readonly log: Logger;
}

/**
 * Every request comes in here: it gets its id, must have been sent to the issuer's own host, and goes to the protocol or
 * to the pages. What a client sends as forwarded host or scheme is dropped: URLs are built from the issuer alone.
 */
export function frontDoor(rooms: Rooms): RequestListener {
  const { issuer, trustedHops, bodyBytes, protocol, pages, followers, throttled, databaseRefusal, log } =
    rooms;
  const { host, protocol: scheme, pathname } = new URL(issuer);
  const isOurs = hostCheck(issuer);
  const forwarding = new UntrustedForwarding(trustedHops, () => log.warn(untrustedForwarding));
  const base = pathname.replace(/\/+$/, '');
  const metadataWithPath = base && `/.well-known/oauth-authorization-server${base}`;
  return (request, response) => {
    const id = identify(request, response, trustedHops);
    logWhenDone(request, response, { id, base, log });
    const refused = (problem: ProblemError) =>
      refuse(request, response, problem, { base, requestId: id, otherwise: 'problem' });
    const path = pathOf(request.url ?? '/');
    if (path === null) return refused(malformed());
    if (path.startsWith('/health/')) return pages(request, response);
    if (!isOurs(request.headers.host)) return refused(misdirected());
    forwarding.look(request.headers);
    // Whoever builds an address of this service from here on has its one spelling.
    request.headers.host = host;
    // Keys and metadata too: whoever serves from a past that was lost cannot say which of its keys still stand.
    const unsound = databaseRefusal();
    if (unsound) {
      const problem = databaseUnavailable(unsound);
      return isForClients(path.slice(base.length)) ? refuseClient(response, problem) : refused(problem);
    }
    request.headers['x-forwarded-host'] = host;
    request.headers['x-forwarded-proto'] = scheme.slice(0, -1);
    if (metadataWithPath && path === metadataWithPath)
      return mounted(request, response, base, '/.well-known/oauth-authorization-server', protocol);
    if (base && path !== base && !path.startsWith(`${base}/`)) return refused(notFound());
    const inside = path.slice(base.length) || '/';
    if (throttled.refused(request, response, inside, id)) return;
    const follower = followers.get(inside);
    if (follower) return follower(request, response);
    const allowed = protocolMethods(inside);
    if (!allowed) return base ? mounted(request, response, base, undefined, pages) : pages(request, response);
    if (!answers(request, allowed)) return refused(notThisWay(request, allowed));
    if (sentRound(inside, request.method)) {
      getInsteadOf(request, path, bodyBytes)
        .then((location) => seeOther(response, location))
        .catch((error: unknown) => refused(problemFrom(error, () => false)));
      return;
    }
    return base ? mounted(request, response, base, undefined, protocol) : protocol(request, response);
  };
}

/** An OPTIONS request is a question of CORS (Fetch §4.8) or nothing we know. */
const answers = ({ method = '', headers }: IncomingMessage, allowed: readonly string[]): boolean =>
  allowed.includes(method) &&
  (method !== 'OPTIONS' || headers['access-control-request-method'] !== undefined);

/** Hands a request on without the issuer's path in front; `originalUrl` is what URLs are built from. */
function mounted(
  request: IncomingMessage,
  response: ServerResponse,
  base: string,
  path: string | undefined,
  room: RequestListener,
): void {
  const url = request.url ?? '/';
  const inside = path ?? (url.slice(base.length) || '/');
  Object.assign(request, { originalUrl: `${base}${inside}`, url: inside });
  room(request, response);
}

/** The path of a request target in origin form, or null for anything else (RFC 9112 §3.2). */
function pathOf(target: string): string | null {
  if (!target.startsWith('/') || target.startsWith('//') || /[^\x21-\x7e]/.test(target)) return null;
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/** Names the answer and guards it. A proxy of ours may have named the request already; nobody else may. */
function identify(request: IncomingMessage, response: ServerResponse, trustedHops: number): string {
  const given = request.headers['x-request-id'];
  const id =
    trustedHops > 0 && typeof given === 'string' && /^[\w.-]{8,64}$/.test(given) ? given : randomUUID();
  Object.assign(request, { id });
  response.setHeader('X-Request-Id', id);
  for (const [name, value] of Object.entries(protocolHeaders)) response.setHeader(name, value);
  return id;
}

function logWhenDone(
  request: IncomingMessage,
  response: ServerResponse,
  { id, base, log }: { readonly id: string; readonly base: string; readonly log: Logger },
): void {
  if (!log.isLevelEnabled('info')) return;
  const startedAt = performance.now();
  // As it was asked: further in, a form's request goes on as one to the authorization endpoint, and its browser may leave meanwhile.
  const { method, url = '/' } = request;
  const inside = base && url.startsWith(`${base}/`) ? url.slice(base.length) : url;
  response.once('close', () => {
    // The path without its query, and with ids in it cut off: neither codes nor interactions belong in a log.
    const path = (pathOf(inside) ?? '')
      .replace(/^(\/(?:authorize|device|interaction|logout))\/.*$/, '$1/…')
      .slice(0, 128);
    const ms = Math.round((performance.now() - startedAt) * 10) / 10;
    log.info(
      {
        id,
        method,
        path,
        status: response.statusCode,
        ms,
        ...refusalOf(response),
        ...(answeredInFastLane(response) ? { lane: 'fast' } : {}),
        ...(response.writableFinished ? {} : { aborted: true }),
      },
      'request',
    );
  });
}

const malformed = () =>
  new ProblemError({ status: 400, code: 'malformed_request', title: 'The request target is malformed' });
/** RFC 9110 §15.5.6: OPTIONS that asks nothing of CORS is not answered, so it is not offered to who sent it. */
const notThisWay = ({ method }: IncomingMessage, allowed: readonly string[]) =>
  new ProblemError({
    status: 405,
    code: 'method_not_allowed',
    title: 'This is not answered to that method',
    headers: { Allow: allowed.filter((one) => one !== 'OPTIONS' || one !== method).join(', ') },
  });
const notFound = () => new ProblemError({ status: 404, code: 'not_found', title: 'There is nothing here' });
const misdirected = () =>
  new ProblemError({
    status: 421,
    code: 'wrong_host',
    title: 'Not the host of this issuer',
    detail: 'Send the request to the host that the issuer identifier names.',
  });
