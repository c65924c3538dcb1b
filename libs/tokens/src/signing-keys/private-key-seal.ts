import { closeSeal, openSeal, type ServiceKey, type ServiceKeys } from '../sealing.js';

/** A private key as it was found: opened, and whether it stands under an older secret than the newest. */
export interface OpenedSeal {
  readonly content: Buffer;
  readonly outdated: boolean;
}

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
    return closeSeal(newest.key, content, Buffer.from(kid), Buffer.of(newest.id));
  }

  /** Opens what any configured secret sealed; undefined when its secret is gone or the bytes were altered. */
  open(sealed: Uint8Array, kid: string): OpenedSeal | undefined {
    const bytes = Buffer.from(sealed);
    // An id is one byte, so two secrets may share it; the authentication tag tells which one it was.
    for (const candidate of this.#keys.filter(({ id }) => id === bytes[0])) {
      const content = openSeal(candidate.key, bytes.subarray(1), Buffer.from(kid));
      if (content) return { content, outdated: candidate !== this.#keys[0] };
    }
    return undefined;
  }
}
