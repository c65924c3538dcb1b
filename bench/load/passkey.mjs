import { createHash, createPrivateKey, sign } from 'node:crypto';

/*
 * As much of an authenticator as a sign-in needs: a key that signs what a page asks for (WebAuthn level 3 §6.3.3). It counts nothing, as
 * passkeys that are kept on several devices do not.
 */
const sha256 = (data) => createHash('sha256').update(data).digest();
const text = (value) => JSON.stringify(value);

/** A person is there and was verified; the key may be copied, and was: UP, UV, BE, BS (§6.1). */
const flags = 0b1_1101;
const keys = new Map();

/** The answer of a passkey to the ceremony that a page offers, as a form carries it; undefined where the page offers none. */
export function shownTo(html, { id, userHandle, origin, privateJwk }) {
  const offer = /\bdata-passkey="([^"]+)"/.exec(html)?.[1];
  if (offer === undefined) return undefined;
  const { challenge, rpId } = JSON.parse(offer.replaceAll('&quot;', '"').replaceAll('&amp;', '&'));
  const client = Buffer.from(text({ type: 'webauthn.get', challenge, origin, crossOrigin: false }));
  const data = Buffer.concat([sha256(rpId), Buffer.from([flags, 0, 0, 0, 0])]);
  const key = keys.get(privateJwk.x) ?? createPrivateKey({ key: privateJwk, format: 'jwk' });
  keys.set(privateJwk.x, key);
  const response = {
    clientDataJSON: client.toString('base64url'),
    authenticatorData: data.toString('base64url'),
    signature: sign('sha256', Buffer.concat([data, sha256(client)]), key).toString('base64url'),
    userHandle,
  };
  const common = { type: 'public-key', authenticatorAttachment: 'platform', clientExtensionResults: {} };
  return text({ id, rawId: id, ...common, response });
}
