import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { ProblemError } from '../problem/problem.js';
import { refusalOf } from '../problem/refusal.js';
import { hostCheck } from './host.js';
import { UntrustedForwarding, untrustedForwarding } from './untrusted-forwarding.js';

/** The settings of a process's front door. */
export interface Door {
  /** The public address, whose host a request must have been sent to. */
  readonly url: string;
  /** Another public address at which a proxy of ours passes requests on with their host as it was. */
  readonly urlBehindProxy?: string;
  /** The setting that names it, for whoever asks at another host. */
  readonly urlName: string;
  readonly trustedHops: number;
  /** The headers that every answer has. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether a path is for probes and scrapers, which know the process by its own address. */
  readonly isForMachines: (path: string) => boolean;
  /** The path as the log may show it: neither codes nor ids of interactions. */
  readonly loggedPath?: (path: string) => string;
  /** Further facts for the log about a response. */
  readonly loggedFacts?: (response: ServerResponse) => object | undefined;
  readonly refuse: (
    request: IncomingMessage,
    response: ServerResponse,
    problem: ProblemError,
    id: string,
  ) => void;
  readonly log: Logger;
}

/** Takes a request that came in, with its path (without the query) and its id. */
export type Admitted = (request: IncomingMessage, response: ServerResponse, path: string, id: string) => void;

/**
 * Lets a request in: it gets its id, the headers of its answer and a line in the log, and must have been sent to the host of this
 * process. Anything else is refused here, before a word of the request is believed.
 */
export function frontDoor(door: Door, admitted: Admitted): RequestListener {
  const { url, trustedHops, headers, isForMachines, refuse, log } = door;
  const isOurs = hostCheck(url, door.urlBehindProxy);
  const everyHeader = Object.entries(headers);
  const forwarding = new UntrustedForwarding(trustedHops, () => log.warn(untrustedForwarding));
  return (request, response) => {
    const id = requestIdOf(request, trustedHops > 0);
    Object.assign(request, { id });
    response.setHeader('X-Request-Id', id);
    for (const [name, value] of everyHeader) response.setHeader(name, value);
    const path = pathOf(request.url ?? '/');
    logWhenDone(request, response, path, id, door);
    if (path === null) return refuse(request, response, malformed(), id);
    if (!isForMachines(path)) {
      // A name of ours, or none: else a page of another site could be pointed here (DNS rebinding).
      if (!isOurs(request.headers.host)) return refuse(request, response, misdirected(door), id);
      forwarding.look(request.headers);
    }
    admitted(request, response, path, id);
  };
}

/** The path of a request target in origin form, or null for anything else (RFC 9112 §3.2). */
function pathOf(target: string): string | null {
  if (!target.startsWith('/') || target.startsWith('//') || /[^\x21-\x7e]/.test(target)) return null;
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/** A well-formed id of a request; a credential of ours is none, since an id is written to the log. */
const wellFormedId = /^(?!cfw_)[\w.-]{8,64}$/;

/** The id of a request, for answer and log. A proxy of ours may have named the request already; nobody else may. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>, isByProxy: boolean): string {
  const given = headers['x-request-id'];
  return isByProxy && typeof given === 'string' && wellFormedId.test(given) ? given : randomUUID();
}

function logWhenDone(
  request: IncomingMessage,
  response: ServerResponse,
  path: string | null,
  id: string,
  { log, loggedPath, loggedFacts }: Door,
): void {
  if (!log.isLevelEnabled('info')) return;
  const startedAt = performance.now();
  // As it was asked: further in, a form's request goes on as one to the authorization endpoint, and its browser may leave meanwhile.
  const { method } = request;
  response.once('close', () => {
    const shown = path === null ? '' : (loggedPath?.(path) ?? path).slice(0, 128);
    const ms = Math.round((performance.now() - startedAt) * 10) / 10;
    const { statusCode: status } = response;
    const aborted = response.writableFinished ? undefined : { aborted: true };
    const facts = loggedFacts?.(response);
    log.info(
      { id, method, path: shown, status, ms, ...refusalOf(response), ...facts, ...aborted },
      'request',
    );
  });
}

const malformed = () =>
  new ProblemError({ status: 400, code: 'malformed_request', title: 'The request target is malformed' });
const misdirected = ({ urlName }: Door) =>
  new ProblemError({
    status: 421,
    code: 'wrong_host',
    title: 'Not the host of this service',
    detail: `Send the request to the host that ${urlName} names.`,
  });
