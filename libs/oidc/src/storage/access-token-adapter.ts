import { nameOfToken } from '@curfew/token-endpoint';
import { isUuid } from '@curfew/tokens';
import { currentScope } from '../request-scope.js';
import { type AdapterParts, PartialAdapter } from './partial-adapter.js';

/**
 * Access tokens at the userinfo endpoint: sealed, without a row of their own; the session's row says whether they live. `exp` is
 * exclusive, to the second (RFC 7519 §4.1.4 without leeway: these are our own clocks).
 */
export class SessionAccessTokenAdapter extends PartialAdapter {
  constructor(private readonly parts: AdapterParts) {
    super();
  }

  override async find(value: string): Promise<Record<string, unknown> | undefined> {
    const scope = currentScope();
    const claims = this.parts.accessTokens.open(value);
    if (claims) scope.recognised = true;
    const { kind, exp, grantId: sessionId } = claims ?? {};
    if (!claims || kind !== 'AccessToken' || typeof exp !== 'number' || exp * 1000 <= scope.now)
      return undefined;
    if (typeof sessionId !== 'string' || !isUuid(sessionId)) return undefined;
    const access = await this.parts.sessions.access(sessionId, nameOfToken(value, claims), scope.now);
    if (access?.decision.kind !== 'active') return undefined;
    if (access.session.clientId !== claims['clientId']) return undefined;
    // The end of a client ends its sessions; one that is gone has none, whatever a row still says.
    if (!(await this.parts.clients.find(access.session.clientId))) return undefined;
    scope.access = access;
    const { accountId, clientId } = access.session;
    return { ...claims, jti: value, accountId, clientId, sid: sessionId };
  }

  /** The end of everything a grant led to, which the library asks for at a sign-out. */
  override async revokeByGrantId(grantId: string): Promise<void> {
    if (!isUuid(grantId)) return;
    const { now, signals } = currentScope();
    await this.parts.sessions.end([grantId], 'logout', { signals }, now);
  }
}
