import { constants, createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';

/** A JWS in its compact form (RFC 7515 §7.1), taken apart. Nothing of it has been verified. */
export interface Jws {
  readonly header: Members;
  readonly payload: Members;
  /** The bytes that were signed. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** The members of a JSON object. */
export type Members = Readonly<Record<string, unknown>>;

interface Algorithm {
  readonly kty: string;
  readonly crv?: string;
  readonly digest: string | null;
  /** Bytes of a signature, where there is one length. */
  readonly length?: number;
  readonly padding?: number;
}

/** Signature algorithms that are verified here, each with its one kind of key (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864). */
const algorithms: Readonly<Record<string, Algorithm>> = {
  ES256: { kty: 'EC', crv: 'P-256', digest: 'sha256', length: 64 },
  ES384: { kty: 'EC', crv: 'P-384', digest: 'sha384', length: 96 },
  ES512: { kty: 'EC', crv: 'P-521', digest: 'sha512', length: 132 },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', digest: null, length: 64 },
  Ed25519: { kty: 'OKP', crv: 'Ed25519', digest: null, length: 64 },
  PS256: { kty: 'RSA', digest: 'sha256', padding: constants.RSA_PKCS1_PSS_PADDING },
  RS256: { kty: 'RSA', digest: 'sha256' },
};

/**
 * Takes a JWS apart; undefined for every text that is none. Header and claims must be in their one encoding (RFC 4648 §3.5). A signature may
 * be in any base64url spelling, because other verifiers take it too: no JWS is identified by its text.
 */
export function readJws(text: string): Jws | undefined {
  const parts = text.split('.');
  const [first = '', second = '', third = ''] = parts;
  // Nothing is a signature, too, as of the algorithm none (RFC 7515 appendix A.5); it is the signature of nobody.
  if (parts.length !== 3 || !/^[\w-]*$/.test(third)) return undefined;
  const [header, payload] = [objectOf(first), objectOf(second)];
  if (!header || !payload) return undefined;
  const signed = Buffer.from(`${first}.${second}`);
  return { header, payload, signed, signature: Buffer.from(third, 'base64url') };
}

/** Whether a text has the three parts of a signed JWS. */
export const looksLikeJws = (text: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);

/** Whether a key can be one of this algorithm. */
export function isKeyFor(alg: string, { kty, crv }: JsonWebKey): boolean {
  const algorithm = Object.hasOwn(algorithms, alg) ? algorithms[alg] : undefined;
  return algorithm?.kty === kty && (algorithm?.crv === undefined || algorithm.crv === crv);
}

/** RFC 7518 §3.3, §3.5: shorter RSA keys do not sign. */
const minRsaBits = 2048;

/**
 * Whether any key could have made the signature, by an algorithm that is verified here. False, too, for a header that insists on an extension
 * (`crit`, RFC 7515 §4.1.11): none is understood.
 */
export const isVerifiable = ({ header, signature }: Jws): boolean =>
  algorithmOf(String(header['alg']), header, signature) !== undefined;

function algorithmOf(alg: string, header: Members, signature: Buffer): Algorithm | undefined {
  const algorithm = Object.hasOwn(algorithms, alg) ? algorithms[alg] : undefined;
  if (!algorithm || (algorithm.length !== undefined && signature.length !== algorithm.length))
    return undefined;
  return 'crit' in header ? undefined : algorithm;
}

/** Whether the key made the signature. False, too, for one that no key could have made, and for a key that is too short. */
export function isSignedBy(key: KeyObject, alg: string, { header, signed, signature }: Jws): boolean {
  const algorithm = algorithmOf(alg, header, signature);
  if (!algorithm) return false;
  if (algorithm.kty === 'RSA' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < minRsaBits) return false;
  const { digest, padding } = algorithm;
  const options =
    padding === undefined
      ? { key, dsaEncoding: 'ieee-p1363' as const }
      : { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return verify(digest, signed, options, signature);
}

/** A public key as Node.js verifies with it; undefined for what is none. */
export function keyOf(jwk: JsonWebKey): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** Bytes in base64url, where this is the one way to write them (RFC 4648 §3.5, §5). */
export function bytesOf(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

/** Whether a value is an object of JSON. */
export const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function objectOf(part: string): Members | undefined {
  const bytes = bytesOf(part);
  if (!bytes) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
