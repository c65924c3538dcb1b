import type { Requirement } from '@curfew/resource-server';
import type { Matching } from '@curfew/web';

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

/** One entry of the route table: which requests, and what they need. */
export interface Route extends Matching {
  readonly name: string;
  readonly required: Requirement;
  /** Whether the upstream of that reverse proxy gets the access token, too. */
  readonly passToken: boolean;
  /** Origins of pages that may read what the gateway itself answers. */
  readonly cors?: readonly string[] | undefined;
  /** Nobody passes: the route names something this gateway does not have, and another route must not take its place. */
  readonly closed?: true;
}
