import type { AskedRequest } from './asked-request.js';
import { CompiledMatch, Fit, isHost, type MatchPart, type RouteMatch } from './compiled-match.js';
import type { PathTrait } from './path-reading.js';

/** A route, as far as it decides which requests it is for. */
export interface Matching {
  readonly match: RouteMatch;
  /** The upstream of the gateway's own reverse proxy; undefined when another proxy forwards the request. */
  readonly upstream: URL | undefined;
  /** Traits of a path that this route allows although programs read them differently; none by default. */
  readonly allow?: readonly PathTrait[] | undefined;
  /** Name of the API, or null where everybody may pass. */
  readonly api: string | null;
  /** Name of the client by which people are signed in who have no token; undefined where they are only told so. */
  readonly browser: string | undefined;
}

/** Why a route has to do with a request, or has not. */
export type MatchVerdict =
  /** The first route that the request fits exactly. */
  | 'takes_it'
  /** An earlier one, which another reading of the request leads to: its requirements apply, too. */
  | 'applies_too'
  /** An earlier one that the request fits in another way, which is none of this request's. */
  | 'set_aside'
  /** The request fits it, and an earlier route takes it. */
  | 'comes_later'
  | 'does_not_match';

/** The judgement of a table about one of its routes for a request. */
export interface MatchExplanation<R> {
  readonly route: R;
  readonly verdict: MatchVerdict;
  /** The parts of the request that do not fit the route. */
  readonly misfits: readonly MatchPart[];
}

/**
 * Routes in their order. The first that a request fits exactly applies, together with earlier ones that the request fits in another
 * reading of its path (docs/adr/0040). A request that fits none exactly is rejected.
 */
export class MatchTable<R extends Matching> {
  readonly #routes: readonly Compiled<R>[];

  readonly #ownPort: number | undefined;

  /** A host with `ownPort`, on which the gateway listens itself, is the host without it, unless a route names that port. */
  constructor(
    readonly routes: readonly R[],
    ownPort?: number,
  ) {
    const isNamed = routes.some(({ match }) => match.hosts.some((host) => host.endsWith(`:${ownPort}`)));
    this.#ownPort = isNamed ? undefined : ownPort;
    this.#routes = routes.map((route) => ({
      route,
      match: new CompiledMatch(route.match, this.#ownPort),
      alone: [route],
    }));
  }

  /** The routes that a request must meet, the one that takes it last; none where it is rejected. */
  met(asked: AskedRequest): readonly R[] {
    const others: Other<R>[] = [];
    for (const { route, match, alone } of this.#routes) {
      const fit = match.fit(asked);
      if (fit === Fit.none) continue;
      if (fit === Fit.exact) return others.length === 0 ? alone : [...metWith(others, route), route];
      others.push({ route, fit });
    }
    return [];
  }

  /** The judgement about each route in their order: the same decision as `met`, with its reasons. */
  explain(asked: AskedRequest): readonly MatchExplanation<R>[] {
    const met = this.met(asked);
    const taker = met.at(-1);
    const at = taker ? this.routes.indexOf(taker) : -1;
    return this.#routes.map(({ route, match }, index) => {
      const misfits = match.misfits(asked);
      if (misfits.length > 0) return { route, verdict: 'does_not_match', misfits };
      if (route === taker) return { route, verdict: 'takes_it', misfits };
      if (met.includes(route)) return { route, verdict: 'applies_too', misfits };
      return { route, verdict: at >= 0 && index > at ? 'comes_later' : 'set_aside', misfits };
    });
  }

  /** Whether a route names this host, with the port of the gateway or without. */
  protected isNamedBy({ match }: R, host: string): boolean {
    return match.hosts.some((pattern) => this.isSameHost(pattern, host));
  }

  /** Whether a host is this one, with the port of the gateway or without. */
  isSameHost(pattern: string, host: string): boolean {
    return isHost(pattern, host, this.#ownPort);
  }
}

/** Whether a path has a trait that this route does not allow: its upstream may read another path than the gateway. */
export const isAmbiguousFor = ({ reading }: AskedRequest, { allow }: Pick<Matching, 'allow'>): boolean =>
  reading.traits.some((trait) => !allow?.includes(trait));

/** Whether no request could meet two routes together, whatever they require of its token. */
export const contradict = (a: Matching, b: Matching): boolean =>
  differ(a.api, b.api) || differ(a.browser, b.browser) || a.upstream?.href !== b.upstream?.href;

/** Whether both routes have a value and the values differ. */
const differ = (a: string | null | undefined, b: string | null | undefined): boolean =>
  typeof a === 'string' && typeof b === 'string' && a !== b;

interface Compiled<R> {
  readonly route: R;
  readonly match: CompiledMatch;
  /** The answer for a request that meets this route and no other. */
  readonly alone: readonly R[];
}

/** A route before the one that a request fits exactly, which it fits less well. */
interface Other<R> {
  readonly route: R;
  readonly fit: number;
}

const metWith = <R extends Matching>(others: readonly Other<R>[], exact: R): readonly R[] =>
  others
    .filter(({ route, fit }) => fit !== Fit.withoutExtension || readsExtension(exact, route))
    .map(({ route }) => route);

/** Whether the upstream of a route may serve the path of another one for the same with an extension: both must be its own. */
const readsExtension = ({ allow, upstream }: Matching, other: Matching): boolean =>
  !allow?.includes('extension') && upstream?.href === other.upstream?.href;
