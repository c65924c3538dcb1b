import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ProtocolParts } from '../protocol-parts.js';
import type { RequestScope } from '../request-scope.js';
import { tooMany } from './caller-throttles.js';

/**
 * Answers what the library refuses to look at: a text with the header of a JWT that is none of our access tokens (an ID token, a
 * token of somebody else, one that was changed, one whose key was withdrawn). It is a token that is not active (RFC 7662 §2.2),
 * and there is nothing to revoke about it (RFC 7009 §2.2). It counts as an inquiry like every other token.
 */
export function answerForeignJwt(
  ctx: KoaContextWithOIDC,
  scope: RequestScope,
  { introspections }: Pick<ProtocolParts, 'introspections'>,
): void {
  const { route, client } = ctx.oidc ?? {};
  const { error } = (ctx.body ?? {}) as { readonly error?: unknown };
  if (ctx.status !== 400 || error !== 'unsupported_token_type' || !client) return;
  ctx.status = 200;
  if (route === 'revocation') {
    ctx.body = '';
    return;
  }
  ctx.body = { active: false };
  const wait = introspections.take(client.clientId, scope.now);
  if (wait === null) return;
  ctx.status = 429;
  ctx.set('Retry-After', String(wait));
  ctx.body = tooMany.asked;
}

/** An empty answer has no type: clients that look at it before its length refuse text (RFC 7009 §2.2 asks for the status only). */
export function leaveEmptyAnswerUntyped(ctx: KoaContextWithOIDC): void {
  if (ctx.oidc?.route === 'revocation' && ctx.status === 200 && ctx.body === '') ctx.remove('Content-Type');
}
