import { createHash, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/** A client's key for DPoP. */
export interface ProofKey {
  readonly jwk: JWK;
  /** A new proof (RFC 9449 §4.2) of this moment, for this access token if one is given; `claims` replace its own. */
  prove(claims: Record<string, unknown>, accessToken?: string): Promise<string>;
}

/** Makes a key of its own. */
export async function proofKey(): Promise<ProofKey> {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(pair.publicKey);
  return {
    jwk,
    prove(claims, accessToken) {
      const ath = accessToken && createHash('sha256').update(accessToken).digest('base64url');
      const iat = Math.floor((performance.timeOrigin + performance.now()) / 1000);
      return new SignJWT({ jti: randomUUID(), iat, ...(ath ? { ath } : {}), ...claims })
        .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk })
        .sign(pair.privateKey);
    },
  };
}
