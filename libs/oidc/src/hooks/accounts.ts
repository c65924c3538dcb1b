import type { AccountService } from '@curfew/accounts';
import type { Account, FindAccount } from 'oidc-provider';

/** The claims a scope stands for (OpenID Connect Core §5.4). */
export const claimsByScope = { openid: ['sub'], email: ['email'], profile: ['preferred_username'] };

/**
 * The account behind a token or a sign-in. For tokens the session's row has already answered whether the account still
 * stands (disabling one ends its sessions in the same commit), so nothing is read unless claims are wanted.
 */
export const accountFor =
  (accounts: AccountService): FindAccount =>
  async (_ctx, sub, token): Promise<Account | undefined> => {
    const claims = async (_use: string, scope: string) => {
      const isWanted = scope.split(' ').some((one) => one === 'email' || one === 'profile');
      const account = isWanted ? await accounts.findById(sub) : null;
      if (!account) return { sub };
      const email = account.username.includes('@') ? { email: account.username } : {};
      return { sub, preferred_username: account.username, ...email };
    };
    if (token?.kind === 'RefreshToken' || token?.kind === 'AccessToken') return { accountId: sub, claims };
    const account = await accounts.findById(sub);
    return account && account.disabledAt === null ? { accountId: sub, claims } : undefined;
  };
