import { createHash, type JsonWebKey } from 'node:crypto';
import { isSignedBy, publicKeyFor, readJwt } from '../jwt/signed-jwt.js';

/** What a proof must be for. */
export interface ProvedRequest {
  readonly method: string;
  /** The public URL; query and fragment are not compared. */
  readonly url: URL;
  readonly token: string;
}

/** Seconds a proof is accepted after it was made, and before: clocks of clients are often wrong, but then they can learn. */
export const proofLifetime = { past: 60, future: 5 } as const;

/** The longest proof that is looked at. */
const longestProof = 4_096;
/** So many proofs of one lifetime are remembered; a flood beyond that is refused rather than believed. */
const mostRemembered = 100_000;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** The members a thumbprint is computed from, in lexicographic order (RFC 7638 §3.2). */
const thumbprintMembers: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
};

/** Checks proofs of possession (RFC 9449 §4.3) and lets each pass once. */
export class DpopProofs {
  /** Ids of proofs with the second until which they would be accepted, oldest first. */
  readonly #seen = new Map<string, number>();

  /** The thumbprint of the key that made the proof, or undefined when it is not a good one. `now` in milliseconds. */
  check(proof: string, request: ProvedRequest, now: number): string | undefined {
    const jwt = proof.length <= longestProof ? readJwt(proof) : undefined;
    if (jwt?.header['typ'] !== 'dpop+jwt' || jwt.header['crit'] !== undefined) return undefined;
    const jwk = jwt.header['jwk'];
    if (typeof jwk !== 'object' || jwk === null || 'd' in jwk || 'k' in jwk) return undefined;
    const key = publicKeyFor(jwt.header['alg'], jwk as JsonWebKey);
    if (!key || !isSignedBy(jwt, key)) return undefined;
    const { htm, htu, iat, jti, ath } = jwt.claims;
    if (htm !== request.method || !isSameTarget(htu, request.url) || ath !== sha256(request.token))
      return undefined;
    if (typeof iat !== 'number' || typeof jti !== 'string' || jti === '' || jti.length > 256)
      return undefined;
    const age = now / 1000 - iat;
    if (age > proofLifetime.past || age < -proofLifetime.future) return undefined;
    const thumbprint = thumbprintOf(jwk as JsonWebKey);
    return this.#isFirst(sha256(`${thumbprint} ${jti}`), iat + proofLifetime.past, now / 1000)
      ? thumbprint
      : undefined;
  }

  #isFirst(id: string, until: number, now: number): boolean {
    for (const [old, expires] of this.#seen) {
      // In the order they came, which is nearly that of their expiry; what is left over goes a little later.
      if (expires >= now) break;
      this.#seen.delete(old);
    }
    if (this.#seen.has(id) || this.#seen.size >= mostRemembered) return false;
    this.#seen.set(id, until);
    return true;
  }
}

function isSameTarget(htu: unknown, url: URL): boolean {
  if (typeof htu !== 'string' || !URL.canParse(htu)) return false;
  const stated = new URL(htu);
  return stated.origin === url.origin && stated.pathname === url.pathname;
}

const thumbprintOf = (jwk: JsonWebKey): string =>
  sha256(
    JSON.stringify(
      Object.fromEntries((thumbprintMembers[jwk.kty ?? ''] ?? []).map((name) => [name, jwk[name]])),
    ),
  );
