import type { IDToken, UserInfoResponse } from 'openid-client';

/**
 * The claims of an ID token with those that the userinfo endpoint tells beside them; none of the ID token is overruled. Whether an address
 * is verified is said of the address beside which it stands (OpenID Connect Core §5.1): the two come from one of the documents together. The
 * other one has a say only where it tells the very same address.
 */
export function withUserinfo(claims: IDToken, told: UserInfoResponse): IDToken {
  const { email, email_verified: verified, ...rest } = claims;
  if (email === undefined) return { ...told, ...rest };
  const toldOfIt = told.email === email ? told.email_verified : undefined;
  return { ...told, ...rest, email, email_verified: verified ?? toldOfIt ?? false };
}

/** The address that is the person's own by what is told, or undefined. */
export const verifiedEmail = ({ email, email_verified }: IDToken): string | undefined =>
  email_verified === true ? textOf(email) : undefined;

/** A text that may be a name or an address, or undefined. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' && value.length <= 200 ? value.trim() : undefined;
