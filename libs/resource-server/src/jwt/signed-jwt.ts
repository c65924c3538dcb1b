import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';

/** A JWT taken apart (RFC 7515 §7.1). Nothing about it has been verified. */
export interface SignedJwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** The signed bytes: header and payload. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** The signature algorithms that are accepted, by their `alg`; `none` and shared-secret ones are never among them (RFC 8725 §3.1). */
const algorithms = new Map<
  string,
  { readonly kty: string; readonly crv?: string; readonly hash: string | null }
>([
  ['ES256', { kty: 'EC', crv: 'P-256', hash: 'sha256' }],
  ['ES384', { kty: 'EC', crv: 'P-384', hash: 'sha384' }],
  ['EdDSA', { kty: 'OKP', crv: 'Ed25519', hash: null }],
  ['Ed25519', { kty: 'OKP', crv: 'Ed25519', hash: null }],
  ['RS256', { kty: 'RSA', hash: 'sha256' }],
]);

/** Whether a text has the three parts of a signed JWT. */
export const looksLikeJwt = (text: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);

/** Takes a JWT apart; undefined for anything else. */
export function readJwt(text: string): SignedJwt | undefined {
  if (!looksLikeJwt(text)) return undefined;
  const [header = '', claims = '', signature = ''] = text.split('.');
  const [readHeader, readClaims] = [objectIn(header), objectIn(claims)];
  if (!readHeader || !readClaims) return undefined;
  return {
    header: readHeader,
    claims: readClaims,
    signed: Buffer.from(`${header}.${claims}`),
    signature: Buffer.from(signature, 'base64url'),
  };
}

function objectIn(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A public key for one algorithm, or undefined where the two do not belong together or the key is none. */
export function publicKeyFor(alg: unknown, jwk: JsonWebKey): KeyObject | undefined {
  const wanted = typeof alg === 'string' ? algorithms.get(alg) : undefined;
  if (!wanted || jwk.kty !== wanted.kty || (wanted.crv !== undefined && jwk.crv !== wanted.crv))
    return undefined;
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** Whether the signature is this key's. */
export function isSignedBy({ header, signed, signature }: SignedJwt, key: KeyObject): boolean {
  const algorithm = algorithms.get(String(header['alg']));
  if (!algorithm) return false;
  const options = algorithm.kty === 'EC' ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
  return verify(algorithm.hash, signed, options, signature);
}
