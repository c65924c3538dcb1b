import { createCipheriv, createDecipheriv } from 'node:crypto';
import { randomBytes } from './random.js';

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
