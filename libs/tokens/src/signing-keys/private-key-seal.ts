import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { ServiceKey, ServiceKeys } from '../service-keys.js';

/** A private key as it was found: opened, and whether it stands under an older secret than the newest. */
export interface OpenedSeal {
  readonly content: Buffer;
  readonly outdated: boolean;
}

const ivBytes = 12;
const tagBytes = 16;

/**
 * Keeps private signing keys encrypted in the database: key id (1 byte) · IV · AES-256-GCM ciphertext · tag, bound to the
 * kid so that rows cannot be exchanged. The newest secret seals; every configured one opens.
 */
export class PrivateKeySeal {
  readonly #keys: readonly ServiceKey[];

  constructor(keys: ServiceKeys) {
    this.#keys = keys.derive('signing key encryption');
  }

  /** Seals under the newest secret. */
  close(content: Buffer, kid: string): Buffer<ArrayBuffer> {
    const newest = this.#keys[0]!;
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', newest.key, iv).setAAD(Buffer.from(kid));
    const sealed = [cipher.update(content), cipher.final()];
    return Buffer.concat([Buffer.of(newest.id), iv, ...sealed, cipher.getAuthTag()]);
  }

  /** Opens what any configured secret sealed; undefined when its secret is gone or the bytes were altered. */
  open(sealed: Uint8Array, kid: string): OpenedSeal | undefined {
    const bytes = Buffer.from(sealed);
    if (bytes.length < 1 + ivBytes + tagBytes) return undefined;
    // An id is one byte, so two secrets may share it; the authentication tag tells which one it was.
    for (const candidate of this.#keys.filter(({ id }) => id === bytes[0])) {
      const content = decrypt(candidate.key, bytes, kid);
      if (content) return { content, outdated: candidate !== this.#keys[0] };
    }
    return undefined;
  }
}

function decrypt(key: Buffer, bytes: Buffer, kid: string): Buffer | undefined {
  const body = 1 + ivBytes;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, body));
  decipher.setAAD(Buffer.from(kid)).setAuthTag(bytes.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(body, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}
