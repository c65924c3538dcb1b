import { timingSafeEqual } from 'node:crypto';
import type { Instant } from '@curfew/session-policy';
import { deriveKey } from '@curfew/tokens';
import { epochSeconds } from '../session-payload.js';

/** Seconds for which clients are offered the same nonce. */
const step = 60;

/**
 * DPoP nonces (RFC 9449 §8). Each is derived from the secret and a minute, so a nonce that one node offered is accepted by all others. Clients are offered the nonce of the next minute; a nonce is accepted from two
 * minutes before its own minute until two minutes after it.
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
    return Buffer.from(deriveKey(this.#secret, salt, 'DPoP').toString('base64url'));
  }
}
