import { hash, type JsonWebKey, type KeyObject } from 'node:crypto';
import { bytesOf, isKeyFor, isObject, isSignedBy, keyOf, type Members, readJws } from '../jws.js';

/** The algorithms that proofs may be signed with; metadata and challenges announce the same ones. */
export const proofAlgorithms = ['ES256', 'EdDSA', 'Ed25519'] as const;

/**
 * Seconds that a proof of possession may be old or in the future, where no nonce says when it was made (RFC 9449 §11.1). Clocks of
 * clients are often wrong, but proofs of more than a minute ahead must be refused (FAPI 2.0 Security Profile §5.3.2.1).
 */
export const proofTolerance = { past: 300, future: 30 } as const;

/** Whether the time that a proof states is within the tolerance; `now` in milliseconds since the epoch. */
export function isTimely(iat: number, now: number): boolean {
  const age = Math.floor(now / 1000) - iat;
  return age <= proofTolerance.past && age >= -proofTolerance.future;
}

/**
 * RFC 9449 §4.3 number 9: whether a proof is for this address. Query and fragment are not compared, and both are compared in the normal
 * form of RFC 3986 §6.2.2 and §6.2.3.
 */
export function isForAddress(htu: string, address: string): boolean {
  if (htu === address) return true;
  const stated = normalForm(htu);
  return stated !== undefined && stated === normalForm(address);
}

function normalForm(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { href } = Object.assign(new URL(address), { hash: '', search: '' });
  return href.replace(/%[0-9a-f]{2}/gi, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : encoded.toUpperCase();
  });
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

/** Keys that are kept ready, because reading one takes as long as verifying with it. */
const maxKeys = 1000;

/** Verifies the signatures of DPoP proofs (RFC 9449 §4.3 numbers 4 to 7). */
export class ProofReader {
  /** By thumbprint, the one that was not used for longest first. */
  readonly #keys = new Map<string, KeyObject>();

  constructor(private readonly max = maxKeys) {}

  /** The proof, or undefined where its form, its key or its signature is wrong; `now` in milliseconds since the epoch. */
  read(text: string, now: number): SignedProof | undefined {
    const jws = readJws(text);
    if (!jws || !isInForce(jws.payload, now)) return undefined;
    const { typ, alg, jwk } = jws.header;
    if (!isProofType(typ) || typeof alg !== 'string' || !proofAlgorithms.some((known) => known === alg))
      return undefined;
    if (!isPublicKey(jwk, alg)) return undefined;
    const thumbprint = thumbprintOf(jwk);
    const key = this.#keys.get(thumbprint) ?? keyOf(requiredMembers(jwk));
    if (!key || !isSignedBy(key, alg, jws)) return undefined;
    this.#keep(thumbprint, key);
    return { claims: jws.payload, thumbprint };
  }

  #keep(thumbprint: string, key: KeyObject): void {
    this.#keys.delete(thumbprint);
    if (this.#keys.size >= this.max)
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest);
        break;
      }
    this.#keys.set(thumbprint, key);
  }
}

/** RFC 7515 §4.1.9: a media type, of any case, whose `application/` may be left out. */
const isProofType = (typ: unknown): boolean =>
  typ === proofType ||
  (typeof typ === 'string' && typ.toLowerCase().replace(/^application\//, '') === proofType);

/** RFC 7519 §4.1.4 to §4.1.6: the times of a JWT are numbers, and those that bound it hold. */
function isInForce({ exp, nbf, iat }: Members, now: number): boolean {
  const seconds = Math.floor(now / 1000);
  if (exp !== undefined && !(typeof exp === 'number' && exp > seconds)) return false;
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= seconds)) return false;
  return iat === undefined || typeof iat === 'number';
}

/** A public key for this algorithm, each coordinate in its one encoding, that is not meant for something else (RFC 7517 §4.2 to §4.4). */
function isPublicKey(jwk: unknown, alg: string): jwk is Readonly<Record<string, string>> {
  if (!isObject(jwk) || 'd' in jwk || !isKeyFor(alg, jwk)) return false;
  const { use, key_ops: operations, alg: meantFor } = jwk;
  if ((use ?? 'sig') !== 'sig' || (meantFor ?? alg) !== alg) return false;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return false;
  return isCoordinate(jwk['x']) && (jwk['kty'] !== 'EC' || isCoordinate(jwk['y']));
}

const isCoordinate = (value: unknown): boolean => typeof value === 'string' && bytesOf(value)?.length === 32;

/** RFC 7638 §3.2: the required members in the order of their names. */
const requiredMembers = ({ crv, kty, x, y }: Readonly<Record<string, string>>): JsonWebKey =>
  (kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x }) as JsonWebKey;

const thumbprintOf = (jwk: Readonly<Record<string, string>>): string =>
  hash('sha256', JSON.stringify(requiredMembers(jwk)), 'base64url');
