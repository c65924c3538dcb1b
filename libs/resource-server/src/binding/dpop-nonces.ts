import { createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** Seconds for which one nonce is the newest. */
const step = 60;
/** Nonces that are still accepted when a newer one is given out: a client may be slow, or clocks apart by a little. */
const acceptedBefore = 2;

/**
 * Nonces that a client puts into its proofs instead of relying on its clock (RFC 9449 §9). Each follows from a secret and its
 * minute, so that every process with the same client secret knows the same ones and none is kept.
 */
export class DpopNonces {
  readonly #key: Buffer;

  /** Without a secret the nonces are good for this process only. */
  constructor(secret: string | undefined) {
    this.#key =
      secret === undefined
        ? randomBytes(32)
        : Buffer.from(hkdfSync('sha256', secret, '', 'DPoP nonces of a resource server', 32));
  }

  /** The nonce that clients are to use from now on; `now` in seconds. */
  newest(now: number): string {
    return this.#of(Math.floor(now / step));
  }

  /** Whether this is a nonce of ours, and recent. It is no secret, so it may be compared as it is. */
  accepts(nonce: unknown, now: number): boolean {
    const minute = Math.floor(now / step);
    for (let before = -1; before <= acceptedBefore; before++)
      if (nonce === this.#of(minute - before)) return true;
    return false;
  }

  #of(minute: number): string {
    return createHmac('sha256', this.#key).update(String(minute)).digest('base64url').slice(0, 22);
  }
}
