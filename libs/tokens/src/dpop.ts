import { hash, type JsonWebKey, type KeyObject } from 'node:crypto';
import { type Instant } from '@curfew/session-policy';
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { bytesOf, isKeyFor, isObject, isSignedBy, keyOf, type Members, readJws } from './jws.js';

/** The algorithms that proofs may be signed with; metadata and challenges announce the same ones. */
export const proofAlgorithms = ['ES256', 'EdDSA', 'Ed25519'] as const;

/**
 * Seconds that a proof of possession may be old or in the future, where no nonce says when it was made (RFC 9449 §11.1). Clocks of
 * clients are often wrong, but proofs of more than a minute ahead must be refused (FAPI 2.0 Security Profile §5.3.2.1).
 */
export const proofTolerance = { past: 300, future: 30 } as const;

/** Whether the time that a proof states is within the tolerance. */
export function isTimely(iat: number, now: Instant): boolean {
  const age = Math.floor(now / 1000) - iat;
  return age <= proofTolerance.past && age >= -proofTolerance.future;
}

/** RFC 9449 §4.3 number 9: whether a proof is for this address, without query and fragment, in the normal form of URLs. */
export function isForAddress(htu: string, address: string): boolean {
  if (htu === address) return true;
  if (!URL.canParse(htu)) return false;
  return Object.assign(new URL(htu), { hash: '', search: '' }).href === address;
}

/** The value of `ath` for an access token (RFC 9449 §4.2). */
export const hashOfShownToken = (accessToken: string): string => hash('sha256', accessToken, 'base64url');

/** A DPoP proof whose signature is its own key's. Its claims are not judged yet. */
export interface SignedProof {
  readonly claims: Members;
  /** The thumbprint of its key (RFC 7638). */
  readonly thumbprint: string;
}

const proofType = 'dpop+jwt';

/** Longer proofs are verified by jose, which also takes the rarer forms. */
const maxQuickLength = 4096;

/** Keys that are kept ready, because reading one takes as long as verifying with it. */
const maxKeys = 1000;

/** Verifies the signatures of DPoP proofs (RFC 9449 §4.3 numbers 4 to 7). */
export class ProofReader {
  readonly #keys: LRUCache<string, KeyObject>;

  constructor(max = maxKeys) {
    this.#keys = new LRUCache({ max });
  }

  /** The proof, or undefined where its form, its key or its signature is wrong. */
  async read(text: string, now: Instant): Promise<SignedProof | undefined> {
    return this.#quickly(text) ?? thoroughly(text, now);
  }

  /** Proofs of the usual members and no others, with a key that is kept ready; undefined for every other, right or wrong. */
  #quickly(text: string): SignedProof | undefined {
    if (text.length > maxQuickLength) return undefined;
    const jws = readJws(text);
    if (!jws || !hasOnly(jws.header, ['alg', 'jwk', 'typ'])) return undefined;
    const { typ, alg, jwk } = jws.header;
    if (typ !== proofType || typeof alg !== 'string' || !proofAlgorithms.some((known) => known === alg))
      return undefined;
    const { exp, nbf, iat } = jws.payload;
    if (exp !== undefined || nbf !== undefined || !(iat === undefined || typeof iat === 'number'))
      return undefined;
    if (!isPlainKey(jwk) || !isKeyFor(alg, jwk)) return undefined;
    const thumbprint = thumbprintOf(jwk);
    const key = this.#keys.get(thumbprint) ?? keyOf(jwk as JsonWebKey);
    if (!key || !isSignedBy(key, alg, jws)) return undefined;
    this.#keys.set(thumbprint, key);
    return { claims: jws.payload, thumbprint };
  }
}

async function thoroughly(text: string, now: Instant): Promise<SignedProof | undefined> {
  const rules = { algorithms: [...proofAlgorithms], typ: proofType, currentDate: new Date(now) };
  const verified = await jwtVerify(text, EmbeddedJWK, rules).catch(() => undefined);
  if (!verified) return undefined;
  const { payload: claims, protectedHeader } = verified;
  return { claims, thumbprint: await calculateJwkThumbprint(protectedHeader['jwk'] as JWK) };
}

/** A public key of nothing but what makes its thumbprint, each coordinate in its one encoding. */
function isPlainKey(jwk: unknown): jwk is Readonly<Record<string, string>> {
  if (!isObject(jwk)) return false;
  const coordinates = jwk['kty'] === 'EC' ? ['x', 'y'] : ['x'];
  return hasOnly(jwk, ['crv', 'kty', ...coordinates]) && coordinates.every((name) => isCoordinate(jwk[name]));
}

const isCoordinate = (value: unknown): boolean => typeof value === 'string' && bytesOf(value)?.length === 32;

/** RFC 7638 §3.2: the required members in the order of their names. */
const thumbprintOf = ({ crv, kty, x, y }: Readonly<Record<string, string>>): string =>
  hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');

const hasOnly = (members: Members, names: readonly string[]): boolean =>
  Object.keys(members).sort().join() === names.join();
