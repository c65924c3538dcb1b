import type { JwtAccessTokens } from '../introspection/jwt-access-tokens.js';
import type { KeySet } from '../keys/index.js';
import type { ProtocolParts } from '../protocol-parts.js';
import type { ClientAssertions } from './client-assertion.js';
import type { Proofs } from './proof.js';

/** What the token, introspection and revocation endpoints work with. */
export interface EndpointParts extends ProtocolParts {
  readonly signingKeys: () => KeySet;
  readonly jwts: JwtAccessTokens;
  readonly proofs: Proofs;
  readonly assertions: ClientAssertions;
}
