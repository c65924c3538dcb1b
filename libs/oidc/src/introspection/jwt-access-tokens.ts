import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type Instant, instant } from '@curfew/session-policy';
import { type AccessTokenClaims, hashAccessToken, isUuid } from '@curfew/sessions';
import type { KeySet, PublicJwk } from '../keys/index.js';

/** Whether a text has the three parts of a signed JWT (RFC 7515 §7.1). Says nothing about what it is. */
export const looksLikeJwt = (token: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);

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
    if (!looksLikeJwt(token) || token.length > 8_192) return undefined;
    const [header = '', payload = '', signature = ''] = token.split('.');
    const { alg, kid, typ } = parse(header);
    const jwk = this.keySet().publicJwks.keys.find((key) => key.kid === kid && key.alg === alg);
    // RFC 9068 §4: `typ` tells access tokens from everything else that is signed with the same keys.
    if (!jwk || (typ !== 'at+jwt' && typ !== 'application/at+jwt')) return undefined;
    const signed = Buffer.from(`${header}.${payload}`);
    if (!this.#verifies(jwk, signed, Buffer.from(signature, 'base64url'))) return undefined;
    const claims = parse(payload);
    return claims['iss'] === this.issuer ? asSealed(claims) : undefined;
  }

  #verifies(jwk: PublicJwk, signed: Buffer, signature: Buffer): boolean {
    let key = this.#keys.get(jwk);
    if (!key) {
      key = createPublicKey({ key: jwk, format: 'jwk' });
      this.#keys.set(jwk, key);
    }
    if (jwk.alg === 'EdDSA') return verify(null, signed, key, signature);
    const options = jwk.alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
    return verify('sha256', signed, options, signature);
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

function parse(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
