import { createPrivateKey, randomUUID, sign } from 'node:crypto';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** By public key: two services that are measured side by side have clients of the same id. */
const keys = new Map();

/** The form parameters by which a client proves who it is with its key, `private_key_jwt` (RFC 7523 §2.2): an assertion of its own each time. */
export function clientAssertion({ id, privateJwk }, url) {
  const now = Math.floor(Date.now() / 1000);
  const header = part({ alg: 'ES256', kid: privateJwk.kid });
  const claims = { iss: id, sub: id, aud: url.origin, jti: randomUUID(), iat: now, exp: now + 60 };
  const input = `${header}.${part(claims)}`;
  const key = keys.get(privateJwk.x) ?? createPrivateKey({ key: privateJwk, format: 'jwk' });
  keys.set(privateJwk.x, key);
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: `${input}.${signature.toString('base64url')}`,
  };
}
