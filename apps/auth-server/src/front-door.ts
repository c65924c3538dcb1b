import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { protocolHeaders } from '@curfew/pages';
import { databaseUnavailable, frontDoor, ProblemError, problemFrom } from '@curfew/web';
import type { Logger } from 'pino';
import type { ThrottledRequests } from './alerts/index.js';
import { basePathOf } from './base-path.js';
import { isForClients, refuseClient } from './client-refusal.js';
import { type PageSettings, refuse, seeOther } from './interactions/index.js';
import { isAnsweredByGet, protocolMethods } from './protocol-routes.js';
import { redirectToGet } from './redirect-to-get.js';

/** The handlers behind the front door, and the settings of the door. */
export interface Rooms {
  readonly issuer: string;
  readonly trustedHops: number;
  readonly bodyBytes: number;
  readonly protocol: RequestListener;
  readonly pages: RequestListener;
  readonly settings: PageSettings;
  /** Answers by exact path below the issuer, beside protocol and pages. */
  readonly followers: ReadonlyMap<string, RequestListener>;
  /** Refuses requests that an alert throttles. */
  readonly throttled: ThrottledRequests;
  /** Why the database may not be served from, if it may not. */
  readonly databaseRefusal: () => Error | undefined;
  readonly log: Logger;
}

/**
 * Lets requests in that are for the issuer's own host, and hands them to the protocol or to the pages. A forwarded host or scheme that a
 * client sends is dropped: URLs are built from the issuer alone.
 */
export function publicDoor(rooms: Rooms): RequestListener {
  const { issuer, bodyBytes, protocol, pages, settings, followers, throttled, databaseRefusal } = rooms;
  const { host, protocol: scheme } = new URL(issuer);
  const base = basePathOf(issuer);
  const metadataWithPath = base && `/.well-known/oauth-authorization-server${base}`;
  const refuseProblem = (
    request: IncomingMessage,
    response: ServerResponse,
    problem: ProblemError,
    id: string,
  ) => refuse(request, response, problem, { settings, requestId: id, otherwise: 'problem' });
  const door = {
    url: issuer,
    urlName: 'the issuer identifier',
    trustedHops: rooms.trustedHops,
    headers: protocolHeaders,
    isForMachines,
    loggedPath: (path: string) =>
      withoutIds(base && path.startsWith(`${base}/`) ? path.slice(base.length) : path),
    refuse: refuseProblem,
    log: rooms.log,
  };
  return frontDoor(door, (request, response, path, id) => {
    if (isForMachines(path)) return pages(request, response);
    const refused = (problem: ProblemError) => refuseProblem(request, response, problem, id);
    if (isEncoded(request)) return refused(encoded());
    // Every address of this service that is built from here on has this one spelling.
    request.headers.host = host;
    // Keys and metadata are refused too, because a database that lost writes may list withdrawn keys.
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
    if (isAnsweredByGet(inside, request.method)) {
      redirectToGet(request, path, bodyBytes)
        .then((location) => seeOther(response, location))
        .catch((error: unknown) => refused(problemFrom(error, () => false)));
      return;
    }
    return base ? mounted(request, response, base, undefined, protocol) : protocol(request, response);
  });
}

/** Probes know this process by its own address. */
const isForMachines = (path: string): boolean => path.startsWith('/health/');

/** Codes of devices and ids of interactions do not belong in a log. */
const withoutIds = (path: string): string =>
  path.replace(/^(\/(?:authorize|device|interaction|logout))\/.*$/, '$1/…');

/** A compressed body is refused: nothing here unpacks it, so its bytes would be read as the form or the JSON itself (RFC 9110 §8.4). */
const isEncoded = ({ headers }: IncomingMessage): boolean =>
  (headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity';

const encoded = () =>
  new ProblemError({
    status: 415,
    code: 'unsupported_media_type',
    title: 'Send the body as it is, not compressed',
    // RFC 9110 §12.5.3: the codings that are accepted.
    headers: { 'Accept-Encoding': 'identity' },
  });

/** An OPTIONS request is answered only if it is a CORS preflight, which names a method (Fetch §4.8). */
const answers = ({ method = '', headers }: IncomingMessage, allowed: readonly string[]): boolean =>
  allowed.includes(method) && (method !== 'OPTIONS' || Boolean(headers['access-control-request-method']));

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

/** RFC 9110 §15.5.6. An OPTIONS request that is no CORS preflight is not answered, so `Allow` does not offer OPTIONS to its sender. */
const notThisWay = ({ method }: IncomingMessage, allowed: readonly string[]) =>
  new ProblemError({
    status: 405,
    code: 'method_not_allowed',
    title: 'This is not answered to that method',
    headers: { Allow: allowed.filter((one) => one !== 'OPTIONS' || one !== method).join(', ') },
  });
const notFound = () => new ProblemError({ status: 404, code: 'not_found', title: 'There is nothing here' });
