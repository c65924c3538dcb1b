import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Instant, instant, seconds } from '@curfew/session-policy';

/** Whether a passkey is shown, or a new one made. */
export type Ceremony = 'show' | 'make';

/** Seconds in which a challenge is answered: a sign-in page may stand open for a while before somebody uses it. */
export const ceremonyWithin = seconds(3600);

const nonceBytes = 16;
const atBytes = 8;
const macBytes = 32;

/**
 * Challenges that nothing stores until they are answered: random bytes, the instant, and an HMAC that binds both to the ceremony and to the
 * browser that was shown the page (WebAuthn §13.4.3). The code that accepts an answer still has to use its challenge up.
 */
export class CeremonyChallenges {
  /** The keys are those of all nodes, newest first. */
  constructor(private readonly keys: readonly Uint8Array[]) {}

  /** A new challenge for the browser that `binding` names, in base64url. */
  issue(ceremony: Ceremony, binding: string, now: Instant): string {
    const head = Buffer.alloc(nonceBytes + atBytes);
    randomBytes(nonceBytes).copy(head);
    head.writeBigUInt64BE(BigInt(now), nonceBytes);
    return Buffer.concat([head, this.#mac(this.keys[0]!, head, ceremony, binding)]).toString('base64url');
  }

  /** Whether this service issued the challenge for that ceremony and browser, within the time that an answer may take. */
  isOpen(challenge: string, ceremony: Ceremony, binding: string, now: Instant): boolean {
    const bytes = Buffer.from(challenge, 'base64url');
    if (bytes.length !== nonceBytes + atBytes + macBytes || bytes.toString('base64url') !== challenge)
      return false;
    const head = bytes.subarray(0, nonceBytes + atBytes);
    const shown = bytes.subarray(nonceBytes + atBytes);
    const isOurs = this.keys.some((key) => timingSafeEqual(this.#mac(key, head, ceremony, binding), shown));
    const at = instant(Number(head.readBigUInt64BE(nonceBytes)));
    return isOurs && now - at < ceremonyWithin * 1000;
  }

  #mac(key: Uint8Array, head: Buffer, ceremony: Ceremony, binding: string): Buffer {
    return createHmac('sha256', key)
      .update(JSON.stringify([ceremony, binding]))
      .update(head)
      .digest();
  }
}
