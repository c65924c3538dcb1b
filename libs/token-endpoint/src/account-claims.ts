import type { AccountNames, AccountService } from '@curfew/accounts';

/** The claims a scope stands for (OpenID Connect Core §5.4), as far as an account has them. */
export const claimsByScope = {
  openid: ['sub'],
  email: ['email', 'email_verified'],
  profile: ['name', 'preferred_username'],
  groups: ['groups'],
};

/** The claims that a scope value stands for; none where it is a value of an API. */
export const claimsOfScope = (scope: string): readonly string[] =>
  Object.hasOwn(claimsByScope, scope) ? claimsByScope[scope as keyof typeof claimsByScope] : [];

const personal: ReadonlySet<string> = new Set([
  ...claimsByScope.email,
  ...claimsByScope.profile,
  ...claimsByScope.groups,
]);

/** The claims of these names, as far as they are known of a person; the account is read only where one of them could be. */
export async function claimsAbout(
  accountId: string,
  names: readonly string[],
  accounts: Pick<AccountService, 'names'>,
): Promise<Readonly<Record<string, unknown>>> {
  const account = names.some((name) => personal.has(name)) ? await accounts.names(accountId) : null;
  const known: Readonly<Record<string, unknown>> = account ? personalClaims(account) : {};
  return Object.fromEntries(
    names.flatMap((name) => (Object.hasOwn(known, name) ? [[name, known[name]] as const] : [])),
  );
}

/**
 * The claims of a person. If the profile has no address, a username that looks like one is given; nobody has verified it, and the claim
 * says so.
 */
function personalClaims(names: AccountNames): Readonly<Record<string, unknown>> {
  const { username, email, emailVerified, displayName, groups } = names;
  const address = email ?? (username.includes('@') ? username : null);
  const told = address === null ? {} : { email: address, email_verified: email !== null && emailVerified };
  const called = displayName === null ? {} : { name: displayName };
  return { preferred_username: username, groups, ...called, ...told };
}
