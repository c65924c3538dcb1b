import { closeSeal, openSeal, sealOverhead } from './aead.js';
import { deriveKey } from './derive-key.js';
import { parseUuid } from './ids.js';
import type { RefreshToken } from './refresh-token.js';

/*
 * At rotation the row keeps the successor's secret, sealed under a key that only the parent's holder can derive:
 * HKDF(parent secret) → AES-256-GCM. A client that lost the response gets the same successor again; the database
 * alone cannot open it, and no second successor can ever come of it.
 */
// If one parent is rotated several times at once, only one rotation is stored, but all were sealed, so each has a nonce of its own.

const sealingKey = (parent: RefreshToken): Buffer =>
  deriveKey(parent.secret, parseUuid(parent.sessionId), `curfew successor of ${parent.generation}`);

/** Seals the successor's secret for whoever holds the parent. */
export const sealSuccessor = (parent: RefreshToken, successorSecret: Buffer): Buffer =>
  closeSeal(sealingKey(parent), successorSecret);

/** The successor's secret, or undefined when `parent` is not the token it was sealed for. */
export function openSuccessor(parent: RefreshToken, seal: Uint8Array | null): Buffer | undefined {
  if (seal === null || seal.length <= sealOverhead) return undefined;
  return openSeal(sealingKey(parent), seal);
}
