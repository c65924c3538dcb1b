import type { Account } from '@curfew/accounts';

/** The claims a scope stands for (OpenID Connect Core §5.4), as far as an account has them. */
export const claimsByScope = {
  openid: ['sub'],
  email: ['email', 'email_verified'],
  profile: ['preferred_username'],
};

/** The claims that a scope value stands for; none where it is a value of an API. */
export const claimsOfScope = (scope: string): readonly string[] =>
  Object.hasOwn(claimsByScope, scope) ? claimsByScope[scope as keyof typeof claimsByScope] : [];

/**
 * The claims of a person. A username that looks like an address of email is given as one; nobody has verified it, and the claim says so.
 */
export function personalClaims({ username }: Pick<Account, 'username'>): Readonly<Record<string, unknown>> {
  const email = username.includes('@') ? { email: username, email_verified: false } : {};
  return { preferred_username: username, ...email };
}
