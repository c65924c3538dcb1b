import { createPrivateKey, randomBytes, sign } from 'node:crypto';
import { formPost } from './connection.mjs';

/** Sends a token request with a fresh DPoP proof, once more if the server wants its nonce in it (RFC 9449 §8). */
export async function sendWithProof(connection, url, form, headers, item) {
  for (let attempt = 0; ; attempt += 1) {
    const proof = dpopProof(item.key, url, item.nonce);
    const answer = await connection.send(formPost(url, form, { ...headers, dpop: proof }));
    item.nonce = /\r\ndpop-nonce: *([^\r\n]+)/i.exec(answer.head)?.[1] ?? item.nonce;
    if (attempt > 0 || !answer.body.includes('use_dpop_nonce')) return answer;
  }
}

/** A proof of possession of `key` for a POST to `url` (RFC 9449 §4.2). */
export function dpopProof({ privateJwk, publicJwk }, url, nonce) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = part({ typ: 'dpop+jwt', alg: 'ES256', jwk: publicJwk });
  const payload = part({
    jti: randomBytes(16).toString('base64url'),
    htm: 'POST',
    htu: url.origin + url.pathname,
    iat: Math.floor(Date.now() / 1000),
    ...(nonce ? { nonce } : {}),
  });
  const key = createPrivateKey({ key: privateJwk, format: 'jwk' });
  const signature = sign('sha256', Buffer.from(`${header}.${payload}`), { key, dsaEncoding: 'ieee-p1363' });
  return `${header}.${payload}.${signature.toString('base64url')}`;
}
