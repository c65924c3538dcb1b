import type { KeptRoute } from '@curfew/config';
import type { AskedRequest } from './asked-request.js';
import { decoded, type PathReading, withoutCase, withoutLastSlash } from './path-reading.js';

/** Which requests a route is for. */
export interface RouteMatch {
  /** Host names in lower case, with their port where it is no default; `*.example.com` takes one label more. */
  readonly hosts: readonly string[];
  readonly schemes: readonly ('http' | 'https')[];
  /** An exact path, or one that ends in `/**` and takes everything below; `*` stands for one segment. */
  readonly path: string;
  /** Empty for every method. */
  readonly methods: readonly string[];
  /** Whether `/ADMIN` is another path than `/admin`; only true where the upstream says so, too. */
  readonly caseSensitive?: boolean | undefined;
}

/** The match of a route that operators keep. */
export const matchOf = ({ hosts, schemes, path, methods, case_sensitive }: KeptRoute): RouteMatch => ({
  hosts,
  schemes,
  path,
  methods,
  caseSensitive: case_sensitive,
});

/** How well a request fits: not at all, only without an extension of its path, only in another reading than that of its bytes, or as it was sent. */
export const Fit = { none: 0, withoutExtension: 1, otherwise: 2, exact: 3 } as const;

/** A part of a request that a route can demand. */
export type MatchPart = 'scheme' | 'host' | 'method' | 'path';

/** The match of a route, ready to be compared with requests. */
export class CompiledMatch {
  readonly #asSent: RegExp;
  readonly #asRead: RegExp;
  readonly #withExtension: RegExp;

  constructor(
    private readonly match: RouteMatch,
    private readonly ownPort: number | undefined,
  ) {
    const { path, caseSensitive } = match;
    this.#asSent = pathPattern(path, (segment) => segment);
    const read = (segment: string): string => {
      const meaning = decoded(segment) ?? segment;
      return caseSensitive ? meaning : withoutCase(meaning);
    };
    this.#asRead = pathPattern(withoutLastSlash(path), read);
    this.#withExtension = extensionPattern(withoutLastSlash(path), read);
  }

  /** How well a request fits. */
  fit(asked: AskedRequest): number {
    if (!this.#fitsScheme(asked) || !this.#fitsHost(asked)) return Fit.none;
    return Math.min(this.#fitsMethod(asked), this.#fitsPath(asked.reading));
  }

  /** The parts of a request that do not fit at all; none where `fit` is anything but none. */
  misfits(asked: AskedRequest): readonly MatchPart[] {
    const fits: Readonly<Record<MatchPart, boolean>> = {
      scheme: this.#fitsScheme(asked),
      host: this.#fitsHost(asked),
      method: this.#fitsMethod(asked) !== Fit.none,
      path: this.#fitsPath(asked.reading) !== Fit.none,
    };
    return (Object.keys(fits) as MatchPart[]).filter((part) => !fits[part]);
  }

  #fitsScheme({ scheme }: AskedRequest): boolean {
    return this.match.schemes.includes(scheme);
  }

  #fitsHost({ host }: AskedRequest): boolean {
    return this.match.hosts.some((pattern) => isHost(pattern, host, this.ownPort));
  }

  #fitsMethod({ method }: AskedRequest): number {
    const { methods } = this.match;
    if (methods.length === 0 || methods.includes(method)) return Fit.exact;
    // RFC 9110 §9.3.2: HEAD meets the routes for GET.
    return method === 'HEAD' && methods.includes('GET') ? Fit.otherwise : Fit.none;
  }

  #fitsPath({ sent, meanings, caseless }: PathReading): number {
    const readings = this.match.caseSensitive ? meanings : caseless;
    if (!readings.some((reading) => this.#asRead.test(reading)))
      return readings.some((reading) => this.#withExtension.test(reading)) ? Fit.withoutExtension : Fit.none;
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
  const isBelow = path.endsWith('/**');
  return new RegExp(`^${segmentsPattern(path, read)}${isBelow ? '(/.*)?' : ''}$`, 's');
}

/** Rails and Spring before 5.3 serve /admin for /admin.json: an extension names the format of the answer there. */
function extensionPattern(path: string, read: (segment: string) => string): RegExp {
  return new RegExp(`^${segmentsPattern(path, read)}(?<=[^/])\\.[^/]*$`, 's');
}

const segmentsPattern = (path: string, read: (segment: string) => string): string =>
  path
    .replace(/\/\*\*$/, '')
    .split('/')
    .map((segment) => (segment === '*' ? '[^/]+' : read(segment).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/');
