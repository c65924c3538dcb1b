/*
 * The front door of everything public: which requests come in, by host, coding, database, throttled network, path and method, and who answers
 * them.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { ThrottledNetworks, WatchStore } from '@curfew/events/alerts';
import type { Foundation } from '@curfew/foundation';
import { protocolHeaders } from '@curfew/pages';
import type { SignalsReader } from '@curfew/signals';
import { routes } from '@curfew/token-endpoint';
import { databaseUnavailable, frontDoor, ProblemError, problemFrom, sendProblem } from '@curfew/web';
import type { Logger } from 'pino';
import { basePathOf } from './base-path.js';
import { isForClients, refuseClient } from './client-refusal.js';
import { type PageSettings, refuse, seeOther } from './interactions/index.js';
import { type Kept, KeptRows } from './kept-rows.js';
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
  /** Says why the database may not be served from, if it may not. */
  readonly guard: Pick<Foundation['guard'], 'refusal'>;
  readonly log: Logger;
}

/**
 * Lets requests in that are for the issuer's own host, and hands them to the protocol or to the pages. A forwarded host or scheme that a
 * client sends is dropped: URLs are built from the issuer alone.
 */
export function publicDoor(rooms: Rooms): RequestListener {
  const { issuer, bodyBytes, protocol, pages, settings, followers, throttled, guard } = rooms;
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
    const unsound = guard.refusal;
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

const read = ['GET', 'HEAD'] as const;
const readByAll = [...read, 'OPTIONS'] as const;
const write = ['POST'] as const;
const writeByAll = ['POST', 'OPTIONS'] as const;

const methods = new Map<string, readonly string[]>([
  [routes.authorization, [...read, ...write]],
  [routes.token, writeByAll],
  [routes.revocation, writeByAll],
  [routes.introspection, writeByAll],
  [routes.pushed_authorization_request, writeByAll],
  [routes.device_authorization, writeByAll],
  [routes.userinfo, [...read, ...writeByAll]],
  [routes.jwks, readByAll],
  ['/.well-known/openid-configuration', readByAll],
  ['/.well-known/oauth-authorization-server', readByAll],
  [routes.code_verification, [...read, ...write]],
  [routes.end_session, [...read, ...write]],
  [`${routes.end_session}/confirm`, write],
  [`${routes.end_session}/success`, read],
]);

/** The path at which an authorization or a device continues: one segment more, which only oidc-provider can read. */
const goesOn = new RegExp(`^(?:${routes.authorization}|${routes.code_verification})/[^/]+$`);

/** The methods that oidc-provider answers at this path (below the issuer's own path), or undefined where it answers none. */
const protocolMethods = (path: string): readonly string[] | undefined =>
  methods.get(path) ?? (goesOn.test(path) ? read : undefined);

/**
 * Whether a form posted here is answered by a redirect to the same request as GET. Other sites send people here, and only then do our
 * cookies come along.
 */
const isAnsweredByGet = (path: string, method: string | undefined): boolean =>
  method === 'POST' && (path === routes.authorization || path === routes.end_session);

/** Endpoints that take tokens, codes and passwords; throttled networks can still read metadata and sign out. */
const guarded: ReadonlySet<string> = new Set([
  routes.authorization,
  routes.token,
  routes.revocation,
  routes.userinfo,
  routes.device_authorization,
  routes.code_verification,
  routes.pushed_authorization_request,
]);

/** Answers 429 to requests from networks that an alert holds back. Introspection is not among them: it is asked by our own APIs. */
export class ThrottledRequests implements Kept {
  readonly #rows: KeptRows;

  private constructor(
    private readonly networks: ThrottledNetworks,
    private readonly signals: SignalsReader,
  ) {
    this.#rows = new KeptRows(() => networks.load());
  }

  /** Knows at once what earlier alerts hold back. */
  static async over({ prisma, clock, signals }: Foundation): Promise<ThrottledRequests> {
    const networks = new ThrottledNetworks(new WatchStore(prisma), clock);
    await networks.load();
    return new ThrottledRequests(networks, signals);
  }

  load(): Promise<void> {
    return this.#rows.load();
  }

  /** Answers the request, to a path below the issuer, if it comes from such a network; says whether it did. */
  refused(request: IncomingMessage, response: ServerResponse, path: string, id: string): boolean {
    if (!(guarded.has(path) || path.startsWith('/interaction/')) || !this.networks.any) return false;
    const { headers, socket } = request;
    const { ip, prefix } = this.signals.read({ socketAddress: socket.remoteAddress, headers });
    const wait = this.networks.wait([prefix, ip]);
    if (wait === null) return false;
    request.resume();
    if (isForClients(path)) refuseClient(response, heldBack(wait));
    else sendProblem(response, heldBack(wait), id);
    return true;
  }
}

const heldBack = (retryAfter: number) =>
  new ProblemError({
    status: 429,
    code: 'throttled',
    exactCause: 'too_many_requests',
    title: 'Too many requests from this network',
    detail: 'Try again later.',
    retryAfter,
  });
