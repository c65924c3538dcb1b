import type { Requirement } from '@curfew/resource-server';
import type { AskedRequest } from '../asked/asked-request.js';

/** An API the gateway speaks for, with the credentials it asks about its tokens with. */
export interface ProtectedApi {
  readonly name: string;
  readonly audience: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly cacheForMs: number;
  readonly mostTokens: number;
  /** Whether JWTs are verified here and asked about only in doubt. */
  readonly readJwts: boolean;
}

/** Which requests a route is for. */
export interface RouteMatch {
  /** Host names in lower case, with their port where it is no default; `*.example.com` takes one label more. */
  readonly hosts: readonly string[];
  readonly schemes: readonly ('http' | 'https')[];
  /** An exact path, or one that ends in `/**` and takes everything below; `*` stands for one segment. */
  readonly path: string;
  /** Empty for every method. */
  readonly methods: readonly string[];
}

/** One entry of the route table: which requests, and what they need. */
export interface Route {
  readonly name: string;
  readonly match: RouteMatch;
  /** Name of the API, or null where everybody may pass. */
  readonly api: string | null;
  readonly required: Requirement;
  /** Where the gateway's own reverse proxy sends requests; undefined where another proxy does that. */
  readonly upstream: URL | undefined;
  /** Whether the upstream of that reverse proxy gets the access token, too. */
  readonly passToken: boolean;
  /** Name of the client by which people are signed in who have no token; undefined where they are only told so. */
  readonly browser: string | undefined;
  /** Nobody passes: the route names something this gateway does not have, and another route must not take its place. */
  readonly closed?: true;
}

/** Routes in their order: the first that matches is the one; where none does, nobody passes. */
export class RouteTable {
  readonly #routes: readonly { readonly route: Route; readonly path: RegExp }[];

  constructor(readonly routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({ route, path: pathPattern(route.match.path) }));
  }

  /** Whether any route sends requests to this host to an upstream; a default port may be stated or not. */
  passesOn(host: string): boolean {
    const bare = host.replace(/:(80|443)$/, '');
    return this.routes.some(
      ({ upstream, match }) =>
        upstream !== undefined &&
        match.hosts.some((pattern) => isHost(pattern, host) || isHost(pattern, bare)),
    );
  }

  /** The name of the client by which people are signed in at this host, whatever the path. */
  browserAt(host: string): string | undefined {
    return this.routes.find(
      ({ browser, match }) => browser !== undefined && match.hosts.some((pattern) => isHost(pattern, host)),
    )?.browser;
  }

  /** The route for a request, or undefined. */
  find(asked: AskedRequest): Route | undefined {
    return this.#routes.find(({ route: { match }, path }) => {
      const { hosts, schemes, methods } = match;
      return (
        schemes.includes(asked.scheme) &&
        hosts.some((host) => isHost(host, asked.host)) &&
        (methods.length === 0 || methods.includes(asked.method)) &&
        path.test(asked.path)
      );
    })?.route;
  }
}

function isHost(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host;
  const dot = host.indexOf('.');
  return dot > 0 && host.slice(dot) === pattern.slice(1);
}

function pathPattern(path: string): RegExp {
  const below = path.endsWith('/**');
  const exact = (below ? path.slice(0, -3) : path)
    .split('/')
    .map((segment) => (segment === '*' ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/');
  return new RegExp(`^${exact}${below ? '(/.*)?' : ''}$`);
}
