import { hash } from 'node:crypto';
import { closeSeal, openSeal, sealOverhead } from './aead.js';
import type { KeyRing } from './service-keys.js';

/*
 * cfw_at_ + base64url( key id 1 · nonce 12 · AES-256-GCM( claims ) · tag 16 )
 *
 * An opaque access token costs no row of its own: it names its session and authenticates itself. Whether it is alive is
 * asked of the session's row, every time. Sealed rather than only signed, so that clients and logs learn nothing from it.
 */
const prefix = 'cfw_at_';
const longestAccepted = 16 * 1024;

/** Claims of an access token, by the names the protocol layer uses for them. */
export type AccessTokenClaims = Readonly<Record<string, unknown>>;

/** Seals and opens opaque access tokens. */
export class AccessTokenCodec {
  readonly #keys: KeyRing;

  constructor(keys: KeyRing) {
    this.#keys = keys;
  }

  /** The token as the client gets it. Its 96-bit random nonce makes each one unique. */
  seal(claims: AccessTokenClaims): string {
    const { id, key } = this.#keys.current;
    const head = Buffer.of(id);
    return prefix + closeSeal(key, JSON.stringify(claims), head, head).toString('base64url');
  }

  /** The claims, or undefined for anything this service did not seal, to the letter. Says nothing about expiry. */
  open(value: string): AccessTokenClaims | undefined {
    if (!value.startsWith(prefix) || value.length > longestAccepted) return undefined;
    const text = value.slice(prefix.length);
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length <= 1 + sealOverhead || bytes.toString('base64url') !== text) return undefined;
    const key = this.#keys.find(bytes[0]!);
    const opened = key && openSeal(key.key, bytes.subarray(1), bytes.subarray(0, 1));
    if (!opened) return undefined;
    try {
      return JSON.parse(opened.toString('utf8')) as AccessTokenClaims;
    } catch {
      return undefined;
    }
  }
}

/** Names a single access token in the list of revoked ones. */
export const hashAccessToken = (value: string): Buffer => hash('sha256', value, 'buffer');
