import type { AccountService, ConsentService, Account as StoredAccount } from '@curfew/accounts';
import { InteractionUsed } from '@curfew/artifacts';
import type { Account, FindAccount, KoaContextWithOIDC } from 'oidc-provider';
import { currentScope } from '../request-scope.js';

/** The routes on which `loadExistingGrant` follows. */
const asksForConsent: ReadonlySet<string> = new Set([
  'authorization',
  'resume',
  'code_verification',
  'device_resume',
]);

/** The routes on which an answered interaction goes on. */
const goesOn: ReadonlySet<string> = new Set(['resume', 'device_resume']);

/** The account behind a sign-in. */
export const accountFor =
  (accounts: AccountService, consents: ConsentService): FindAccount =>
  async (ctx, sub): Promise<Account | undefined> => {
    // Claims about the person are given by our own endpoints.
    const claims = async () => ({ sub });
    const account = await signingIn(ctx, sub, accounts, consents);
    if (account && account.disabledAt === null) return { accountId: sub, claims };
    // Disabled or deleted while its password was compared; the library takes it for granted that who has just signed in is there.
    if (goesOn.has(ctx.oidc.route)) throw new InteractionUsed();
    return undefined;
  };

/** The account of an authorization: read with its browser session, or with what it allowed the client, which is asked for next. */
async function signingIn(
  { oidc }: KoaContextWithOIDC,
  sub: string,
  accounts: AccountService,
  consents: ConsentService,
): Promise<StoredAccount | null> {
  const scope = currentScope();
  const known = scope.staged.account(sub);
  if (known) return known;
  if (!oidc.client || !asksForConsent.has(oidc.route)) return accounts.findById(sub);
  const { clientId } = oidc.client;
  const found = await consents.findWithAccount(sub, clientId);
  scope.consent = { accountId: sub, clientId, given: found?.consent ?? null };
  return found?.account ?? null;
}
