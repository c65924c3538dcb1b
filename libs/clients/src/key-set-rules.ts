import { createPublicKey, type JsonWebKey } from 'node:crypto';

/** A public key of a client as RFC 7517 writes it. */
export type PublicJwk = JsonWebKey & { readonly kty: string; readonly kid?: string };

/** A client's public keys, for the signatures of private_key_jwt. */
export interface PublicKeySet {
  readonly keys: readonly PublicJwk[];
}

const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const maxKeys = 10;
const curves = new Set(['P-256', 'P-384', 'P-521', 'Ed25519']);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const keyFault = (key: unknown): string | null => {
  if (!isRecord(key)) return 'must be an object';
  if (secretMembers.some((member) => Object.hasOwn(key, member)))
    return 'must not contain private or symmetric key material';
  const isRsa = key['kty'] === 'RSA';
  const isCurve = (key['kty'] === 'EC' || key['kty'] === 'OKP') && curves.has(String(key['crv']));
  if (!isRsa && !isCurve) return 'must be an RSA key, an EC key on P-256, P-384 or P-521, or an Ed25519 key';
  if (Object.hasOwn(key, 'use') && key['use'] !== 'sig') return 'must be for signatures (use "sig")';
  if (Object.hasOwn(key, 'kid') && (typeof key['kid'] !== 'string' || key['kid'].length > 256)) {
    return 'must have a short text as kid';
  }
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    // NIST SP 800-131A: RSA keys below 2048 bits no longer sign.
    if (isRsa && (asymmetricKeyDetails?.modulusLength ?? 0) < 2048) return 'must have at least 2048 bits';
  } catch {
    return 'must be a valid key';
  }
  return null;
};

/** The faults of a set of public keys, one sentence each. */
export const keySetFaults = (input: unknown): string[] => {
  const keys = isRecord(input) ? input['keys'] : undefined;
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > maxKeys) {
    return [`jwks must have between 1 and ${maxKeys} keys`];
  }
  const faults = keys.flatMap((key, index) => {
    const fault = keyFault(key);
    return fault === null ? [] : [`jwks.keys[${index}] ${fault}`];
  });
  const ids = keys.map((key) => (isRecord(key) ? key['kid'] : undefined)).filter((kid) => kid !== undefined);
  if (new Set(ids).size < ids.length) faults.push('jwks must not use one kid twice');
  return faults;
};
