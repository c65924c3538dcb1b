import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KnownClient } from '@curfew/clients';
import type { Instant, RequestSignals } from '@curfew/session-policy';
import type { JwtAccessTokens } from '../introspection/jwt-access-tokens.js';
import type { KeySet } from '../keys/index.js';
import type { ProtocolParts } from '../protocol-parts.js';
import type { DpopProofs } from './dpop-proofs.js';
import type { PlainForm } from './plain-form.js';

/** A plain request whose client has authenticated. */
export interface PlainRequest {
  readonly form: PlainForm;
  readonly client: KnownClient;
  readonly now: Instant;
  readonly signals: RequestSignals;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What a lane works with. */
export interface LaneParts extends ProtocolParts {
  readonly keys: ProtocolParts['keys'];
  readonly signingKeys: () => KeySet;
  readonly jwts: JwtAccessTokens;
  readonly proofs: DpopProofs;
}

/**
 * One kind of plain request. False means: not so plain after all, and nothing has been changed; the library answers. A
 * lane MUST decide by the same engine and MUST NOT change anything before it is sure that it will answer itself.
 */
export type Lane = (request: PlainRequest, parts: LaneParts) => Promise<boolean>;
