import type { Clock } from '@curfew/clock';
import type { SignJwt } from '@curfew/events/delivery';
import type { KeyStore } from '@curfew/tokens';

/** No key of the algorithm is active; the delivery is tried again when there is one. */
export class NoSigningKey extends Error {
  override readonly name = 'NoSigningKey';
  readonly code = 'no_signing_key';
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Signs as ID tokens are signed, with the key that is active now (RFC 7515 §5.1). */
export const signWith =
  (keyStore: KeyStore, clock: Clock): SignJwt =>
  async (type, algorithm, claims) => {
    const key = keyStore.current(clock.now()).signer(algorithm);
    if (!key) throw new NoSigningKey(algorithm);
    const content = `${encoded({ alg: key.alg, typ: type, kid: key.kid })}.${encoded(claims)}`;
    return `${content}.${Buffer.from(await key.sign(Buffer.from(content))).toString('base64url')}`;
  };
