import { base64url, randomText, sha256 } from './encoding.js';
import { wallNow } from './passed-time.js';

/** A request for which a proof is made. */
export interface ProvenRequest {
  readonly method: string;
  readonly url: string;
  /** The nonce that its server gave last. */
  readonly nonce?: string | undefined;
  readonly accessToken?: string | undefined;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** A key for DPoP that no script can take away: the browser signs with it and never shows it. */
export const makeKey = (): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);

async function publicJwk({ publicKey }: CryptoKeyPair) {
  const { crv, kty, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  return { crv, kty, x, y };
}

/** RFC 7638: members in the order of their names. */
export const thumbprintOf = async (key: CryptoKeyPair): Promise<string> =>
  sha256(JSON.stringify(await publicJwk(key)));

/** RFC 9449 §4.2. A clock that is wrong does not matter once the server has given a nonce. */
export async function proofOf(
  key: CryptoKeyPair,
  { method, url, nonce, accessToken }: ProvenRequest,
): Promise<string> {
  const { origin, pathname } = new URL(url);
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: await publicJwk(key) };
  const claims = {
    jti: randomText(),
    htm: method,
    htu: origin + pathname,
    iat: Math.floor(wallNow() / 1000),
    nonce,
    ath: accessToken && (await sha256(accessToken)),
  };
  const signed = [header, claims].map((part) => base64url(JSON.stringify(part))).join('.');
  const hashed = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = await crypto.subtle.sign(hashed, key.privateKey, new TextEncoder().encode(signed));
  return `${signed}.${base64url(signature)}`;
}
