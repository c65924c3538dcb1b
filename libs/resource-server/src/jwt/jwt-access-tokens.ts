import type { KeyObject } from 'node:crypto';
import { isSignedBy, readJws } from '../jws.js';
import { readClaims, type TokenFacts } from '../token-facts.js';
import type { RemoteKeySet } from './key-set.js';

/** Whether a JWT was signed with this key by this algorithm; it has been found in the published key set for both. */
export type VerifySignature = (jwt: string, key: KeyObject, alg: string) => Promise<boolean>;

/** A JWT access token that was signed by the authorization server, and the name it is revoked by. */
export interface ReadAccessToken {
  readonly facts: TokenFacts;
  readonly id: string;
}

/** JWT access tokens (RFC 9068), verified by the authorization server's published keys. */
export class JwtAccessTokens {
  constructor(
    private readonly keys: RemoteKeySet,
    private readonly issuer: string,
    private readonly verifySignature?: VerifySignature,
  ) {}

  /**
   * The claims of a token, or undefined for anything the authorization server did not sign as an access token: ID tokens, logout
   * tokens, security events and introspection answers have another type (§4, RFC 8725 §3.11). Keys that the token itself brings along
   * or points to (`jwk`, `jku`, `x5u`) are not looked at. Expiry is not checked.
   */
  async read(token: string): Promise<ReadAccessToken | undefined> {
    const jwt = readJws(token);
    if (!jwt) return undefined;
    const { typ, kid, alg } = jwt.header;
    const type = String(typ).toLowerCase();
    if ((type !== 'at+jwt' && type !== 'application/at+jwt') || jwt.header['crit'] !== undefined)
      return undefined;
    const key = await this.keys.find(kid, alg);
    if (!key || jwt.payload['iss'] !== this.issuer) return undefined;
    const isGenuine = this.verifySignature
      ? await this.verifySignature(token, key, String(alg))
      : isSignedBy(key, String(alg), jwt);
    if (!isGenuine) return undefined;
    const id = jwt.payload['jti'];
    if (typeof id !== 'string') return undefined;
    try {
      return { facts: readClaims(jwt.payload), id };
    } catch {
      return undefined;
    }
  }
}
