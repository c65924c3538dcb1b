import type { Instant, Seconds } from '@curfew/session-policy';
import type { AccessTokenClaims, AccessTokenCodec } from '@curfew/sessions';
import { epochSeconds } from '../session-payload.js';

/** Seals an access token as the library's models are made to (token-values.ts): these claims, `iat` and `exp` in seconds. */
export const sealAccessToken = (
  codec: AccessTokenCodec,
  claims: AccessTokenClaims,
  lifetime: Seconds,
  now: Instant,
): string => {
  const iat = epochSeconds(now);
  // A literal that begins with a spread and then grows costs the engine a hidden class each time (docs/performance.md); `kind` is first.
  return codec.seal({ kind: claims['kind'], ...claims, iat, exp: iat + lifetime });
};

/** Scope values of `scope` that are in `allowed`, in their order. */
export const within = (scope: readonly string[], allowed: ReadonlySet<string>): string[] =>
  scope.filter((one) => allowed.has(one));
