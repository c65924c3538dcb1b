import type { Requirement } from '@curfew/resource-server';
import type { PathTrait } from '../asked/path-reading.js';

/** An API the gateway speaks for, with the credentials it asks about its tokens with. */
export interface ProtectedApi {
  readonly name: string;
  readonly audience: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly cacheForMs: number;
  readonly maxTokens: number;
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
  /** Whether `/ADMIN` is another path than `/admin`; only true where the upstream says so, too. */
  readonly caseSensitive?: boolean | undefined;
}

/** One entry of the route table: which requests, and what they need. */
export interface Route {
  readonly name: string;
  readonly match: RouteMatch;
  /** Name of the API, or null where everybody may pass. */
  readonly api: string | null;
  readonly required: Requirement;
  /** The upstream of the gateway's own reverse proxy; undefined when another proxy forwards the request. */
  readonly upstream: URL | undefined;
  /** Whether the upstream of that reverse proxy gets the access token, too. */
  readonly passToken: boolean;
  /** Name of the client by which people are signed in who have no token; undefined where they are only told so. */
  readonly browser: string | undefined;
  /** Traits of a path that this route allows although programs read them differently; none by default. */
  readonly allow?: readonly PathTrait[] | undefined;
  /** Origins of pages that may read what the gateway itself answers. */
  readonly cors?: readonly string[] | undefined;
  /** Nobody passes: the route names something this gateway does not have, and another route must not take its place. */
  readonly closed?: true;
}
