import { createHash, createHmac, hkdfSync } from 'node:crypto';

/** A key for one purpose, and the id by which a token says which secret it was made under. */
export interface ServiceKey {
  /** One byte, the same on every node because it is derived from the secret. */
  readonly id: number;
  readonly key: Buffer;
}

/**
 * Derives the service's symmetric keys from the configured key-encryption secrets, so that all nodes agree without
 * asking anyone. The first secret makes new tokens; the others only read what they once made (roll-over).
 */
export class ServiceKeys {
  readonly #secrets: readonly string[];

  constructor(secrets: readonly string[]) {
    if (secrets.length === 0) throw new TypeError('at least one key-encryption secret is needed');
    this.#secrets = secrets;
  }

  /** One key per secret for a purpose, newest first (HKDF-SHA256, RFC 5869). */
  derive(purpose: string, bytes = 32): readonly ServiceKey[] {
    return this.#secrets.map((secret) => ({
      id: createHash('sha256').update(`curfew key id\0${secret}`).digest()[0]!,
      key: Buffer.from(hkdfSync('sha256', secret, 'curfew', purpose, bytes)),
    }));
  }
}

/** The keys of one purpose: makes with the newest, finds any of them by id. */
export class KeyRing {
  readonly current: ServiceKey;
  readonly #byId: ReadonlyMap<number, ServiceKey>;

  constructor(keys: readonly ServiceKey[]) {
    this.current = keys[0]!;
    // Should two secrets share their one-byte id, the newest wins: the older one's tokens are refused, never confused.
    this.#byId = new Map([...keys].reverse().map((key) => [key.id, key]));
  }

  /** The key with this id, or undefined when its secret is not configured (any more). */
  find(id: number): ServiceKey | undefined {
    return this.#byId.get(id);
  }
}

/**
 * One block of HKDF-SHA-256 (RFC 5869 §2.2 and §2.3), 32 bytes, of its two MACs: a quarter of the time of `hkdfSync`, and without the job
 * object that this leaves behind (see random.ts).
 */
export const deriveKey = (secret: Uint8Array, salt: Uint8Array, info: string): Buffer =>
  createHmac('sha256', createHmac('sha256', salt).update(secret).digest())
    .update(info)
    .update(Buffer.of(1))
    .digest();
