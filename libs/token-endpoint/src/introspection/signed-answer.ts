import type { KnownClient } from '@curfew/clients';
import type { Instant } from '@curfew/session-policy';
import type { KeySet } from '@curfew/tokens';
import { signJwt } from '@curfew/tokens';
import { epochSeconds } from '../session-payload.js';
import type { IntrospectionAnswer } from './introspect-access-token.js';

/**
 * RFC 9701: to a caller that asks for it by its Accept header, the introspection answer is a JWT signed for that caller
 * alone: evidence of what was answered, to whom and when. Signed by the algorithm of the caller's ID tokens; undefined where there is
 * no such key.
 */
export async function signedIntrospection(
  answer: IntrospectionAnswer,
  { id, metadata }: KnownClient,
  { issuer, signingKeys }: { readonly issuer: string; readonly signingKeys: () => KeySet },
  now: Instant,
): Promise<string | undefined> {
  const keys = signingKeys();
  const alg = metadata.id_token_signed_response_alg;
  // §5: no `sub`, no `exp`: the answer must never pass for a token. Its type says so, too.
  const payload = { iss: issuer, aud: id, iat: epochSeconds(now), token_introspection: answer };
  return keys.signer(alg) && signJwt(keys, alg, 'token-introspection+jwt', payload);
}
