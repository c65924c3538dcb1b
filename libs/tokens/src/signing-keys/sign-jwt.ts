import type { KeySet } from './key-set.js';
import type { SigningAlgorithm } from './signing-key.js';

/** No key signs with the algorithm that was asked for. */
class NoSigningKey extends Error {
  override readonly name = 'NoSigningKey';
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT (RFC 7519 §7.1) of this type, or of none, signed with the active key of the algorithm. */
export async function signJwt(
  keys: KeySet,
  alg: SigningAlgorithm,
  typ: string | undefined,
  payload: Readonly<Record<string, unknown>>,
): Promise<string> {
  const key = keys.signer(alg);
  if (!key) throw new NoSigningKey(`no key signs with ${alg}`);
  const signed = `${encode({ alg, typ, kid: key.kid })}.${encode(payload)}`;
  return `${signed}.${Buffer.from(await key.sign(Buffer.from(signed))).toString('base64url')}`;
}
