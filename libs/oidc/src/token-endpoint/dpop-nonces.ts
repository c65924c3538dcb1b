import { hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Instant } from '@curfew/session-policy';
import { epochSeconds } from '../session-payload.js';

/** Seconds for which one nonce is the newest. */
const step = 60;

/**
 * The nonces of the library (RFC 9449 §8), which gives them to nobody: each follows from the secret and its minute, so that every node
 * and both the token endpoint and the endpoints of the library know the same ones. A nonce is given out a minute ahead and taken for two minutes around its own.
 */
export class DpopNonces {
  readonly #secret: Buffer;
  #minute = Number.NaN;
  #around: readonly Buffer[] = [];

  constructor(secret: Buffer) {
    this.#secret = secret;
  }

  /** The nonce that clients are to use from now on. */
  next(now: Instant): string {
    return this.#known(now)[3]!.toString();
  }

  /** Whether this is a nonce of ours, and recent. */
  accepts(nonce: string, now: Instant): boolean {
    const given = Buffer.from(nonce);
    return this.#known(now).some((one) => one.length === given.length && timingSafeEqual(one, given));
  }

  #known(now: Instant): readonly Buffer[] {
    const minute = Math.floor(epochSeconds(now) / step);
    if (minute !== this.#minute) {
      this.#around = [-2, -1, 0, 1, 2].map((away) => this.#of(minute + away));
      this.#minute = minute;
    }
    return this.#around;
  }

  #of(minute: number): Buffer {
    const salt = Buffer.alloc(8);
    salt.writeBigUInt64BE(BigInt(minute));
    return Buffer.from(Buffer.from(hkdfSync('sha256', this.#secret, salt, 'DPoP', 32)).toString('base64url'));
  }
}
