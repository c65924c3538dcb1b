/*
 * The front door of every process: how a request is let in, what is noted of its refusal until its line in the log is written, and whether it
 * was sent to us.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { ProblemError } from '../problem/problem.js';

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

/** Why a request was refused, for the log and for metrics; it holds nothing secret and is never part of the answer. */
export interface Refusal {
  /** The code that the answer states. */
  readonly error: string;
  /** The exact cause, from the closed list of the server that refuses. */
  readonly cause: string;
  /** The client that asked, where it is one that is registered here. */
  readonly clientId?: string | undefined;
  /** A further fact that helps whoever looks into it. */
  readonly detail?: string | undefined;
}

const refusals = new WeakMap<ServerResponse, Refusal>();

/** Keeps why a request is refused until its line in the log is written; a later note replaces an earlier one. */
export function noteRefusal(response: ServerResponse, refusal: Refusal): void {
  refusals.set(response, refusal);
}

/** Why a request was refused, where it was. */
export const refusalOf = (response: ServerResponse): Refusal | undefined => refusals.get(response);

const malformed = () =>
  new ProblemError({ status: 400, code: 'malformed_request', title: 'The request target is malformed' });
const misdirected = ({ urlName }: Door) =>
  new ProblemError({
    status: 421,
    code: 'wrong_host',
    title: 'Not the host of this service',
    detail: `Send the request to the host that ${urlName} names.`,
  });

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** Tells whether a Host header names a given host. */
export type HostCheck = (header: string | undefined) => boolean;

/**
 * Compares Host headers with the host of `address` in all spellings that mean the same (RFC 9110 §4.2.3): letter case, the default
 * port or an empty one, the dot of the root at the end of a name. The usual spelling costs one comparison.
 */
export function hostCheck(address: string, other: string = address): HostCheck {
  const isFirst = hostOf(address);
  if (new URL(other).host === new URL(address).host) return isFirst;
  const isOther = hostOf(other);
  return (header) => isFirst(header) || isOther(header);
}

function hostOf(address: string): HostCheck {
  const { host, protocol } = new URL(address);
  const defaultPort = defaultPorts[protocol];
  const only = canonicalHost(host, defaultPort);
  return (header) => header === host || (header !== undefined && canonicalHost(header, defaultPort) === only);
}

/** Lower-cased name and port without what may be left out; null for anything that is no host (RFC 9110 §7.2). */
function canonicalHost(header: string, defaultPort: string | undefined): string | null {
  const [, name, port = ''] = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,254})(?::(\d{0,5}))?$/i.exec(header) ?? [];
  if (name === undefined) return null;
  const isAddress = name.startsWith('[');
  if (isAddress && !URL.canParse(`http://${name}/`)) return null;
  const canonical = isAddress ? new URL(`http://${name}/`).hostname : name.toLowerCase().replace(/\.$/, '');
  return port === '' || port === defaultPort ? canonical : `${canonical}:${Number(port)}`;
}

/** An hour between two warnings, in milliseconds. */
const warnEveryMs = 3_600_000;

/**
 * Notices a proxy that nobody told the service of. With no trusted hop, X-Forwarded-For is not believed, so all clients behind the
 * proxy share its address, its throttles and its risk; an operator must hear of that before the clients do.
 */
export class UntrustedForwarding {
  #quietUntil = 0;

  /** `monotonicMs` is a clock that never goes back; `warn` is called at most once an hour. */
  constructor(
    private readonly trustedHops: number,
    private readonly warn: () => void,
    private readonly monotonicMs: () => number = () => performance.now(),
  ) {}

  /** Looks at the headers of a request. */
  look(headers: Readonly<Record<string, unknown>>): void {
    if (this.trustedHops > 0 || headers['x-forwarded-for'] === undefined) return;
    const now = this.monotonicMs();
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + warnEveryMs;
    this.warn();
  }
}

/** The text of the warning. */
export const untrustedForwarding =
  'a request came with X-Forwarded-For, but CURFEW_TRUSTED_HOPS is 0: if a proxy of yours sent it, all its clients share one address for throttles and risk';
