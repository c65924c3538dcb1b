import type { Instant } from '@curfew/session-policy';
import { type AccessTokenCodec, newId, newSecret, type SessionService } from '@curfew/sessions';
import type { Provider } from 'oidc-provider';
import { currentScope } from './request-scope.js';
import { epochSeconds } from './session-payload.js';

/** What the library fills in on a token before it asks for its value (pinned by test/contract). */
interface TokenInTheMaking {
  readonly kind: string;
  readonly expiration: number;
  readonly resourceServer?: { readonly accessTokenFormat?: 'opaque' | 'jwt' };
  format?: string;
  iat?: number;
  exp?: number;
  readonly [claim: string]: unknown;
}

/** The claims an access token carries; the rest is asked of its session. */
const carried = [
  'kind',
  'grantId',
  'clientId',
  'aud',
  'scope',
  'claims',
  'jkt',
  'x5t#S256',
  'gty',
  'rar',
] as const;

function sealed(codec: AccessTokenCodec, token: TokenInTheMaking, now: Instant): string {
  const claims = Object.fromEntries(
    carried.filter((name) => token[name] !== undefined).map((name) => [name, token[name]]),
  );
  // A client's own token has no session whose sign-in could be compared with a not-before, so it carries its instant.
  const issued = token.kind === 'ClientCredentials' ? { issuedAtMs: now } : {};
  return codec.seal({ kind: token.kind, ...claims, ...issued, iat: token.iat, exp: token.exp });
}

/**
 * Lets tokens have this product's values: access tokens that authenticate themselves, refresh tokens that name their
 * session and generation, grants whose id is the session's. The library asks each model for its value in one method.
 */
export function giveTokensTheirValues(
  provider: Provider,
  codec: AccessTokenCodec,
  sessions: SessionService,
): void {
  const accessTokenValue = function accessTokenValue(this: TokenInTheMaking): string {
    const { now } = currentScope();
    this.format = this.resourceServer?.accessTokenFormat ?? 'opaque';
    this.iat = epochSeconds(now);
    this.exp = this.iat + this.expiration;
    return this.format === 'jwt' ? newId(now) : sealed(codec, this, now);
  };
  const refreshTokenValue = function refreshTokenValue(): string {
    const { refresh, start } = currentScope();
    if (refresh) return refresh.refreshToken;
    if (!start) throw new TypeError('a refresh token can only follow a refresh or a sign-in');
    start.secret = newSecret();
    return sessions.refreshToken(start.sessionId, 0, start.secret);
  };
  const override = (model: unknown, value: () => string) => {
    (model as { prototype: { generateTokenId: () => string } }).prototype.generateTokenId = value;
  };
  override(provider.AccessToken, accessTokenValue as () => string);
  override(provider.ClientCredentials, accessTokenValue as () => string);
  override(provider.RefreshToken, refreshTokenValue);
  override(provider.Grant, () => newId(currentScope().now));
}
