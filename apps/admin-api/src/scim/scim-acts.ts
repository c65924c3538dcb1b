import {
  type Account,
  AccountService,
  PreparedPassword,
  type ProfileChange,
  Profiles,
} from '@curfew/accounts';
import {
  type Author,
  changeDetails,
  createAccount,
  disableAccount,
  enableAccount,
  OperationParts,
} from '@curfew/operations';
import type { Transaction } from '@curfew/persistence';
import { Injectable } from '@nestjs/common';
import type { Act } from '../access/acts.js';
import { AccountActs } from '../accounts/account-acts.js';
import type { ScimWish } from './scim-attributes.js';

/** Acts of provisioning clients on accounts. */
@Injectable()
export class ScimActs {
  constructor(
    private readonly parts: OperationParts,
    private readonly accounts: AccountService,
    private readonly profiles: Profiles,
    private readonly acts: AccountActs,
  ) {}

  /** Creates an account; its id. @throws AccountError */
  async create(
    wish: ScimWish & { userName: string },
    password: string | undefined,
    act: Act,
  ): Promise<string> {
    const { userName: username, active } = wish;
    const prepared =
      password === undefined
        ? PreparedPassword.none()
        : await this.accounts.preparePassword(username, password);
    const account = {
      ...{ username, password: prepared, mustChange: false, isDisabled: active === false },
      profile: profileIn(wish),
    };
    const { id } = await createAccount(this.parts, account, (made) => this.acts.author(made, act));
    return id;
  }

  /** Makes a wish true in one commit: a change of attributes, and the end of everything where the account is no longer active. @throws AccountError */
  async change(asked: string, wish: ScimWish, act: Act): Promise<void> {
    const { id } = await this.acts.existing(asked);
    const { authorize, ...author } = this.acts.author(id, act);
    await this.parts.prisma.$transaction((tx) =>
      authorize(tx, async () => {
        const account = await this.acts.existing(id, tx);
        const details = await this.differences(account, wish, tx);
        const isChanged = Object.keys(details).length > 0;
        if (isChanged) await changeDetails(this.parts, id, details, author, tx);
        // One event tells of the act, however much it changes.
        const further: Author = isChanged ? { by: author.by } : author;
        if (wish.active === false && account.disabledAt === null)
          await disableAccount(this.parts, id, further, tx);
        else if (wish.active === false) await this.parts.sessions.endedBefore(tx);
        if (wish.active === true && account.disabledAt !== null)
          await enableAccount(this.parts, id, further, tx);
      }),
    );
  }

  /** The members of a wish that the account does not have yet: clients send the same again and again. */
  private async differences(account: Account, wish: ScimWish, tx: Transaction) {
    const profile = await this.profiles.of(account.id, tx);
    const changed = Object.entries(profileIn(wish)).filter(([name, value]) => {
      const present = profile[name as keyof ProfileChange];
      return name === 'email' && typeof value === 'string'
        ? value.toLowerCase() !== present
        : value !== present;
    });
    const { userName } = wish;
    const isRenamed = userName !== undefined && userName.toLowerCase() !== account.username;
    return {
      ...(isRenamed ? { username: userName } : {}),
      ...(changed.length > 0 ? { profile: Object.fromEntries(changed) as ProfileChange } : {}),
    };
  }
}

/** The change of a profile in a wish. */
function profileIn({ displayName, email, externalId }: ScimWish): ProfileChange {
  const members = Object.entries({ displayName, email, externalId });
  return Object.fromEntries(members.filter(([, value]) => value !== undefined)) as ProfileChange;
}
