import type { ForwardedRules } from '../asked/forwarded.js';
import type { BrowserClient } from '../browser/browser-client.js';
import type { ProtectedApi, Route } from './route.js';

/** Everything a gateway goes by. */
export interface GatewayRules {
  readonly issuer: string;
  readonly forwarded: ForwardedRules;
  /** Header in which a trusted proxy hands over the verified client certificate (RFC 8705), lower case. */
  readonly clientCertificateHeader: string | undefined;
  readonly apis: readonly ProtectedApi[];
  readonly browsers: readonly BrowserClient[];
  readonly routes: readonly Route[];
}
