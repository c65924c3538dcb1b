import type { AskedRequest } from '../asked/asked-request.js';
import { decoded, type PathReading, withoutCase, withoutLastSlash } from '../asked/path-reading.js';
import type { RouteMatch } from './route.js';

/** How well a request fits: not at all, only in another reading than that of its bytes, or as it was sent. */
export const Fit = { none: 0, otherwise: 1, exact: 2 } as const;

/** The match of a route, ready to be compared with requests. */
export class CompiledMatch {
  readonly #asSent: RegExp;
  readonly #asRead: RegExp;

  constructor(
    private readonly match: RouteMatch,
    private readonly ownPort: number | undefined,
  ) {
    const { path, caseSensitive } = match;
    this.#asSent = pathPattern(path, (segment) => segment);
    this.#asRead = pathPattern(withoutLastSlash(path), (segment) => {
      const meaning = decoded(segment) ?? segment;
      return caseSensitive ? meaning : withoutCase(meaning);
    });
  }

  /** How well a request fits. */
  fit({ scheme, host, method, reading }: AskedRequest): number {
    const { schemes, hosts } = this.match;
    if (!schemes.includes(scheme)) return Fit.none;
    if (!hosts.some((pattern) => isHost(pattern, host, this.ownPort))) return Fit.none;
    return Math.min(this.#fitsMethod(method), this.#fitsPath(reading));
  }

  #fitsMethod(method: string): number {
    const { methods } = this.match;
    if (methods.length === 0 || methods.includes(method)) return Fit.exact;
    // RFC 9110 §9.3.2: what answers GET answers HEAD.
    return method === 'HEAD' && methods.includes('GET') ? Fit.otherwise : Fit.none;
  }

  #fitsPath({ sent, meanings, caseless }: PathReading): number {
    const readings = this.match.caseSensitive ? meanings : caseless;
    if (!readings.some((reading) => this.#asRead.test(reading))) return Fit.none;
    const isCertain = this.#asSent.test(sent) && readings.every((reading) => this.#asRead.test(reading));
    return isCertain ? Fit.exact : Fit.otherwise;
  }
}

/** Whether a host is one that a route names; with `ownPort`, on which the gateway listens itself, it is the host without it. */
export const isHost = (pattern: string, host: string, ownPort: number | undefined): boolean =>
  isNamed(pattern, host) || isNamed(pattern, host.replace(`:${ownPort}`, ''));

function isNamed(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host;
  const dot = host.indexOf('.');
  return dot > 0 && host.slice(dot) === pattern.slice(1);
}

function pathPattern(path: string, read: (segment: string) => string): RegExp {
  const below = path.endsWith('/**');
  const exact = (below ? path.slice(0, -3) : path)
    .split('/')
    .map((segment) => (segment === '*' ? '[^/]+' : read(segment).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/');
  return new RegExp(`^${exact}${below ? '(/.*)?' : ''}$`, 's');
}
