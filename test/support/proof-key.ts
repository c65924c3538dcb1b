import { createHash, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/** A client's key for DPoP. */
export interface ProofKey {
  readonly jwk: JWK;
  readonly privateJwk: JWK;
  /**
   * A new proof (RFC 9449 §4.2) of this moment, for this access token if one is given; `claims` and `header` replace its own, and undefined
   * takes one away.
   */
  prove(
    claims: Record<string, unknown>,
    accessToken?: string,
    header?: Record<string, unknown>,
  ): Promise<string>;
}

/** Makes a key of its own. */
export async function proofKey(): Promise<ProofKey> {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(pair.publicKey);
  return {
    jwk,
    privateJwk: await exportJWK(pair.privateKey),
    prove(claims, accessToken, header) {
      const ath = accessToken && createHash('sha256').update(accessToken).digest('base64url');
      const iat = Math.floor((performance.timeOrigin + performance.now()) / 1000);
      return new SignJWT({ jti: randomUUID(), iat, ...(ath ? { ath } : {}), ...claims })
        .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk, ...header })
        .sign(pair.privateKey);
    },
  };
}
