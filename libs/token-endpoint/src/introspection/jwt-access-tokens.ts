import { hash, type KeyObject } from 'node:crypto';
import { isSignedBy, keyOf, readJws } from '@curfew/resource-server/jws';
import { type Instant, instant } from '@curfew/session-policy';
import { type AccessTokenClaims, isUuid, type KeySet, type PublicJwk } from '@curfew/tokens';

/** No access token of ours is longer. */
const maxLength = 8_192;

/** Tokens of one key that are known to be signed by it. */
const maxVerified = 10_000;

/** A published key, and the tokens that it was found to have signed. */
interface KnownKey {
  readonly key: KeyObject;
  readonly verified: VerifiedTexts;
}

/** JWT access tokens that this service signed (RFC 9068), read back with its own keys. */
export class JwtAccessTokens {
  /** By the published key: a key that is published no more is forgotten with its key set, and with it the tokens it signed. */
  readonly #keys = new WeakMap<PublicJwk, KnownKey>();

  constructor(
    private readonly issuer: string,
    private readonly keySet: () => Pick<KeySet, 'publicJwks'>,
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
    const known = this.#known(jwk);
    if (!known?.verified.has(token, () => isSignedBy(known.key, jwk.alg, jws))) return undefined;
    return jws.payload['iss'] === this.issuer ? asSealed(jws.payload) : undefined;
  }

  #known(jwk: PublicJwk): KnownKey | undefined {
    const known = this.#keys.get(jwk);
    if (known) return known;
    const key = keyOf(jwk);
    if (!key) return undefined;
    const made = { key, verified: new VerifiedTexts(maxVerified) };
    this.#keys.set(jwk, made);
    return made;
  }
}

/**
 * Texts that passed a verification, by their hash. APIs ask about the same token again and again, and a signature takes thirty times as long
 * to verify as a hash. A text that did not pass is not remembered. The oldest goes when there are too many.
 */
export class VerifiedTexts {
  readonly #hashes = new Set<string>();

  constructor(private readonly max: number) {}

  /** Whether `text` passed `verify`, now or before. */
  has(text: string, verify: () => boolean): boolean {
    const digest = hash('sha256', text, 'base64');
    if (this.#hashes.has(digest)) return true;
    if (!verify()) return false;
    if (this.#hashes.size >= this.max) this.#hashes.delete(this.#hashes.values().next().value!);
    this.#hashes.add(digest);
    return true;
  }
}

function asSealed(claims: Readonly<Record<string, unknown>>): AccessTokenClaims | undefined {
  const { sid, jti, client_id: clientId, aud, scope, iat, exp, act, may_act } = claims;
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
    ...(act ? { act, issuedAtMs: madeAt(jti, Number(iat)) } : {}),
    ...(may_act ? { may_act } : {}),
  };
  return typeof sid === 'string'
    ? { kind: 'AccessToken', grantId: sid, ...common }
    : { kind: 'ClientCredentials', issuedAtMs: madeAt(jti, Number(iat)), ...common };
}

/** A UUIDv7 starts with its instant, which is more exact than `iat` (RFC 9562 §5.7). */
const madeAt = (jti: string, iat: number): Instant =>
  isUuid(jti) ? instant(Number.parseInt(jti.replaceAll('-', '').slice(0, 12), 16)) : instant(iat * 1000);
