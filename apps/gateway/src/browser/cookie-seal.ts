import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;

/** Seals what browsers keep for us, so that they can neither read nor change it, nor use it anywhere else. */
export class CookieSeal {
  readonly #keys: readonly Buffer[];

  /** The first secret seals; the others still open what they sealed. */
  constructor(secrets: readonly string[]) {
    this.#keys = secrets.map((secret) =>
      Buffer.from(hkdfSync('sha256', secret, '', 'curfew gateway cookie', 32)),
    );
  }

  /** `place` is what it is for: another cookie or another host cannot open it. */
  close(value: unknown, place: string): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#keys[0]!, nonce);
    cipher.setAAD(Buffer.from(place));
    const sealed = cipher.update(JSON.stringify(value), 'utf8');
    return Buffer.concat([nonce, sealed, cipher.final(), cipher.getAuthTag()]).toString('base64url');
  }

  /** Opens a text that was sealed for this place; undefined for any other text. */
  open<T>(text: string | undefined, place: string): T | undefined {
    if (text === undefined || text.length > 4_096) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length <= nonceBytes + tagBytes) return undefined;
    for (const key of this.#keys) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes));
        decipher.setAAD(Buffer.from(place));
        decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
        const opened = decipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes));
        return JSON.parse(Buffer.concat([opened, decipher.final()]).toString('utf8')) as T;
      } catch {
        // Sealed by another secret, or by nobody.
      }
    }
    return undefined;
  }
}
