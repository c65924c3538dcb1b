import type { AccessToken, ClientCredentials, KoaContextWithOIDC } from 'oidc-provider';

/** What the library knows of a token it is about to write. */
interface TokenInTheMaking {
  readonly kind: string;
  readonly grantId?: string;
  readonly resourceServer?: { readonly accessTokenFormat?: string };
}

/** What the authorization behind a token says of the sign-in. */
interface SignInClaims {
  readonly authTime?: number;
  readonly acr?: string;
  readonly amr?: readonly string[];
}

/**
 * A JWT access token names its session, so that its end can be followed, and says how the person signed in (RFC 9068
 * §2.2.1). Opaque tokens carry none of this: the session's row says it.
 */
export async function jwtClaims(
  ctx: KoaContextWithOIDC,
  token: AccessToken | ClientCredentials,
): Promise<Record<string, unknown> | undefined> {
  const { kind, grantId, resourceServer } = token as unknown as TokenInTheMaking;
  if (resourceServer?.accessTokenFormat !== 'jwt' || kind !== 'AccessToken' || !grantId) return undefined;
  const { AuthorizationCode, DeviceCode, RefreshToken } = ctx.oidc.entities;
  const signIn = (RefreshToken ?? AuthorizationCode ?? DeviceCode ?? {}) as unknown as SignInClaims;
  const { authTime, acr, amr } = signIn;
  return {
    sid: grantId,
    ...(authTime === undefined ? {} : { auth_time: authTime }),
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr }),
  };
}
