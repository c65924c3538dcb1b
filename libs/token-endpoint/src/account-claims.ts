import type { Account, AccountService } from '@curfew/accounts';

/** The claims a scope stands for (OpenID Connect Core §5.4), as far as an account has them. */
export const claimsByScope = {
  openid: ['sub'],
  email: ['email', 'email_verified'],
  profile: ['preferred_username'],
};

/** The claims that a scope value stands for; none where it is a value of an API. */
export const claimsOfScope = (scope: string): readonly string[] =>
  Object.hasOwn(claimsByScope, scope) ? claimsByScope[scope as keyof typeof claimsByScope] : [];

const personal: ReadonlySet<string> = new Set([...claimsByScope.email, ...claimsByScope.profile]);

/** The claims of these names, as far as they are known of a person; the account is read only where one of them could be. */
export async function claimsAbout(
  accountId: string,
  names: readonly string[],
  accounts: Pick<AccountService, 'findById'>,
): Promise<Readonly<Record<string, unknown>>> {
  const account = names.some((name) => personal.has(name)) ? await accounts.findById(accountId) : null;
  const known: Readonly<Record<string, unknown>> = account ? personalClaims(account) : {};
  return Object.fromEntries(
    names.flatMap((name) => (Object.hasOwn(known, name) ? [[name, known[name]] as const] : [])),
  );
}

/**
 * The claims of a person. A username that looks like an address of email is given as one; nobody has verified it, and the claim says so.
 */
function personalClaims({ username }: Pick<Account, 'username'>): Readonly<Record<string, unknown>> {
  const email = username.includes('@') ? { email: username, email_verified: false } : {};
  return { preferred_username: username, ...email };
}
