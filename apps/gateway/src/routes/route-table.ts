import type { AskedRequest } from '../asked/asked-request.js';
import { CompiledMatch, Fit, isHost } from './compiled-match.js';
import type { Route } from './route.js';
import { strictest } from './strictest.js';

/**
 * Routes in their order. The first that a request fits exactly applies, together with earlier ones that the request fits in another
 * reading of its path (docs/adr/0040). A request that fits none exactly is rejected.
 */
export class RouteTable {
  readonly #routes: readonly { readonly route: Route; readonly match: CompiledMatch }[];

  readonly #ownPort: number | undefined;

  /** A host with `ownPort`, on which the gateway listens itself, is the host without it, unless a route names that port. */
  constructor(
    readonly routes: readonly Route[],
    ownPort?: number,
  ) {
    const isNamed = routes.some(({ match }) => match.hosts.some((host) => host.endsWith(`:${ownPort}`)));
    this.#ownPort = isNamed ? undefined : ownPort;
    this.#routes = routes.map((route) => ({ route, match: new CompiledMatch(route.match, this.#ownPort) }));
  }

  /** Whether any route sends requests to this host to an upstream; a default port may be stated or not. */
  passesOn(host: string): boolean {
    const bare = host.replace(/:(80|443)$/, '').replace(/\.(?=:|$)/, '');
    return this.routes.some(
      ({ upstream, match }) =>
        upstream !== undefined &&
        match.hosts.some((pattern) => pattern === host || isHost(pattern, bare, this.#ownPort)),
    );
  }

  /** The name of the client by which people are signed in at this host, whatever the path. */
  browserAt(host: string): string | undefined {
    return this.routes.find(
      ({ browser, match }) =>
        browser !== undefined && match.hosts.some((pattern) => isHost(pattern, host, this.#ownPort)),
    )?.browser;
  }

  /** The requirements of a request: its route, together with those that another reading of its path leads to; undefined rejects it. */
  find(asked: AskedRequest): Route | undefined {
    const others: Other[] = [];
    for (const { route, match } of this.#routes) {
      const fit = match.fit(asked);
      if (fit === Fit.none) continue;
      if (fit === Fit.exact) return others.length === 0 ? route : strictestOf(others, route);
      others.push({ route, fit });
    }
    return undefined;
  }
}

/** A route before the one that a request fits exactly, which it fits less well. */
interface Other {
  readonly route: Route;
  readonly fit: number;
}

function strictestOf(others: readonly Other[], exact: Route): Route {
  const met = others.filter(({ route, fit }) => fit !== Fit.withoutExtension || readsExtension(exact, route));
  return met.length === 0 ? exact : strictest([...met.map(({ route }) => route), exact]);
}

/** Whether the upstream of a route may serve the path of another one for the same with an extension: both must be its own. */
const readsExtension = ({ allow, upstream }: Route, other: Route): boolean =>
  !allow?.includes('extension') && upstream?.href === other.upstream?.href;
