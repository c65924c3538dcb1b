import { hash } from 'node:crypto';
import {
  DpopNonces,
  hashOfShownToken,
  isForAddress,
  isTimely,
  ProofReader,
  proofTolerance,
} from '../dpop/index.js';

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

/** The number of proofs that are remembered; further ones are refused, because a replay could not be noticed. */
const maxRemembered = 500_000;
/** Seconds in which a proof could be accepted again, whether its time or its nonce speaks for it. */
const rememberedFor = proofTolerance.past + proofTolerance.future;

/** Checks proofs of possession (RFC 9449 §4.3) and lets each pass once. */
export class DpopProofs {
  readonly #nonces: DpopNonces;
  readonly #reader = new ProofReader();
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
    return this.#nonces.next(now);
  }

  /** The fault of a proof, or undefined for a good one, which then counts as used. `now` in milliseconds. */
  faultOf(proof: string, request: ProvedRequest, now: number): ProofFault | undefined {
    const signed = this.#reader.read(proof, now);
    if (!signed) return 'malformed';
    const { htm, htu, iat, jti, ath, nonce } = signed.claims;
    if (typeof iat !== 'number' || typeof jti !== 'string' || jti === '' || jti.length > 256)
      return 'malformed';
    const address = `${request.url.origin}${request.url.pathname}`;
    if (htm !== request.method || typeof htu !== 'string' || !isForAddress(htu, address))
      return 'of_other_request';
    if (ath !== hashOfShownToken(request.token)) return 'of_other_token';
    // RFC 9449 §11.1: a nonce says when the proof was made, whatever the clock of the client says.
    if (nonce !== undefined && !(typeof nonce === 'string' && this.#nonces.accepts(nonce, now)))
      return 'nonce_unknown';
    if (nonce === undefined && !isTimely(iat, now)) return 'not_recent';
    if (signed.thumbprint !== request.keyThumbprint) return 'of_other_key';
    const id = hash('sha256', `${request.keyThumbprint} ${jti}`, 'base64url').slice(0, 22);
    return this.#isFirst(id, now / 1000) ? undefined : 'used';
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
