import type { AccountService, ConsentService } from '@curfew/accounts';
import type { Account, FindAccount } from 'oidc-provider';
import { currentScope } from '../request-scope.js';

/** The claims a scope stands for (OpenID Connect Core §5.4). */
export const claimsByScope = { openid: ['sub'], email: ['email'], profile: ['preferred_username'] };

/** The routes on which `loadExistingGrant` follows. */
const asksForConsent: ReadonlySet<string> = new Set([
  'authorization',
  'resume',
  'code_verification',
  'device_resume',
]);

/**
 * The account behind a token or a sign-in. For tokens the session's row has already answered whether the account still
 * stands (disabling one ends its sessions in the same commit), so nothing is read unless claims are wanted.
 */
export const accountFor =
  (accounts: AccountService, consents: ConsentService): FindAccount =>
  async (ctx, sub, token): Promise<Account | undefined> => {
    const claims = async (_use: string, scope: string) => {
      const isWanted = scope.split(' ').some((one) => one === 'email' || one === 'profile');
      const account = isWanted ? await accounts.findById(sub) : null;
      if (!account) return { sub };
      const email = account.username.includes('@') ? { email: account.username } : {};
      return { sub, preferred_username: account.username, ...email };
    };
    if (token?.kind === 'RefreshToken' || token?.kind === 'AccessToken') return { accountId: sub, claims };
    // In an authorization what the person allowed this client is asked for next, so both come in one read.
    const clientId = asksForConsent.has(ctx.oidc.route) ? ctx.oidc.client?.clientId : undefined;
    const found = clientId === undefined ? undefined : await consents.findWithAccount(sub, clientId);
    if (clientId !== undefined)
      currentScope().consent = { accountId: sub, clientId, given: found?.consent ?? null };
    const account = clientId === undefined ? await accounts.findById(sub) : found?.account;
    return account && account.disabledAt === null ? { accountId: sub, claims } : undefined;
  };
