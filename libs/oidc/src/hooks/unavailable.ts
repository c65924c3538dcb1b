import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ProtocolParts } from '../protocol-parts.js';
import { showErrorPage } from '../refusals/error-page.js';
import { note } from '../refusals/note-refusals.js';
import type { RequestScope } from '../request-scope.js';

/** Seconds after which a client should try again. */
const retryAfter = '2';

/** Takes back what a half-made answer promises: a code or a cookie for what was never written. */
function retract(ctx: KoaContextWithOIDC): void {
  ctx.remove('Location');
  ctx.remove('Set-Cookie');
}

/** The interaction was finished meanwhile, in another tab perhaps: as the library answers to one it does not find. */
export function answerGone(ctx: KoaContextWithOIDC, parts: ProtocolParts): void {
  retract(ctx);
  ctx.status = 400;
  note(ctx, 'invalid_request', { cause: 'interaction_gone' });
  if (ctx.accepts('json', 'html') === 'html') showErrorPage(ctx, parts.pages, 'interaction_gone');
  else ctx.body = { error: 'invalid_request', error_description: 'interaction session not found' };
}

/**
 * The person was signed out while their authorization was answered. A client that wanted no page learns that they must sign in (OpenID Connect
 * Core §3.1.2.6); any other request is made once more, and finds nobody signed in. A pushed request can be made only once.
 */
export function answerSignedOut(ctx: KoaContextWithOIDC, { issuer }: ProtocolParts): void {
  const answered = ctx.response.get('location');
  retract(ctx);
  ctx.status = 303;
  const isLast = ctx.oidc.promptPending('none') || ctx.oidc.entities.PushedAuthorizationRequest !== undefined;
  const target = isLast && URL.canParse(answered) ? new URL(answered) : undefined;
  if (!target?.searchParams.has('code')) {
    ctx.set('Location', new URL(ctx.originalUrl, issuer).href);
    return;
  }
  target.searchParams.delete('code');
  target.searchParams.set('error', 'login_required');
  target.searchParams.set('error_description', 'End-User authentication is required');
  ctx.set('Location', target.href);
}

/** Replaces a half-made answer by a 500. */
export function answerFault(ctx: KoaContextWithOIDC, parts: ProtocolParts): void {
  retract(ctx);
  ctx.status = 500;
  note(ctx, 'server_error', { cause: 'internal_error' });
  if (ctx.accepts('json', 'html') === 'html') showErrorPage(ctx, parts.pages, 'internal_error');
  else ctx.body = { error: 'server_error', error_description: 'oops! something went wrong' };
}

/**
 * A lost database is no fault of the request: 503, nothing consumed, try again. RFC 7009 §2.2.1 asks for it by name.
 * Every other unexpected error stays a 500 that says nothing; both are reported with their cause.
 */
export function answerUnavailable(ctx: KoaContextWithOIDC, scope: RequestScope, parts: ProtocolParts): void {
  const { failure } = scope;
  if (failure === undefined) return;
  parts.report(failure, `answering ${ctx.oidc?.route ?? 'a protocol request'}`);
  if (ctx.status < 500 && ctx.status !== 303 && ctx.status !== 302) return;
  const isKnown = parts.isUnavailable(failure);
  note(ctx, isKnown ? 'temporarily_unavailable' : 'server_error', {
    cause: isKnown ? 'unavailable' : 'internal_error',
  });
  if (!isKnown) return;
  ctx.remove('Location');
  ctx.status = 503;
  ctx.set('Retry-After', retryAfter);
  if (ctx.accepts('json', 'html') === 'html') {
    showErrorPage(ctx, parts.pages, 'unavailable');
    return;
  }
  ctx.body = {
    error: 'temporarily_unavailable',
    error_description: 'the service cannot answer right now; try again',
  };
}
