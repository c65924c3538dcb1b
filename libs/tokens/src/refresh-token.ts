import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { SessionId } from '@curfew/session-policy';
import { closeSeal, openSeal, sealOverhead } from './aead.js';
import { formatUuid, parseUuid } from './ids.js';
import { randomBytes } from './random.js';
import { deriveKey, type KeyRing } from './service-keys.js';

/*
 * cfw_rt_ + base64url( key id 1 · session id 16 · generation 4 · secret 32 · MAC 16 )
 *
 * The MAC lets garbage be refused without touching the database and lets any genuine ancestor be recognised as reuse
 * without a history of tokens. It opens nothing: a live token must also match the hash in the session's row.
 */
const prefix = 'cfw_rt_';
const bodyBytes = 1 + 16 + 4 + 32;
const macBytes = 16;
const encodedLength = prefix.length + Math.ceil(((bodyBytes + macBytes) * 4) / 3);

/** A refresh token that this service made: which session and generation, and the secret that only its holder knows. */
export interface RefreshToken {
  readonly sessionId: SessionId;
  readonly generation: number;
  readonly secret: Buffer;
}

const mac = (key: Buffer, body: Buffer): Buffer =>
  createHmac('sha256', key).update(prefix).update(body).digest().subarray(0, macBytes);

/** Writes and reads refresh tokens. */
export class RefreshTokenCodec {
  readonly #keys: KeyRing;

  constructor(keys: KeyRing) {
    this.#keys = keys;
  }

  /** The token as the client gets it. */
  encode(token: RefreshToken): string {
    const body = Buffer.alloc(bodyBytes);
    body[0] = this.#keys.current.id;
    parseUuid(token.sessionId).copy(body, 1);
    body.writeUInt32BE(token.generation, 17);
    token.secret.copy(body, 21);
    return prefix + Buffer.concat([body, mac(this.#keys.current.key, body)]).toString('base64url');
  }

  /** The token behind a presented value, or undefined for anything this service did not make, to the letter. */
  decode(value: string): RefreshToken | undefined {
    if (value.length !== encodedLength || !value.startsWith(prefix)) return undefined;
    const text = value.slice(prefix.length);
    const bytes = Buffer.from(text, 'base64url');
    // Base64url has several spellings of one value; only the one we hand out is a token of ours.
    if (bytes.length !== bodyBytes + macBytes || bytes.toString('base64url') !== text) return undefined;
    const body = bytes.subarray(0, bodyBytes);
    const key = this.#keys.find(body[0]!);
    if (!key || !timingSafeEqual(mac(key.key, body), bytes.subarray(bodyBytes))) return undefined;
    return {
      sessionId: formatUuid(body.subarray(1, 17)),
      generation: body.readUInt32BE(17),
      secret: Buffer.from(body.subarray(21, 53)),
    };
  }
}

/** A fresh 256-bit secret (RFC 9700 asks for unguessable; RFC 6749 §10.10 for 2^-160). */
export const newSecret = (): Buffer => randomBytes(32);

/** The hash of the live token's secret that the row keeps. */
export const hashSecret = (secret: Buffer): Buffer => hash('sha256', secret, 'buffer');

/** Compares a presented secret with a stored hash in constant time. */
export const secretMatches = (secret: Buffer, storedHash: Uint8Array | null): boolean =>
  storedHash !== null && storedHash.length === 32 && timingSafeEqual(hashSecret(secret), storedHash);

/*
 * At rotation the row keeps the successor's secret, sealed under a key that only the parent's holder can derive:
 * HKDF(parent secret) → AES-256-GCM. A client that lost the response gets the same successor again; the database alone cannot open it, and
 * no second successor can ever come of it. If one parent is rotated several times at once, only one rotation is stored, but all were
 * sealed, so each has a nonce of its own.
 */
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
