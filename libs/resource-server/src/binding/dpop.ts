import { createHash, type JsonWebKey } from 'node:crypto';
import { isSignedBy, publicKeyFor, readJwt, type SignedJwt } from '../jwt/signed-jwt.js';
import { DpopNonces } from './dpop-nonces.js';

/** The request and the key that a proof must be for. */
export interface ProvedRequest {
  readonly method: string;
  /** The public URL; query and fragment are not compared. */
  readonly url: URL;
  readonly token: string;
  /** The thumbprint of the key that the token is bound to (RFC 9449 §6). */
  readonly keyThumbprint: string;
}

/** A reason to refuse a proof. */
export type ProofFault =
  | 'malformed'
  | 'of_other_request'
  | 'of_other_token'
  | 'not_recent'
  | 'nonce_unknown'
  | 'of_other_key'
  | 'used';

/**
 * Seconds a proof is accepted after it was made, and before: clocks of clients are often wrong. Proofs of more than a minute ahead
 * must be refused (FAPI 2.0 Security Profile §5.3.2.1). The authorization server has the same bounds.
 */
export const proofLifetime = { past: 300, future: 30 } as const;

/** The longest proof that is looked at. */
const maxProofLength = 4_096;
/** The number of proofs that are remembered; further ones are refused, because a replay could not be noticed. */
const maxRemembered = 500_000;
/** Seconds in which a proof could be accepted again, whether its time or its nonce speaks for it. */
const rememberedFor = proofLifetime.past + proofLifetime.future;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** The members a thumbprint is computed from, in lexicographic order (RFC 7638 §3.2). */
const thumbprintMembers: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
};

/** Checks proofs of possession (RFC 9449 §4.3) and lets each pass once. */
export class DpopProofs {
  readonly #nonces: DpopNonces;
  /** Ids of proofs with the second until which they are remembered, oldest first. */
  readonly #seen = new Map<string, number>();

  /** `secret` is what the nonces of all processes of one API follow from; `max` proofs are remembered. */
  constructor(
    secret?: string,
    private readonly max = maxRemembered,
  ) {
    this.#nonces = new DpopNonces(secret);
  }

  /** The nonce that clients are to use from now on; `now` in milliseconds. */
  nonce(now: number): string {
    return this.#nonces.newest(now / 1000);
  }

  /** The fault of a proof, or undefined for a good one, which then counts as used. `now` in milliseconds. */
  faultOf(proof: string, request: ProvedRequest, now: number): ProofFault | undefined {
    const jwt = proof.length <= maxProofLength ? readJwt(proof) : undefined;
    const jwk = jwt && keyIn(jwt);
    if (!jwt || !jwk) return 'malformed';
    const { htm, htu, iat, jti, ath, nonce } = jwt.claims;
    if (typeof iat !== 'number' || typeof jti !== 'string' || jti === '' || jti.length > 256)
      return 'malformed';
    if (htm !== request.method || !isSameTarget(htu, request.url)) return 'of_other_request';
    if (ath !== sha256(request.token)) return 'of_other_token';
    const seconds = now / 1000;
    // RFC 9449 §11.1: a nonce says when the proof was made, whatever the clock of the client says.
    if (nonce !== undefined && !this.#nonces.accepts(nonce, seconds)) return 'nonce_unknown';
    const age = seconds - iat;
    if (nonce === undefined && (age > proofLifetime.past || age < -proofLifetime.future)) return 'not_recent';
    if (thumbprintOf(jwk) !== request.keyThumbprint) return 'of_other_key';
    return this.#isFirst(sha256(`${request.keyThumbprint} ${jti}`).slice(0, 22), seconds)
      ? undefined
      : 'used';
  }

  #isFirst(id: string, now: number): boolean {
    for (const [old, expires] of this.#seen) {
      if (expires >= now) break;
      this.#seen.delete(old);
    }
    if (this.#seen.has(id) || this.#seen.size >= this.max) return false;
    this.#seen.set(id, now + rememberedFor);
    return true;
  }
}

/** The public key that a proof brings along and is signed by (RFC 9449 §4.2); undefined for what is no proof. */
function keyIn(jwt: SignedJwt): JsonWebKey | undefined {
  if (jwt.header['typ'] !== 'dpop+jwt' || jwt.header['crit'] !== undefined) return undefined;
  const jwk = jwt.header['jwk'];
  if (typeof jwk !== 'object' || jwk === null || 'd' in jwk || 'k' in jwk) return undefined;
  const key = publicKeyFor(jwt.header['alg'], jwk as JsonWebKey);
  return key && isSignedBy(jwt, key) ? (jwk as JsonWebKey) : undefined;
}

/** RFC 9449 §4.3 number 9: compared after the normalisation of RFC 3986 §6.2.2 and §6.2.3. */
function isSameTarget(htu: unknown, url: URL): boolean {
  if (typeof htu !== 'string' || !URL.canParse(htu)) return false;
  const stated = new URL(htu);
  return stated.origin === url.origin && normalPath(stated) === normalPath(url);
}

const normalPath = ({ pathname }: URL): string =>
  pathname.replace(/%[0-9a-f]{2}/gi, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : encoded.toUpperCase();
  });

const thumbprintOf = (jwk: JsonWebKey): string =>
  sha256(
    JSON.stringify(
      Object.fromEntries((thumbprintMembers[jwk.kty ?? ''] ?? []).map((name) => [name, jwk[name]])),
    ),
  );
