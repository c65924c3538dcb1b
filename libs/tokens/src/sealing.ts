/*
 * Keys and seals: the service's symmetric keys, derived from its secrets; the random bytes that it draws; and the seals that it closes with
 * both.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomFillSync,
} from 'node:crypto';

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
 * object that this leaves behind (see the page of random bytes below).
 */
export const deriveKey = (secret: Uint8Array, salt: Uint8Array, info: string): Buffer =>
  createHmac('sha256', createHmac('sha256', salt).update(secret).digest())
    .update(info)
    .update(Buffer.of(1))
    .digest();

/*
 * Each draw from the system's generator is a job with an object of its own, and while anything in the process uses AsyncLocalStorage
 * such an object, with the bytes it filled, outlives all short collections. So they are drawn by the page.
 */
const page = Buffer.alloc(4096);
let used = page.length;

/** Bytes of the system's generator, for secrets, nonces and ids; at most a page of them. Bytes that were given out are not kept. */
export function randomBytes(length: number): Buffer {
  if (!(length <= page.length)) throw new RangeError(`at most ${page.length} bytes at once`);
  if (used + length > page.length) {
    randomFillSync(page);
    used = 0;
  }
  const drawn = Buffer.from(page.subarray(used, used + length));
  page.fill(0, used, used + length);
  used += length;
  return drawn;
}

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** Bytes that a seal adds to its content. */
export const sealOverhead = nonceBytes + tagBytes;

/**
 * Seals content under a key (AES-GCM, NIST SP 800-38D), as `head` · nonce · ciphertext · tag. The nonce is random, so a key may seal 2^32 times.
 * It opens only beside the same `context`.
 */
export function closeSeal(
  key: Buffer,
  content: string | Buffer,
  context?: Uint8Array,
  head?: Uint8Array,
): Buffer<ArrayBuffer> {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce);
  if (context) cipher.setAAD(context);
  const sealed = typeof content === 'string' ? cipher.update(content, 'utf8') : cipher.update(content);
  // The last call adds nothing in this mode; it makes the tag.
  cipher.final();
  const parts = [nonce, sealed, cipher.getAuthTag()];
  return Buffer.concat(head ? [head, ...parts] : parts);
}

/** The content of nonce · ciphertext · tag; undefined where another key or context sealed it, or it was changed. */
export function openSeal(key: Buffer, sealed: Uint8Array, context?: Uint8Array): Buffer | undefined {
  if (sealed.length < sealOverhead) return undefined;
  const tagAt = sealed.length - tagBytes;
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes));
  if (context) decipher.setAAD(context);
  decipher.setAuthTag(sealed.subarray(tagAt));
  try {
    const content = decipher.update(sealed.subarray(nonceBytes, tagAt));
    decipher.final();
    return content;
  } catch {
    return undefined;
  }
}
