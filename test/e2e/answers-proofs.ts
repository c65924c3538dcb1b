import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import type { Side } from './answers-side.js';
import type { TemplateName } from './answers-world.js';

/** A key that proofs are made with. */
export interface ProofKey {
  readonly alg: string;
  readonly jwk: Readonly<Record<string, string>>;
  readonly privateKey: KeyObject;
  readonly thumbprint: string;
}

type Alg = 'ES256' | 'ES384' | 'EdDSA' | 'Ed25519' | 'RS256';

const publicKeyEncoding = { type: 'spki', format: 'der' } as const;
const privateKeyEncoding = { type: 'pkcs8', format: 'der' } as const;

function generated(alg: Alg): { publicKey: Buffer; privateKey: Buffer } {
  const namedCurve = alg === 'ES384' ? 'P-384' : 'P-256';
  if (alg === 'RS256')
    return generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding, privateKeyEncoding });
  if (alg.startsWith('Ed')) return generateKeyPairSync('ed25519', { publicKeyEncoding, privateKeyEncoding });
  return generateKeyPairSync('ec', { namedCurve, publicKeyEncoding, privateKeyEncoding });
}

/** A new key of this kind. */
export function aKey(alg: Alg = 'ES256'): ProofKey {
  const { publicKey: spki, privateKey: pkcs8 } = generated(alg);
  // Keys as they were read, not as they were generated: those share a lock with their generation, in which an export may get stuck.
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const jwk = publicKey.export({ format: 'jwk' }) as Record<string, string>;
  const required = Object.fromEntries(Object.entries(jwk).sort(([a], [b]) => (a < b ? -1 : 1)));
  const thumbprint = createHash('sha256').update(JSON.stringify(required)).digest('base64url');
  return { alg, jwk, privateKey, thumbprint };
}

/** Changes to a proof; undefined takes a member out. Text stands for the whole part as it is sent. */
export interface ProofChanges {
  readonly header?: Readonly<Record<string, unknown>> | string;
  readonly claims?: Readonly<Record<string, unknown>> | string;
  readonly by?: ProofKey;
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWS by this key (RFC 7515 §7.1). Text stands for the whole part as it is sent. */
export function signedBy({ alg, privateKey }: ProofKey, header: unknown, claims: unknown): string {
  const [head, body] = [header, claims].map((one) => (typeof one === 'string' ? one : part(one)));
  const digest = { ES256: 'sha256', ES384: 'sha384', RS256: 'sha256' }[alg] ?? null;
  const how = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${head}.${body}.${sign(digest, Buffer.from(`${head}.${body}`), how).toString('base64url')}`;
}

/** The server that a proof is for, and the second in which it is made. */
export interface ProofPlace {
  readonly issuer: string;
  readonly seconds: number;
}

/** A proof for a POST to the token endpoint of this server. */
export function proofAt(
  { issuer, seconds: iat }: ProofPlace,
  key: ProofKey,
  { header = {}, claims = {}, by = key }: ProofChanges = {},
): string {
  const usual = { jti: randomUUID(), htm: 'POST', htu: `${issuer}/token`, iat };
  const head =
    typeof header === 'string' ? header : { typ: 'dpop+jwt', alg: key.alg, jwk: key.jwk, ...header };
  return signedBy(by, head, typeof claims === 'string' ? claims : { ...usual, ...claims });
}

/** A proof for a POST to the token endpoint of the side's server, made now. */
export const aProof = ({ world }: Side, key: ProofKey, changes: ProofChanges = {}): string =>
  proofAt({ issuer: world.protocol.issuer, seconds: Math.floor(world.clock.now() / 1000) }, key, changes);

/** A session of the side's own that is bound to the key (RFC 9449 §5). */
export const bound = (side: Side, key: ProofKey, template: TemplateName = 'spa', more: object = {}) =>
  side.session(template, (row) => ({
    key_thumbprint: key.thumbprint,
    authorization: { ...(row['authorization'] as object), jkt: key.thumbprint },
    ...more,
  }));
