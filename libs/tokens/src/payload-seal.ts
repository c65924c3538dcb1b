import { hash } from 'node:crypto';
import { closeSeal, type KeyRing, openSeal } from './sealing.js';

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
    const { id, key } = this.#keys.current;
    return closeSeal(key, text, context, Buffer.of(id));
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
    return key && openSeal(key.key, bytes.subarray(1), context)?.toString('utf8');
  }
}
