import { isAscii } from 'node:buffer';
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import type { Instant } from '@curfew/session-policy';
import { LRUCache } from 'lru-cache';
import { isTimely } from '../proof-time.js';
import { DpopNonces } from './dpop-nonces.js';

/** A proof that is right by itself. Whose key it is and whether it was shown before remains to be seen. */
export interface PlainProof {
  /** Of its key (RFC 7638). */
  readonly thumbprint: string;
  readonly jti: string;
  /** What the answer tells the client to use from now on, unless it does already (RFC 9449 §8.2). */
  readonly nextNonce: string | undefined;
}

/** Larger proofs go the long way. */
const largest = 4096;

/** Keys that are kept ready, because reading one takes as long as verifying with it. */
const maxKeys = 1000;

type Members = Readonly<Record<string, unknown>>;

interface Kind {
  readonly kty: string;
  readonly crv: string;
  readonly members: readonly string[];
  readonly digest: string | null;
}

const edwards: Kind = { kty: 'OKP', crv: 'Ed25519', members: ['crv', 'kty', 'x'], digest: null };

/** The algorithms that the library accepts (configuration.ts), each with its one kind of key. */
const kinds: Readonly<Record<string, Kind>> = {
  ES256: { kty: 'EC', crv: 'P-256', members: ['crv', 'kty', 'x', 'y'], digest: 'sha256' },
  EdDSA: edwards,
  Ed25519: edwards,
};

/**
 * RFC 9449 §4.3 for proofs that are plainly right: the usual members and no others, every part in its one encoding. Whatever is
 * not, and whatever is wrong, is undefined: the library then finds out, and says so.
 */
export class DpopProofs {
  readonly #htu: string;
  readonly #nonces: DpopNonces;
  readonly #keys: LRUCache<string, KeyObject>;

  constructor(tokenEndpoint: string, nonceSecret: Buffer, max = maxKeys) {
    this.#keys = new LRUCache({ max });
    this.#htu = tokenEndpoint;
    this.#nonces = new DpopNonces(nonceSecret);
  }

  /** The proof that a POST to the token endpoint came with. */
  read(text: string | readonly string[], now: Instant): PlainProof | undefined {
    if (typeof text !== 'string' || text.length > largest) return undefined;
    const [header, payload, signature, more] = text.split('.');
    if (header === undefined || payload === undefined || signature === undefined || more !== undefined)
      return undefined;
    const { typ, alg, jwk } = jsonOf(header, ['alg', 'jwk', 'typ']) ?? {};
    const kind = typeof alg === 'string' && Object.hasOwn(kinds, alg) ? kinds[alg] : undefined;
    const claims = jsonOf(payload);
    if (typ !== 'dpop+jwt' || !kind || !isPublicKey(jwk, kind) || !claims || !this.#fits(claims, now))
      return undefined;
    const thumbprint = thumbprintOf(jwk);
    const signed = Buffer.from(`${header}.${payload}`);
    if (!this.#isSignedBy(jwk, thumbprint, kind, signed, bytesOf(signature))) return undefined;
    const next = this.#nonces.next(now);
    return { thumbprint, jti: String(claims['jti']), nextNonce: claims['nonce'] === next ? undefined : next };
  }

  #fits(claims: Members, now: Instant): boolean {
    const { jti, htm, htu, iat, nonce } = claims;
    if (typeof jti !== 'string' || jti === '' || htm !== 'POST') return false;
    if (typeof iat !== 'number' || !Number.isSafeInteger(iat) || iat === 0) return false;
    // Not asked for by RFC 9449; the library looks at them where they are.
    if (claims['exp'] !== undefined || claims['nbf'] !== undefined) return false;
    const isRecent =
      nonce === undefined
        ? isTimely(iat, now)
        : typeof nonce === 'string' && this.#nonces.accepts(nonce, now);
    return isRecent && typeof htu === 'string' && this.#isHere(htu);
  }

  /** RFC 9449 §4.3 number 9: without query and fragment, in the normal form of URLs. */
  #isHere(htu: string): boolean {
    if (htu === this.#htu) return true;
    if (!URL.canParse(htu)) return false;
    return Object.assign(new URL(htu), { hash: '', search: '' }).href === this.#htu;
  }

  #isSignedBy(
    jwk: Readonly<Record<string, string>>,
    thumbprint: string,
    { digest }: Kind,
    signed: Buffer,
    signature: Buffer | undefined,
  ): boolean {
    // 64 bytes in all of these algorithms (RFC 7518 §3.4, RFC 8032 §5.1.6).
    if (signature?.length !== 64) return false;
    try {
      const key = this.#keys.get(thumbprint) ?? createPublicKey({ key: jwk, format: 'jwk' });
      if (!verify(digest, signed, { key, dsaEncoding: 'ieee-p1363' }, signature)) return false;
      this.#keys.set(thumbprint, key);
      return true;
    } catch {
      return false;
    }
  }
}

/** Bytes in base64url, where this is the one way to write them (RFC 4648 §3.5, §5). */
function bytesOf(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

/** A JSON object in base64url; with `only`, one of exactly these members. */
function jsonOf(part: string, only?: readonly string[]): Members | undefined {
  const bytes = bytesOf(part);
  if (!bytes || !isAscii(bytes)) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString('latin1'));
    return isObject(value) && (!only || hasOnly(value, only)) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether this is a public key of the kind, of nothing but what makes its thumbprint. */
const isPublicKey = (jwk: unknown, { kty, crv, members }: Kind): jwk is Readonly<Record<string, string>> =>
  isObject(jwk) &&
  hasOnly(jwk, members) &&
  jwk['kty'] === kty &&
  jwk['crv'] === crv &&
  members.slice(2).every((name) => isCoordinate(jwk[name]));

const isCoordinate = (value: unknown): boolean => typeof value === 'string' && bytesOf(value)?.length === 32;

/** RFC 7638 §3.2: the required members in the order of their names. */
const thumbprintOf = ({ crv, kty, x, y }: Readonly<Record<string, string>>): string =>
  hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const hasOnly = (members: Members, names: readonly string[]): boolean =>
  Object.keys(members).sort().join() === names.join();
