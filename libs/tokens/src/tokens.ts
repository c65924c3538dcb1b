/*
 * The names that this service gives out: ids, and the access and refresh tokens that name a session by its id and prove that they are ours.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { Instant, SessionId } from '@curfew/session-policy';
import { closeSeal, deriveKey, type KeyRing, openSeal, randomBytes, sealOverhead } from './sealing.js';

/** A UUIDv7 (RFC 9562 §5.7): sorts by time of creation, so that keys of one time share pages and partitions. */
export function newId(now: Instant): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return formatUuid(bytes);
}

/** The least id that `newId` can have made at `at`, so that a range of time can be found among ids. */
export function leastIdAt(at: Instant): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Math.max(0, at), 0, 6);
  bytes[6] = 0x70;
  bytes[8] = 0x80;
  return formatUuid(bytes);
}

/** Sixteen bytes as a UUID's text. */
export function formatUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A UUID's text as sixteen bytes; throws on anything else. */
export function parseUuid(id: string): Buffer {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16 || id.length !== 36) throw new TypeError('not a UUID');
  return bytes;
}

/** Whether a text is a UUID, so that PostgreSQL need not be asked to find out. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

/*
 * cfw_at_ + base64url( key id 1 · nonce 12 · AES-256-GCM( claims ) · tag 16 )
 *
 * An opaque access token costs no row of its own: it names its session and authenticates itself. Whether it is alive is
 * asked of the session's row, every time. Sealed rather than only signed, so that clients and logs learn nothing from it.
 */
const accessPrefix = 'cfw_at_';
const longestAccepted = 16 * 1024;

/** Claims of an access token, by the names the protocol layer uses for them. */
export type AccessTokenClaims = Readonly<Record<string, unknown>>;

/** Seals and opens opaque access tokens. */
export class AccessTokenCodec {
  readonly #keys: KeyRing;

  constructor(keys: KeyRing) {
    this.#keys = keys;
  }

  /** The token as the client gets it. Its 96-bit random nonce makes each one unique. */
  seal(claims: AccessTokenClaims): string {
    const { id, key } = this.#keys.current;
    const head = Buffer.of(id);
    return accessPrefix + closeSeal(key, JSON.stringify(claims), head, head).toString('base64url');
  }

  /** Whether a text begins as these tokens do, which no other token of this service does. */
  hasForm(value: string): boolean {
    return value.startsWith(accessPrefix);
  }

  /** The claims, or undefined for anything this service did not seal, to the letter. Says nothing about expiry. */
  open(value: string): AccessTokenClaims | undefined {
    if (!this.hasForm(value) || value.length > longestAccepted) return undefined;
    const text = value.slice(accessPrefix.length);
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length <= 1 + sealOverhead || bytes.toString('base64url') !== text) return undefined;
    const key = this.#keys.find(bytes[0]!);
    const opened = key && openSeal(key.key, bytes.subarray(1), bytes.subarray(0, 1));
    if (!opened) return undefined;
    try {
      return JSON.parse(opened.toString('utf8')) as AccessTokenClaims;
    } catch {
      return undefined;
    }
  }
}

/** The name of an opaque access token in the list of revoked ones. */
export const hashAccessToken = (value: string): Buffer => hash('sha256', value, 'buffer');

/**
 * The name of a single access token in the list of revoked ones. A JWT is named by its `jti`: its text is no name, because the same
 * signature can be written in more than one way.
 */
export const nameOfToken = (value: string, { jti }: AccessTokenClaims): Buffer =>
  hashAccessToken(typeof jti === 'string' ? jti : value);

/*
 * cfw_rt_ + base64url( key id 1 · session id 16 · generation 4 · secret 32 · MAC 16 )
 *
 * The MAC lets garbage be refused without touching the database and lets any genuine ancestor be recognised as reuse
 * without a history of tokens. It opens nothing: a live token must also match the hash in the session's row.
 */
const refreshPrefix = 'cfw_rt_';
const bodyBytes = 1 + 16 + 4 + 32;
const macBytes = 16;
const encodedLength = refreshPrefix.length + Math.ceil(((bodyBytes + macBytes) * 4) / 3);

/** A refresh token that this service made: which session and generation, and the secret that only its holder knows. */
export interface RefreshToken {
  readonly sessionId: SessionId;
  readonly generation: number;
  readonly secret: Buffer;
}

const mac = (key: Buffer, body: Buffer): Buffer =>
  createHmac('sha256', key).update(refreshPrefix).update(body).digest().subarray(0, macBytes);

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
    return refreshPrefix + Buffer.concat([body, mac(this.#keys.current.key, body)]).toString('base64url');
  }

  /** The token behind a presented value, or undefined for anything this service did not make, to the letter. */
  decode(value: string): RefreshToken | undefined {
    if (value.length !== encodedLength || !value.startsWith(refreshPrefix)) return undefined;
    const text = value.slice(refreshPrefix.length);
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
