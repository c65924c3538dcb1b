import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import type { Side } from './lanes-side.js';
import type { TemplateName } from './lanes-world.js';

/** A key that proofs are made with. */
export interface ProofKey {
  readonly alg: string;
  readonly jwk: Readonly<Record<string, string>>;
  readonly privateKey: KeyObject;
  readonly thumbprint: string;
}

/** A new key of this kind. */
export function aKey(alg: 'ES256' | 'ES384' | 'EdDSA' | 'Ed25519' | 'RS256' = 'ES256'): ProofKey {
  const curve = alg === 'ES384' ? 'P-384' : 'P-256';
  const { publicKey, privateKey } = alg.startsWith('Ed')
    ? generateKeyPairSync('ed25519')
    : alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: curve });
  const jwk = publicKey.export({ format: 'jwk' }) as Record<string, string>;
  const required = Object.fromEntries(Object.entries(jwk).sort(([a], [b]) => (a < b ? -1 : 1)));
  const thumbprint = createHash('sha256').update(JSON.stringify(required)).digest('base64url');
  return { alg, jwk, privateKey, thumbprint };
}

/** What is different about a proof; undefined takes a member out. Text stands for the whole part as it is sent. */
export interface ProofChanges {
  readonly header?: Readonly<Record<string, unknown>> | string;
  readonly claims?: Readonly<Record<string, unknown>> | string;
  readonly by?: ProofKey;
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A proof for a POST to the token endpoint of the side's server, made now. */
export function aProof(side: Side, key: ProofKey, { header = {}, claims = {}, by = key }: ProofChanges = {}) {
  const iat = Math.floor(side.lanes.clock.now() / 1000);
  const usual = { jti: randomUUID(), htm: 'POST', htu: `${side.lanes.world.issuer}/token`, iat };
  const head =
    typeof header === 'string' ? header : part({ typ: 'dpop+jwt', alg: key.alg, jwk: key.jwk, ...header });
  const body = typeof claims === 'string' ? claims : part({ ...usual, ...claims });
  const digest = { ES256: 'sha256', ES384: 'sha384', RS256: 'sha256' }[by.alg] ?? null;
  const signature = sign(digest, Buffer.from(`${head}.${body}`), {
    key: by.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${head}.${body}.${signature.toString('base64url')}`;
}

/** A session of the side's own that is bound to the key (RFC 9449 §5). */
export const bound = (side: Side, key: ProofKey, template: TemplateName = 'spa', more: object = {}) =>
  side.session(template, (row) => ({
    key_thumbprint: key.thumbprint,
    authorization: { ...(row['authorization'] as object), jkt: key.thumbprint },
    ...more,
  }));
