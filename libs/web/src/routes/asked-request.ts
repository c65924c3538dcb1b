import { type PathFault, type PathReading, readPath } from './path-reading.js';

/** A request as the upstream will see it. */
export interface AskedRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** Lower case; without a default port. */
  readonly host: string;
  /** The path as sent; routes are found by its reading. */
  readonly path: string;
  readonly reading: PathReading;
  /** As sent, with its question mark, or ''. No decision looks at it. */
  readonly query: string;
}

/** Why a request cannot be decided on. */
export type AskedFault =
  | PathFault
  | 'target_too_long'
  | 'method_malformed'
  | 'host_malformed'
  | 'scheme_malformed';

/** The faults of a request, in words. */
export const askedFaultWords: { readonly [Fault in AskedFault]: string } = {
  target_malformed: 'the path is no URI path',
  target_too_long: 'path and query are longer than 8192 characters',
  path_ambiguous: 'the path may mean something else to the upstream',
  method_malformed: 'the method is none',
  host_malformed: 'the host is none',
  scheme_malformed: 'the scheme is neither http nor https',
};

/** The parts of a request before they are checked. */
export interface StatedRequest {
  readonly method: string;
  readonly scheme: string;
  readonly host: string;
  /** Path and query. */
  readonly target: string;
}

/** RFC 6455 §3: ws and wss are http and https with another name; Traefik says them of handshakes. */
const schemes: ReadonlyMap<string, AskedRequest['scheme']> = new Map([
  ['http', 'http'],
  ['https', 'https'],
  ['ws', 'http'],
  ['wss', 'https'],
]);

/** Checks every part; the first fault found is the answer. */
export function readAsked(stated: StatedRequest): AskedRequest | AskedFault {
  const scheme = schemes.get(stated.scheme.toLowerCase());
  // RFC 9110 §9.1 allows more, but no method in use has other letters.
  if (!/^[A-Z]{1,32}$/.test(stated.method)) return 'method_malformed';
  if (scheme === undefined) return 'scheme_malformed';
  const host = hostOf(stated.host, scheme);
  if (host === null) return 'host_malformed';
  const target = readTarget(stated.target);
  return typeof target === 'string' ? target : { method: stated.method, scheme, host, ...target };
}

function hostOf(host: string, scheme: 'http' | 'https'): string | null {
  const [, name, port] =
    /^([a-z0-9](?:[a-z0-9.-]{0,252})|\[[0-9a-f:.]{2,45}\])(?::(\d{1,5}))?$/i.exec(host) ?? [];
  if (name === undefined || name.includes('..')) return null;
  const bare = name.toLowerCase().replace(/\.$/, '');
  const isDefault = port === undefined || Number(port) === (scheme === 'https' ? 443 : 80);
  return isDefault ? bare : `${bare}:${Number(port)}`;
}

/** The longest path and query that is looked at, in characters. */
const maxTarget = 8_192;

/**
 * Divides path and query. In the query only bytes that could split a request are refused, because browsers send many that are not valid
 * in a URI.
 */
function readTarget(target: string): Pick<AskedRequest, 'path' | 'query' | 'reading'> | AskedFault {
  if (target.length > maxTarget) return 'target_too_long';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the bytes that must not be there.
  if (/[\x00-\x20\x7f]/.test(target)) return 'target_malformed';
  const question = target.indexOf('?');
  const path = question === -1 ? target : target.slice(0, question);
  const reading = readPath(path);
  if (typeof reading === 'string') return reading;
  return { path, reading, query: question === -1 ? '' : target.slice(question) };
}
