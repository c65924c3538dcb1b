import type { Seconds } from '@curfew/session-policy';
import { errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { ProtocolParts } from '../protocol-parts.js';
import { because } from '../refusals/cause-of.js';
import { currentScope, type RequestScope } from '../request-scope.js';

/** What is answered, with 429 and Retry-After, to whoever must wait. */
export const tooMany = {
  refused: { error: 'temporarily_unavailable', error_description: 'too many failed attempts' },
  asked: { error: 'temporarily_unavailable', error_description: 'too many requests' },
} as const;

/** The error behind such an answer. */
export function throttled(wait: Seconds, what: keyof typeof tooMany): Error {
  Provider.ctx?.set('Retry-After', String(wait));
  const { error, error_description } = tooMany[what];
  const answered = new errors.CustomOIDCProviderError(error, error_description);
  const cause = what === 'refused' ? 'too_many_attempts' : 'too_many_requests';
  return because(Object.assign(answered, { status: 429, statusCode: 429 }), cause);
}

/**
 * Asked by the storage when an authenticated client has a token looked up, before anything is read: whether this client
 * must wait. The library has no hook between the two.
 */
export function refuseThrottled({ refreshThrottle, introspections }: CallerThrottles, token: string): void {
  const oidc = Provider.ctx?.oidc;
  const scope = currentScope();
  if (!oidc?.client) return;
  const { clientId } = oidc.client;
  if (oidc.route === 'token') {
    const wait = refreshThrottle.wait({ clientId, network: scope.signals.prefix, token }, scope.now);
    if (wait === null) return;
    scope.throttled = true;
    if (refreshThrottle.isGenuine(token)) scope.recognised = true;
    throw throttled(wait, 'refused');
  }
  // One token is looked for among all kinds at once; it is one question.
  if (oidc.route !== 'introspection' || scope.admitted) return;
  const wait = introspections.take(clientId, scope.now);
  if (wait === null) {
    scope.admitted = true;
    return;
  }
  scope.throttled = true;
  throw throttled(wait, 'asked');
}

type CallerThrottles = Pick<ProtocolParts, 'refreshThrottle' | 'introspections'>;

const failures: ReadonlySet<unknown> = new Set(['invalid_grant', 'invalid_scope', 'invalid_target']);

/**
 * Counts a refresh that was refused to an authenticated client; a demand to sign in again or for a proof is none. A used
 * proof counts: unlike every other wrong one it is found out only after the token was looked up.
 */
export function countRefusedRefresh(
  ctx: KoaContextWithOIDC,
  scope: RequestScope,
  { refreshThrottle }: Pick<ProtocolParts, 'refreshThrottle'>,
): void {
  const { oidc } = ctx;
  const token = oidc.params?.['refresh_token'];
  const { error } = (ctx.body ?? {}) as { error?: unknown };
  if (ctx.status !== 400 || !oidc.client || typeof token !== 'string') return;
  if (!failures.has(error) && !(error === 'invalid_dpop_proof' && scope.opened)) return;
  const { clientId } = oidc.client;
  const isOver = !scope.opened || scope.opened.session.ended !== null;
  refreshThrottle.count({ clientId, network: scope.signals.prefix, token }, isOver, scope.now);
}
