/** A request as the upstream will see it. */
export interface AskedRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** Lower case; without a default port. */
  readonly host: string;
  /** The path as sent, proven to mean the same to every program that reads it. */
  readonly path: string;
  /** With its question mark, or ''. */
  readonly query: string;
}

/** Why a request cannot be decided on. */
export type AskedFault =
  | 'target_malformed'
  | 'path_ambiguous'
  | 'method_malformed'
  | 'host_malformed'
  | 'scheme_malformed';

/** The parts of a request before they are checked. */
export interface StatedRequest {
  readonly method: string;
  readonly scheme: string;
  readonly host: string;
  /** Path and query. */
  readonly target: string;
}

/** Checks every part; the first fault found is the answer. */
export function readAsked(stated: StatedRequest): AskedRequest | AskedFault {
  const { scheme } = stated;
  // RFC 9110 §9.1 allows more, but no method in use has other letters.
  if (!/^[A-Z]{1,32}$/.test(stated.method)) return 'method_malformed';
  if (scheme !== 'http' && scheme !== 'https') return 'scheme_malformed';
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

/**
 * RFC 3986 leaves room for programs to disagree about a path. What proxies, gateways and upstreams are known to read
 * differently is refused: dot segments, empty segments, encoded slashes, dots, backslashes and control characters, path
 * parameters, and whatever is no URI at all (CVE-2021-32637).
 */
function readTarget(target: string): Pick<AskedRequest, 'path' | 'query'> | AskedFault {
  if (!target.startsWith('/') || target.length > 8_192 || /[^\x21-\x7e]|["<>\\^`{|}#]/.test(target))
    return 'target_malformed';
  const question = target.indexOf('?');
  const path = question === -1 ? target : target.slice(0, question);
  const query = question === -1 ? '' : target.slice(question);
  if (/%(?![0-9a-f]{2})/i.test(path)) return 'target_malformed';
  const ambiguous =
    path.includes('//') ||
    path.includes(';') ||
    /%(2f|5c|2e|3b|25|[01][0-9a-f]|7f)/i.test(path) ||
    path.split('/').some((segment) => segment === '.' || segment === '..');
  return ambiguous ? 'path_ambiguous' : { path, query };
}
