import type { KeySet } from './key-set.js';

/** No active key signs with the algorithm that was asked for. A delivery that meets it is tried again when there is one. */
class NoSigningKey extends Error {
  override readonly name = 'NoSigningKey';
  readonly code = 'no_signing_key';
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT (RFC 7519 §7.1) of this type, or of none, signed with the active key of the algorithm. Every JWS of this product is written here. */
export async function signJwt(
  keys: KeySet,
  alg: string,
  typ: string | undefined,
  payload: Readonly<Record<string, unknown>>,
): Promise<string> {
  const key = keys.signer(alg);
  if (!key) throw new NoSigningKey(`no key signs with ${alg}`);
  const signed = `${encode({ alg, typ, kid: key.kid })}.${encode(payload)}`;
  return `${signed}.${Buffer.from(await key.sign(Buffer.from(signed))).toString('base64url')}`;
}
