import { type Account, AccountService, OperatorStore, Profiles } from '@curfew/accounts';
import { LinkedIdentities } from '@curfew/accounts/identity-providers';
import type { Transaction } from '@curfew/persistence';
import { Injectable } from '@nestjs/common';
import { versionOfState } from '../contract/answer.js';
import { written, writtenOrNull } from '../contract/wire.js';
import { profileOnWire } from './profile-contracts.js';

/** An account as the wire has it in a list. */
export const accountOnWire = (account: Account) => ({
  id: account.id,
  username: account.username,
  created_at: written(account.createdAt),
  password_changed_at: written(account.passwordChangedAt),
  must_change_password: account.mustChangePassword,
  disabled_at: writtenOrNull(account.disabledAt),
  first_run: account.firstRun,
});

/** An account with everything that is known of it, and the version of that. */
@Injectable()
export class AccountDetails {
  constructor(
    private readonly accounts: AccountService,
    private readonly operators: OperatorStore,
    private readonly profiles: Profiles,
    private readonly linked: LinkedIdentities,
  ) {}

  /** The account as the wire has it. */
  async of(account: Account, tx?: Transaction) {
    const { id } = account;
    const [scopes, profile, hasPassword, linked] = await Promise.all([
      this.operators.scopesOf(id, tx),
      this.profiles.of(id, tx),
      this.accounts.hasPassword(id, tx),
      this.linked.ofAccount(id, tx),
    ]);
    const identities = linked.map(({ issuer, subject, createdAt, lastUsedAt }) => ({
      ...{ issuer, subject, created_at: written(createdAt), last_used_at: writtenOrNull(lastUsedAt) },
    }));
    const known = { ...profileOnWire(profile), has_password: hasPassword, identities };
    return { ...accountOnWire(account), ...known, operator_scopes: [...scopes] };
  }
}

/** The version of an account as the wire has it: another text for each state, which a sign-in of the person does not change. */
export function versionOfAccount({
  identities,
  ...detail
}: Awaited<ReturnType<AccountDetails['of']>>): string {
  const linked = identities.map(({ last_used_at: _, ...one }) => one);
  return versionOfState([detail, linked]);
}
