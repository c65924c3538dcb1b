import { type RefusedRefresh, type SessionService } from '@curfew/sessions';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { because, causeOfRefusedRefresh } from '../refusals/cause-of.js';
import { currentScope } from '../request-scope.js';

/** RFC 9470 §3 at the token endpoint: the client sends the person through a sign-in that satisfies these. */
export const stepUpChallenge = { error: 'insufficient_user_authentication', max_age: 0 } as const;

/** The OAuth error for a refusal. Every end looks the same from outside; the log, the event and the operator know which. */
export function refusedGrant(decision: RefusedRefresh): Error {
  const { cause, detail } = causeOfRefusedRefresh(decision);
  const error =
    decision.kind === 'step_up'
      ? new errors.CustomOIDCProviderError(stepUpChallenge.error, 'the person must authenticate again')
      : new errors.InvalidGrant(`session: ${decision.kind} ${decision.reason}`);
  return because(error, cause, detail);
}

/**
 * The `rotateRefreshToken` hook: asked after client, key, scope, grant and account have been checked, and the one place
 * where a presented refresh token meets the domain. Throws when it is refused; stages what is to be written otherwise.
 */
export const refreshHook =
  (sessions: SessionService) =>
  async (ctx: KoaContextWithOIDC): Promise<boolean> => {
    const scope = currentScope();
    const { opened } = scope;
    if (!opened) throw new TypeError('a refresh token is rotated that this request did not open');
    const presenter = {
      clientId: ctx.oidc.client!.clientId,
      // The library has compared the proof's key with the token's (RFC 9449 §5, RFC 8705 §7.1) before it came here.
      keyThumbprint: opened.session.keyThumbprint,
      signals: scope.signals,
    };
    scope.decided = true;
    const outcome = await sessions.present(opened, presenter, scope.now);
    if (outcome.kind === 'refused') throw refusedGrant(outcome.decision);
    scope.refresh = outcome.staged;
    scope.policy = outcome.staged.policy;
    return outcome.staged.kind !== 'keep';
  };
