import type { KeyObject } from 'node:crypto';
import { type Instant, instant } from '@curfew/session-policy';
import type { KeySet, PublicJwk } from '@curfew/tokens';
import { type AccessTokenClaims, hashAccessToken, isSignedBy, isUuid, keyOf, readJws } from '@curfew/tokens';

/** No access token of ours is longer. */
const maxLength = 8_192;

/**
 * What a single access token is called in the list of revoked ones. A JWT is called by its `jti`: its text is no name,
 * because the same signature can be written in more than one way.
 */
export const nameOfToken = (value: string, { jti }: AccessTokenClaims): Buffer =>
  hashAccessToken(typeof jti === 'string' ? jti : value);

/** JWT access tokens that this service signed (RFC 9068), read back with its own keys. */
export class JwtAccessTokens {
  /** By the published key: what is published no more is forgotten with its key set. */
  readonly #keys = new WeakMap<PublicJwk, KeyObject>();

  constructor(
    private readonly issuer: string,
    private readonly keySet: () => KeySet,
  ) {}

  /**
   * The claims as an opaque token would carry them, or undefined for anything this service did not sign as an access
   * token. Says nothing about expiry.
   */
  open(token: string): AccessTokenClaims | undefined {
    const jws = token.length > maxLength ? undefined : readJws(token);
    if (!jws) return undefined;
    const { alg, kid, typ } = jws.header;
    const jwk = this.keySet().publicJwks.keys.find((key) => key.kid === kid && key.alg === alg);
    // RFC 9068 §4: `typ` tells access tokens from everything else that is signed with the same keys.
    if (!jwk || (typ !== 'at+jwt' && typ !== 'application/at+jwt')) return undefined;
    const key = this.#keyOf(jwk);
    if (!key || !isSignedBy(key, jwk.alg, jws)) return undefined;
    return jws.payload['iss'] === this.issuer ? asSealed(jws.payload) : undefined;
  }

  #keyOf(jwk: PublicJwk): KeyObject | undefined {
    const key = this.#keys.get(jwk) ?? keyOf(jwk);
    if (key) this.#keys.set(jwk, key);
    return key;
  }
}

function asSealed(claims: Readonly<Record<string, unknown>>): AccessTokenClaims | undefined {
  const { sid, jti, client_id: clientId, aud, scope, iat, exp } = claims;
  if (typeof jti !== 'string' || typeof clientId !== 'string' || typeof exp !== 'number') return undefined;
  const { jkt, 'x5t#S256': x5t } = (claims['cnf'] ?? {}) as { jkt?: string; 'x5t#S256'?: string };
  const common = {
    clientId,
    aud,
    scope,
    iat,
    exp,
    jti,
    ...(jkt ? { jkt } : {}),
    ...(x5t ? { 'x5t#S256': x5t } : {}),
  };
  return typeof sid === 'string'
    ? { kind: 'AccessToken', grantId: sid, ...common }
    : { kind: 'ClientCredentials', issuedAtMs: madeAt(jti, Number(iat)), ...common };
}

/** A UUIDv7 starts with its instant, which is more exact than `iat` (RFC 9562 §5.7). */
const madeAt = (jti: string, iat: number): Instant =>
  isUuid(jti) ? instant(Number.parseInt(jti.replaceAll('-', '').slice(0, 12), 16)) : instant(iat * 1000);
