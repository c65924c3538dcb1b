import type { SessionService } from '@curfew/sessions';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { RequestScope } from '../request-scope.js';

/** Counts access tokens that anybody shows at the userinfo endpoint and that this service never issued, or cannot read any more. */
export function noteUnknownToken(
  { oidc, status, headers }: KoaContextWithOIDC,
  scope: RequestScope,
  sessions: SessionService,
): void {
  if (oidc?.route !== 'userinfo' || scope.recognised) return;
  if (status !== 401 || headers.authorization === undefined) return;
  scope.toldUnknown = true;
  sessions.unknownToken('userinfo', oidc.client?.clientId ?? null, scope.signals.ip, scope.now);
}
