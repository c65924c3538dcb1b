import type { Instant } from '@curfew/session-policy';
import { clientEvent, isUuid, sessionEvent } from '@curfew/sessions';
import { Provider } from 'oidc-provider';
import { endForCodeReuse } from '../commit-staged.js';
import { refuseThrottled } from '../hooks/caller-throttles.js';
import { nameOfToken } from '../introspection/jwt-access-tokens.js';
import { currentScope } from '../request-scope.js';
import { type AdapterParts, PartialAdapter } from './partial-adapter.js';

type Claims = Readonly<Record<string, unknown>>;

/** Opened and not expired, or undefined. `exp` is exclusive, to the second (RFC 7519 §4.1.4 without leeway: these are our own clocks). */
function openLive(parts: AdapterParts, value: string, kind: string, now: Instant): Claims | undefined {
  const claims = parts.accessTokens.open(value);
  if (claims) currentScope().recognised = true;
  if (claims?.['kind'] !== kind || typeof claims['exp'] !== 'number') return undefined;
  return claims['exp'] * 1000 > now ? claims : undefined;
}

/** Access tokens that name a session: sealed, without a row of their own; the session's row says whether they live. */
export class SessionAccessTokenAdapter extends PartialAdapter {
  constructor(private readonly parts: AdapterParts) {
    super();
  }

  override async find(value: string): Promise<Record<string, unknown> | undefined> {
    const scope = currentScope();
    refuseThrottled(this.parts, value);
    const claims = openLive(this.parts, value, 'AccessToken', scope.now);
    const sessionId = claims?.['grantId'];
    if (!claims || typeof sessionId !== 'string' || !isUuid(sessionId)) return undefined;
    const access = await this.parts.sessions.access(sessionId, nameOfToken(value, claims), scope.now);
    if (access?.decision.kind !== 'active') return undefined;
    if (access.session.clientId !== claims['clientId']) return undefined;
    // The end of a client ends its sessions; one that is gone has none, whatever a row still says.
    if (!(await this.parts.clients.find(access.session.clientId))) return undefined;
    scope.access = access;
    const { accountId, clientId } = access.session;
    return { ...claims, jti: value, accountId, clientId, sid: sessionId };
  }

  /** Revokes this one token; its session goes on. */
  override async destroy(value: string): Promise<void> {
    const { now, access } = currentScope();
    const claims = this.parts.accessTokens.open(value);
    if (!claims || !access) return;
    const revoked = sessionEvent(access.session, 'token.revoked', { token: 'access_token' }, now);
    await this.parts.sessions.revokeAccessToken(
      nameOfToken(value, claims),
      (Number(claims['exp']) * 1000) as Instant,
      revoked,
    );
  }

  /** The end of everything a grant led to: oidc-provider asks for it on revocation, code reuse and logout. */
  override async revokeByGrantId(grantId: string): Promise<void> {
    const oidc = Provider.ctx?.oidc;
    // RFC 7009 §2.1: a revoked access token need not take its grant along, and here it does not.
    if (oidc?.route === 'revocation' && oidc.entities.AccessToken) return;
    if (!isUuid(grantId)) return;
    const { now, signals } = currentScope();
    if (oidc?.route === 'token')
      return endForCodeReuse(this.parts.sessions, grantId, oidc.client?.clientId ?? null, currentScope());
    const reason = oidc?.route === 'revocation' ? 'revoked_by_client' : 'logout';
    await this.parts.sessions.end([grantId], reason, { signals }, now);
  }
}

/** Access tokens of a client itself (RFC 6749 §4.4): no session stands behind them, only the client. */
export class ClientCredentialsAdapter extends PartialAdapter {
  constructor(private readonly parts: AdapterParts) {
    super();
  }

  override async find(value: string): Promise<Record<string, unknown> | undefined> {
    const { now } = currentScope();
    refuseThrottled(this.parts, value);
    const claims = openLive(this.parts, value, 'ClientCredentials', now);
    if (!claims) return undefined;
    const { clientId, issuedAtMs } = claims as { clientId: string; issuedAtMs: Instant };
    if (!(await this.parts.queries.clientStands(clientId, issuedAtMs, nameOfToken(value, claims))))
      return undefined;
    return (await this.parts.clients.find(clientId)) ? { ...claims, jti: value } : undefined;
  }

  override async destroy(value: string): Promise<void> {
    const { now } = currentScope();
    const claims = this.parts.accessTokens.open(value);
    if (!claims) return;
    const revoked = clientEvent(String(claims['clientId']), 'token.revoked', { token: 'access_token' }, now);
    await this.parts.sessions.revokeAccessToken(
      nameOfToken(value, claims),
      (Number(claims['exp']) * 1000) as Instant,
      revoked,
    );
  }
}
