import { type Instant, seconds } from '@curfew/session-policy';
import { clientEvent, sessionEvent } from '@curfew/sessions';
import { type AccessTokenClaims, isUuid, nameOfToken } from '@curfew/tokens';
import { clientParameters } from './client/client-authentication.js';
import type { EndpointParts } from './parts.js';
import { Refused } from './refused.js';
import { type Answer, type ClientRequest, parameter, refuseRepeated, requireParameters } from './request.js';

/**
 * RFC 7009 §2: the revocation endpoint, for a client that has authenticated. Only the client to which a token was issued can revoke it; for
 * any other token the response is the same, and nothing changes.
 */
export async function revocation(request: ClientRequest, parts: EndpointParts): Promise<Answer> {
  refuseRepeated(request, ['token', 'token_type_hint', 'confirm', ...clientParameters]);
  requireParameters(request, 'token');
  await revoke(request, parts);
  if (request.form['confirm'] === 'true') await confirm(parts);
  return { status: 200 };
}

async function revoke(request: ClientRequest, parts: EndpointParts): Promise<void> {
  const { client, now, signals } = request;
  const token = parameter(request, 'token')!;
  const opened = await parts.sessions.openRefreshToken(token);
  if (opened) {
    // The end of a refresh token is the end of its session (§2.1).
    if (opened.session.clientId === client.id)
      await parts.sessions.end([opened.session.id], 'revoked_by_client', { signals }, now);
    return;
  }
  const claims = parts.accessTokens.open(token) ?? parts.jwts.open(token);
  if (!claims) return parts.sessions.unknownToken('revocation', client.id, signals.ip, now);
  if (claims['clientId'] === client.id && Number(claims['exp']) * 1000 > now)
    await revokeAccessToken(token, claims, request, parts);
}

/** Revokes this one token; its session goes on (§2.1). An earlier revocation has to be durable as well. */
async function revokeAccessToken(
  token: string,
  claims: AccessTokenClaims,
  { client, now }: ClientRequest,
  { sessions, queries }: EndpointParts,
): Promise<void> {
  const name = nameOfToken(token, claims);
  const until = (Number(claims['exp']) * 1000) as Instant;
  const data = { token: 'access_token' } as const;
  if (claims['kind'] === 'ClientCredentials') {
    if (!(await queries.clientStands(client.id, claims['issuedAtMs'] as Instant, name)))
      return sessions.endedBefore();
    return sessions.revokeAccessToken(name, until, clientEvent(client.id, 'token.revoked', data, now));
  }
  const { grantId } = claims as { grantId?: string };
  if (claims['kind'] !== 'AccessToken' || grantId === undefined || !isUuid(grantId)) return;
  const access = await sessions.access(grantId, name, now);
  // The token of a session that proved too little for its policy is revoked as well: a more lenient policy would bring it back.
  // An exchanged token is its actor's, and hangs on the session of another client.
  const isOwn = claims['act'] !== undefined || access?.session.clientId === client.id;
  if (!access) return sessions.endedBefore();
  // An end by the clock was committed by the reading.
  if (access.decision.kind === 'end' || !isOwn) return;
  await sessions.revokeAccessToken(name, until, sessionEvent(access.session, 'token.revoked', data, now));
}

/**
 * With `confirm=true` a revocation is answered only when no gateway and no resource server lets the token pass any more.
 * The revocation itself is durable before; if that cannot be confirmed, the client may ask again.
 */
async function confirm({ confirmEnd }: EndpointParts): Promise<void> {
  const { confirmed } = await confirmEnd();
  if (confirmed) return;
  throw new Refused('temporarily_unavailable', 'unavailable', {
    status: 503,
    description: 'revoked, but not confirmed in time',
    retryAfter: seconds(1),
  });
}
