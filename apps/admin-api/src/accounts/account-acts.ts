import { randomBytes } from 'node:crypto';
import {
  type Account,
  AccountError,
  AccountService,
  OperatorStore,
  PreparedPassword,
  type ProfileChange,
} from '@curfew/accounts';
import type { Identity } from '@curfew/accounts/identity-providers';
import type { AdminScope } from '@curfew/config/admin-scopes';
import { EventLog } from '@curfew/events';
import {
  type Author,
  askForConfirmation,
  type AccountDetails as ChangedDetails,
  changeDetails,
  changePassword,
  createAccount,
  deleteAccount,
  disableAccount,
  enableAccount,
  inviteAccount,
  OperationParts,
  requireNewPassword,
  withdrawConsent,
} from '@curfew/operations';
import { allowIdentity, unlinkIdentity } from '@curfew/operations/identities';
import { forgetBrowsers, removeSecondFactors } from '@curfew/operations/second-factors';
import type { Transaction } from '@curfew/persistence';
import { Injectable } from '@nestjs/common';
import { type Act, adminActed } from '../access/acts.js';
import { Authority } from '../access/authority.js';
import { idOfClient } from '../clients/client-in-path.js';
import { etagOf } from '../contract/answer.js';
import { requireBefore, requireSeen } from '../contract/before.js';
import { endedOnWire } from '../sessions/ended-on-wire.js';
import { AccountDetails, versionOfAccount } from './account-details.js';
import { MailIsOn } from './mail-is-on.js';

/** A new password, and whether it has to be changed at the next sign-in. */
export interface NewPassword {
  readonly password: string | undefined;
  readonly mustChange: boolean | undefined;
  readonly endSessions: boolean;
}

const madeUpPassword = (): string => randomBytes(18).toString('base64url');

/** Acts of operators on accounts; each commits with its events and the ends it causes. */
@Injectable()
export class AccountActs {
  constructor(
    private readonly parts: OperationParts,
    private readonly accounts: AccountService,
    private readonly operators: OperatorStore,
    private readonly events: EventLog,
    private readonly authority: Authority,
    private readonly mail: MailIsOn,
    private readonly details: AccountDetails,
  ) {}

  /** The account with this id; throws AccountError. */
  async existing(id: string, tx?: Transaction): Promise<Account> {
    const account = await this.accounts.findById(id, tx);
    if (!account) throw new AccountError('unknown_account');
    return account;
  }

  /** Creates an account; the password that was made up, if none was given. */
  async create(
    wanted: {
      username: string;
      password: string | undefined;
      mustChange: boolean | undefined;
      profile: ProfileChange;
      invite: boolean;
    },
    act: Act,
  ): Promise<{ readonly account: Account; readonly madeUp: string | null }> {
    const { username, profile, invite } = wanted;
    const madeUp = wanted.password === undefined && !invite ? madeUpPassword() : null;
    const given = madeUp ?? wanted.password;
    const password =
      given === undefined ? PreparedPassword.none() : await this.accounts.preparePassword(username, given);
    const mustChange = wanted.mustChange ?? madeUp !== null;
    const { id } = await createAccount(
      this.parts,
      { username, password, mustChange, profile, invite },
      (made) => this.author(made, act),
    );
    return { account: await this.existing(id), madeUp };
  }

  /** Renames the account, or changes its profile. Mail to its address can open the account, so the caller must hold all of its scopes. */
  async change(
    id: string,
    { groupsBefore, ...details }: ChangedDetails & { readonly groupsBefore?: readonly string[] | undefined },
    act: Act,
  ): Promise<Account> {
    await this.existing(id);
    const author = this.author(id, act);
    const authorize: Author['authorize'] = (tx, work) =>
      author.authorize(tx, async () => {
        if (groupsBefore) requireBefore(groupsBefore, (await this.parts.profiles.of(id, tx)).groups);
        return work();
      });
    await changeDetails(this.parts, id, details, { ...author, authorize });
    return this.existing(id);
  }

  /** Sends an invitation. */
  async invite(id: string, act: Act): Promise<void> {
    await this.existing(id);
    await inviteAccount(this.parts, id, this.writing(id, act));
  }

  /** Asks the person to confirm their address. */
  async confirmEmail(id: string, act: Act): Promise<void> {
    await this.existing(id);
    await askForConfirmation(this.parts, id, this.writing(id, act));
  }

  /** Disables the account and ends what it has. */
  async disable(id: string, act: Act) {
    return endedOnWire(await disableAccount(this.parts, id, this.author(id, act)));
  }

  /** Lets it sign in again. */
  enable(id: string, act: Act): Promise<void> {
    return enableAccount(this.parts, id, this.author(id, act));
  }

  /** Deletes the account with all it allowed and with what it may do here, and ends what it has. */
  async remove(id: string, act: Act) {
    const author = this.author(id, act);
    const authorize: Author['authorize'] = (tx, work) =>
      author.authorize(tx, async () => {
        const done = await work();
        await this.operators.remove(id, tx);
        return done;
      });
    return endedOnWire(await deleteAccount(this.parts, id, { ...author, authorize }));
  }

  /** Sets a password. The caller could then sign in as that account, so they must hold all of its scopes. */
  async setPassword(id: string, wanted: NewPassword, act: Act) {
    const account = await this.existing(id);
    const madeUp = wanted.password === undefined ? madeUpPassword() : null;
    const password = await this.accounts.preparePassword(account.username, madeUp ?? wanted.password!);
    const mustChange = wanted.mustChange ?? madeUp !== null;
    const change = { accountId: id, password, mustChange, endSessions: wanted.endSessions };
    const ends = await changePassword(this.parts, change, this.author(id, act));
    return { password: madeUp, ended: ends && endedOnWire(ends) };
  }

  /** Has the next sign-in choose a new password. */
  requirePassword(id: string, act: Act): Promise<void> {
    return requireNewPassword(this.parts, id, this.author(id, act));
  }

  /** Removes all second factors of the account. */
  async removeFactors(id: string, act: Act) {
    await this.existing(id);
    const removed = await removeSecondFactors(this.parts, id, this.author(id, act));
    return { removed: removed !== null, ended: removed?.ended ? endedOnWire(removed.ended) : null };
  }

  /**
   * Takes the link to a person of an identity provider away, and ends what the account has; or forgets that the person had removed it, where
   * that is wished, which takes nothing away. One wish never becomes the other by the time at which it arrives (ADR 120).
   */
  async unlinkIdentity(id: string, identity: Identity, allow: boolean, act: Act) {
    await this.existing(id);
    const author = this.author(id, act);
    if (allow) {
      const allowed = await allowIdentity(this.parts, identity, id, author);
      return { unlinked: false, allowed, ended: null };
    }
    const ended = await unlinkIdentity(this.parts, identity, id, author);
    return { unlinked: ended !== null, allowed: false, ended: ended && endedOnWire(ended) };
  }

  /** Has the person asked for the second step in every browser again; how many were remembered. */
  async forgetBrowsers(id: string, act: Act): Promise<number> {
    await this.existing(id);
    return forgetBrowsers(this.parts, id, this.author(id, act));
  }

  /** Takes back what the account allowed a client and ends the sessions that came of it. */
  async withdraw(accountId: string, named: string, act: Act) {
    const { caller, operation, now, note } = act;
    const clientId = await idOfClient(this.parts.clients, named);
    const along = (count?: number) => [
      adminActed(caller, operation, clientId, now, { note, count: count ?? null, accountId, clientId }),
    ];
    const author = { ...this.author(accountId, act), along };
    return withdrawConsent(this.parts, { accountId, clientId }, author);
  }

  /** Replaces what a person may do here; neither what they had nor what they get may exceed what the caller holds. */
  async setOperator(
    id: string,
    scopes: readonly AdminScope[],
    before: readonly AdminScope[] | undefined,
    act: Act,
  ): Promise<void> {
    await this.existing(id);
    await this.parts.prisma.$transaction((tx) =>
      this.authority.change(act, { kind: 'account', id }, tx, async () => {
        const { caller, operation, now } = act;
        requireBefore(before && new Set(before), await this.operators.scopesOf(id, tx));
        await this.operators.set(id, [...new Set(scopes)], `${caller.kind}:${caller.actor.id}`, now, tx);
        const note = scopes.length === 0 ? 'no scopes' : scopes.join(' ');
        await this.events.record([adminActed(caller, operation, id, now, { note, accountId: id })], tx);
      }),
    );
  }

  /** The author of an act that has mail sent: refused where none is, but only to those who may ask. */
  private writing(accountId: string, act: Act): Author {
    const author = this.author(accountId, act);
    const authorize: Author['authorize'] = (tx, work) =>
      author.authorize(tx, () => {
        this.mail.require();
        return work();
      });
    return { ...author, authorize };
  }

  /** The ETag of an account as it is in the transaction. @throws AccountError */
  private async tagOf(id: string, tx: Transaction): Promise<string> {
    return etagOf(versionOfAccount(await this.details.of(await this.existing(id, tx), tx)));
  }

  /** The author of an act on an account: an operator, who must hold what the account holds. */
  author(accountId: string, act: Act) {
    const { caller, operation, now, note } = act;
    return {
      by: caller.actor,
      note,
      along: () => [adminActed(caller, operation, accountId, now, { note, accountId })],
      authorize: <T>(tx: Transaction, work: () => Promise<T>) =>
        this.authority.change(act, { kind: 'account', id: accountId }, tx, async () => {
          if (act.seen !== undefined) requireSeen(act.seen, await this.tagOf(accountId, tx));
          return work();
        }),
    } satisfies Author;
  }
}
