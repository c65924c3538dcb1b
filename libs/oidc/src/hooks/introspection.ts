import { deadlines } from '@curfew/session-policy';
import type { SessionService } from '@curfew/sessions';
import type { AccessToken, Client, ClientCredentials, KoaContextWithOIDC, RefreshToken } from 'oidc-provider';
import type { ClientDirectory } from '../client-directory.js';
import { cacheMaxAge, sessionClocks } from '../introspection/session-clocks.js';
import type { RequestScope } from '../request-scope.js';
import { epochSeconds } from '../session-payload.js';

/**
 * RFC 7662 §2.1 and §4: who may know about a token: the API it is meant for, and the client it was issued to, each
 * authenticated. Everybody else is told `active: false`.
 */
export const mayIntrospect =
  (clients: ClientDirectory) =>
  async (
    _ctx: KoaContextWithOIDC,
    caller: Client,
    token: AccessToken | ClientCredentials | RefreshToken,
  ): Promise<boolean> => {
    if (caller.clientAuthMethod === 'none') return false;
    if (token.clientId === caller.clientId) return true;
    const audience = 'aud' in token ? token.aud : undefined;
    if (audience === undefined) return false;
    const resource = (await clients.find(caller.clientId))?.resource;
    return resource != null && [audience].flat().includes(resource);
  };

/** RFC 7009 §2.1: only the client a token was issued to may revoke it; another one's attempt changes nothing. */
export const mayRevoke = async (
  _ctx: KoaContextWithOIDC,
  caller: Client,
  token: AccessToken | ClientCredentials | RefreshToken,
): Promise<boolean> => token.clientId === caller.clientId;

/** Adds what this product knows of the session to an active answer, and counts the use. */
export async function enrichIntrospection(
  ctx: KoaContextWithOIDC,
  scope: RequestScope,
  sessions: SessionService,
): Promise<void> {
  const body = ctx.body as Record<string, unknown> | undefined;
  const { access, now } = scope;
  if (ctx.status !== 200 || body?.['active'] !== true) return;
  if (!access) return addCacheMaxAge(ctx, body, sessions);
  // A client that asks about its own refresh token does not use the session.
  const ofRefreshToken = ctx.oidc.entities.RefreshToken !== undefined;
  const passive = ofRefreshToken || touchParameter(ctx) === 'false';
  const session = passive ? access.session : await sessions.used(access, now);
  if (ofRefreshToken) body['exp'] = epochSeconds(deadlines(session, access.policy).expiresAt);
  Object.assign(body, { sid: session.id, ...sessionClocks({ ...access, session }, access, now) });
}

/** A client's own token has no session; how long its verdict may be kept follows from the policies of client and API. */
async function addCacheMaxAge(
  ctx: KoaContextWithOIDC,
  body: Record<string, unknown>,
  sessions: SessionService,
): Promise<void> {
  const token = ctx.oidc.entities.ClientCredentials;
  if (!token) return;
  const policy = await sessions.policyFor(token.clientId!, [token.aud ?? []].flat());
  body['cache_max_age'] = cacheMaxAge(policy);
}

/** `touch=false` asks without counting as use, for monitoring. */
function touchParameter(ctx: KoaContextWithOIDC): unknown {
  const body = ctx.oidc.body as Record<string, unknown> | undefined;
  return body?.['touch'];
}
