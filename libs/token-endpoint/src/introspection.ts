import { isPublicClient } from '@curfew/clients';
import { prefers } from './accept.js';
import type { Answer } from './answer.js';
import { clientParameters } from './client/client-authentication.js';
import { introspectAccessToken } from './introspection/introspect-access-token.js';
import { introspectRefreshToken } from './introspection/introspect-refresh-token.js';
import { signedIntrospection } from './introspection/signed-answer.js';
import type { EndpointParts } from './parts.js';
import { tooManyRequests } from './refused.js';
import { type ClientRequest, parameter, refuseRepeated, requireParameters } from './request.js';

/** RFC 9701 §4. */
const signedType = 'application/token-introspection+jwt';

/** RFC 7662 §2: the introspection endpoint, for a caller that has authenticated. @throws Refused */
export async function introspection(request: ClientRequest, parts: EndpointParts): Promise<Answer> {
  refuseRepeated(request, ['token', 'token_type_hint', 'touch', ...clientParameters]);
  requireParameters(request, 'token');
  const { client, now, request: incoming } = request;
  const wait = parts.introspections.take(asker(request), now);
  if (wait !== null) throw tooManyRequests(wait);
  const answer = await verdict(request, parts);
  const { accept } = incoming.headers;
  if (accept === undefined || !prefers(accept, signedType, 'application/json'))
    return { status: 200, json: answer };
  const body = await signedIntrospection(answer, client, parts, now);
  return body === undefined
    ? { status: 200, json: answer }
    : { status: 200, text: { type: signedType, body } };
}

/** The name under which questions are counted. Anybody can ask as a public client, so each network has its own count. */
const asker = ({ client, signals }: ClientRequest): string =>
  isPublicClient(client) ? `${client.id} ${signals.prefix}` : client.id;

/**
 * The facts about the token. A client that has not authenticated is told nothing (RFC 7662 §2.1); a public one authorizes its question
 * about a refresh token by a proof of the key to which that is bound (RFC 9449 §5, ADR 103).
 */
async function verdict(request: ClientRequest, parts: EndpointParts) {
  const { client: caller, form, now, signals } = request;
  const value = parameter(request, 'token')!;
  const thumbprint = isPublicClient(caller) ? await provenKey(request, parts) : undefined;
  const refreshToken = await introspectRefreshToken(value, { client: caller, thumbprint }, parts, now);
  if (refreshToken) return refreshToken;
  const question = { token: value, caller, touch: form['touch'] !== 'false', ip: signals.ip };
  return introspectAccessToken(question, parts, now);
}

/** The key that a public client holds; undefined without a proof, which passes once. @throws Refused */
async function provenKey(request: ClientRequest, { proofs }: EndpointParts): Promise<string | undefined> {
  const proof = await proofs.read(request);
  if (proof) await proofs.useUp(proof, request.client.id, request.now);
  return proof?.thumbprint;
}
