import type { Transmitter, TransmitterFields } from '@curfew/events/transmitters';
import type { InputOf } from '../contract/input.js';
import { written } from '../contract/wire.js';
import type * as contracts from './transmitter-contracts.js';

/** A transmitter as an operator writes it. */
export const writtenTransmitter = (
  id: string,
  body: InputOf<typeof contracts.change>['body'],
): TransmitterFields => ({
  id,
  issuer: body.issuer,
  audience: body.audience,
  jwksUri: body.jwks_uri,
  delivery: body.delivery,
  endpointUrl: body.endpoint_url,
  tokenEndpoint: body.token_endpoint,
  clientId: body.client_id,
  tokenScope: body.token_scope,
  subjectIssuer: body.subject_issuer ?? body.issuer,
  matchesEmail: body.matches_email,
  signals: [...new Set(body.signals)],
  enabled: body.enabled,
});

/** A transmitter as the wire has it. */
export const transmitterOnWire = (transmitter: Transmitter, issuer: string) => ({
  id: transmitter.id,
  issuer: transmitter.issuer,
  audience: transmitter.audience,
  jwks_uri: transmitter.jwksUri,
  delivery: transmitter.delivery,
  endpoint_url: transmitter.endpointUrl,
  token_endpoint: transmitter.tokenEndpoint,
  client_id: transmitter.clientId,
  token_scope: transmitter.tokenScope,
  receive_url: transmitter.delivery === 'push' ? `${issuer.replace(/\/$/, '')}/ssf/receive` : null,
  subject_issuer: transmitter.subjectIssuer,
  matches_email: transmitter.matchesEmail,
  signals: transmitter.signals,
  enabled: transmitter.enabled,
  polled_at: transmitter.polledAt && written(transmitter.polledAt),
  poll_failures: transmitter.pollFailures,
  poll_fault: transmitter.pollFault,
  version: transmitter.version,
  created_at: written(transmitter.createdAt),
  updated_at: written(transmitter.updatedAt),
});
