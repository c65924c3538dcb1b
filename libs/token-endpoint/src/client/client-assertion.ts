import type { ArtifactStore } from '@curfew/artifacts';
import { assertionAlgs, type KnownClient } from '@curfew/clients';
import { type Jws, type Members, readJws } from '@curfew/resource-server/jws';
import type { Instant } from '@curfew/session-policy';
import { epochSeconds } from '../access-token.js';
import { rememberedUntil, replayKey } from '../proof/replay-records.js';
import { invalidClient, invalidRequest } from '../refused.js';
import type { EndpointRequest } from '../request.js';
import { routes } from '../routes.js';
import { type AssertionAudiences, assertionFault, clockTolerance } from './assertion-claims.js';
import type { ClientKeys } from './client-keys.js';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** A client assertion (RFC 7523 §2.2) as it was sent, and the client that it says it is of. */
export interface SentAssertion {
  readonly jws: Jws;
  readonly subject: string;
}

/** Reads an assertion without believing it. */
export function readAssertion(text: string, type: string | undefined): SentAssertion {
  const jws = readJws(text);
  if (!jws) throw invalidRequest('invalid client_assertion format', 'client_assertion_invalid');
  const { sub } = jws.payload;
  if (typeof sub !== 'string' || sub === '') throw invalidClient('client_assertion_invalid');
  if (type === undefined)
    throw invalidRequest('client_assertion_type must be provided', 'client_assertion_invalid');
  if (type !== assertionType)
    throw invalidRequest(
      `client_assertion_type must have value ${assertionType}`,
      'client_assertion_invalid',
    );
  return { jws, subject: sub };
}

/** The parts with which assertions are checked. */
interface AssertionParts {
  readonly keys: ClientKeys;
  readonly artifacts: ArtifactStore;
  readonly audiences: AssertionAudiences;
}

/** RFC 7523 §3: assertions by which clients authenticate, each of which passes once. */
export class ClientAssertions {
  constructor(private readonly parts: AssertionParts) {}

  /** @throws Refused where the assertion does not prove that this client asks. */
  async check(
    { jws }: SentAssertion,
    client: KnownClient,
    { now, path }: Pick<EndpointRequest, 'now' | 'path'>,
  ): Promise<void> {
    const { keys, artifacts, audiences } = this.parts;
    const isRight =
      isAlgorithm(jws.header['alg'], client) &&
      isClaimsOf(jws.payload, client, now) &&
      namesThisEndpoint(jws.payload['aud'], path, audiences) &&
      (await keys.verifies(client, jws, now).catch(() => false)) &&
      assertionFault(jws.payload, factsOf(client), audiences, now) === null;
    if (!isRight) throw invalidClient('client_assertion_invalid');
    const { iss, jti, exp } = jws.payload as { iss: string; jti: string; exp: number };
    const until = rememberedUntil(now, exp + clockTolerance);
    if (!(await artifacts.insertOnce(replayKey(iss, jti), now, until)))
      throw invalidClient('client_assertion_used');
  }
}

const isAlgorithm = (alg: unknown, { metadata }: KnownClient): boolean => {
  const only = metadata.token_endpoint_auth_signing_alg;
  return only === undefined ? assertionAlgs.some((known) => known === alg) : alg === only;
};

/** RFC 7523 §3 numbers 1 to 7: the client speaks of itself, and now. */
function isClaimsOf({ iss, jti, exp, nbf, iat }: Members, { id }: KnownClient, now: Instant): boolean {
  const second = epochSeconds(now);
  if (iss !== id || typeof jti !== 'string' || jti === '' || typeof exp !== 'number') return false;
  if (second - clockTolerance >= exp) return false;
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf > second + clockTolerance)) return false;
  return iat === undefined || typeof iat === 'number';
}

/** An assertion for the pushed authorization request endpoint alone authenticates nobody elsewhere. */
const namesThisEndpoint = (
  aud: unknown,
  path: string,
  { pushedRequestEndpoint }: AssertionAudiences,
): boolean =>
  path === routes.pushed_authorization_request || [aud].flat().some((one) => one !== pushedRequestEndpoint);

const factsOf = ({ metadata }: KnownClient) => ({
  acceptsEndpoints: metadata.assertion_audience === 'any',
  isHeldToFapi:
    metadata.dpop_bound_access_tokens ||
    metadata.tls_client_certificate_bound_access_tokens === true ||
    metadata.require_pushed_authorization_requests,
});
