import { createCipheriv, createDecipheriv, hash } from 'node:crypto';
import { randomBytes } from './random.js';
import { type KeyRing } from './service-keys.js';

/** Under which an id is stored: nobody who reads the database can use it. */
export const hashOfId = (id: string): Buffer => hash('sha256', id, 'buffer');

/** Seals payloads under a service key, so that a dump of the database opens nothing and shows nothing. */
export class PayloadSeal {
  readonly #keys: KeyRing;

  constructor(keys: KeyRing) {
    this.#keys = keys;
  }

  /** Sealed bytes that open only beside the same `context`. */
  close(payload: unknown, context: Buffer): Buffer {
    return this.closeText(JSON.stringify(payload), context);
  }

  /** As `close`, of what is JSON already. */
  closeText(text: string, context: Buffer): Buffer {
    const header = Buffer.concat([Buffer.of(this.#keys.current.id), randomBytes(12)]);
    const cipher = createCipheriv('aes-256-gcm', this.#keys.current.key, header.subarray(1));
    cipher.setAAD(context);
    const sealed = cipher.update(text, 'utf8');
    return Buffer.concat([header, sealed, cipher.final(), cipher.getAuthTag()]);
  }

  /** The payload, or undefined when its key is gone or the row was tampered with. */
  open(sealed: Uint8Array, context: Buffer): Record<string, unknown> | undefined {
    const text = this.openText(sealed, context);
    return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);
  }

  /** As `open`, as JSON. */
  openText(sealed: Uint8Array, context: Buffer): string | undefined {
    const bytes = Buffer.from(sealed);
    const key = this.#keys.find(bytes[0]!);
    if (!key) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', key.key, bytes.subarray(1, 13));
    decipher.setAAD(context);
    decipher.setAuthTag(bytes.subarray(bytes.length - 16));
    try {
      return (
        decipher.update(bytes.subarray(13, bytes.length - 16), undefined, 'utf8') + decipher.final('utf8')
      );
    } catch {
      return undefined;
    }
  }
}
