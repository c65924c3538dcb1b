import type { ForwardedRules } from '../asked/forwarded.js';
import type { ProtectedApi, Route } from './route.js';

/** Everything a gateway goes by. */
export interface GatewayRules {
  readonly issuer: string;
  readonly forwarded: ForwardedRules;
  readonly apis: readonly ProtectedApi[];
  readonly routes: readonly Route[];
}
