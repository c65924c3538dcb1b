import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Milliseconds for which clients are offered the same nonce. */
const stepMs = 60_000;

/**
 * DPoP nonces (RFC 9449 §8, §9). Each is derived from the secret and a minute, so a nonce that one node offered is accepted by all others.
 * Clients are offered the nonce of the next minute; a nonce is accepted from two minutes before its own minute until two minutes after it.
 * So it is good for three to four minutes after it was offered.
 */
export class DpopNonces {
  readonly #secret: string | Uint8Array;
  #minute = Number.NaN;
  #around: readonly Buffer[] = [];

  /** Without a secret the nonces are good for this process only. */
  constructor(secret: string | Uint8Array = randomBytes(32)) {
    this.#secret = secret;
  }

  /** The nonce that clients are to use from now on; `now` in milliseconds since the epoch. */
  next(now: number): string {
    return this.#known(now)[3]!.toString();
  }

  /** Whether this is a nonce of ours, and recent. */
  accepts(nonce: string, now: number): boolean {
    const given = Buffer.from(nonce);
    return this.#known(now).some((one) => one.length === given.length && timingSafeEqual(one, given));
  }

  #known(now: number): readonly Buffer[] {
    const minute = Math.floor(now / stepMs);
    if (minute !== this.#minute) {
      this.#around = [-2, -1, 0, 1, 2].map((away) => this.#of(minute + away));
      this.#minute = minute;
    }
    return this.#around;
  }

  #of(minute: number): Buffer {
    const code = createHmac('sha256', this.#secret).update(`DPoP nonce ${minute}`).digest('base64url');
    return Buffer.from(code);
  }
}
