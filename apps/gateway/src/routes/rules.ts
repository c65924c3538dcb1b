import type { ForwardedRules } from '../asked/forwarded.js';
import type { BrowserClient } from '../browser/browser-client.js';
import type { ProtectedApi, Route } from './route.js';

/** Everything a gateway goes by. */
export interface GatewayRules {
  readonly issuer: string;
  readonly forwarded: ForwardedRules;
  /** Further headers of clients that upstreams do not get, lower case; a `*` at the end stands for any rest. */
  readonly removedHeaders: readonly string[];
  /** Header in which a trusted proxy hands over the verified client certificate (RFC 8705), lower case. */
  readonly clientCertificateHeader: string | undefined;
  readonly apis: readonly ProtectedApi[];
  readonly browsers: readonly BrowserClient[];
  readonly routes: readonly Route[];
  /**
   * Origins that routes kept by operators may name as their upstream, so that the right to write routes does not open everything this
   * gateway can reach. Undefined when kept routes are not followed.
   */
  readonly keptUpstreams: readonly string[] | undefined;
}
