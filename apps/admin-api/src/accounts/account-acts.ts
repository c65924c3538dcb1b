import { randomBytes } from 'node:crypto';
import { type Account, AccountError, AccountService, ConsentService } from '@curfew/accounts';
import type { AdminScope } from '@curfew/config';
import { EventLog } from '@curfew/events';
import { PrismaService, type Transaction } from '@curfew/persistence';
import type { EventData } from '@curfew/session-policy';
import { type AccountChange, AccountChanges } from '@curfew/sessions';
import { Injectable } from '@nestjs/common';
import { type Act, adminActed } from '../access/acts.js';
import { Authority } from '../access/authority.js';
import { Operators } from '../access/operators.store.js';
import { EndAlong, endedOnWire } from '../sessions/end-along.js';

/** A new password, and whether it has to be changed at the next sign-in. */
export interface NewPassword {
  readonly password: string | undefined;
  readonly mustChange: boolean | undefined;
  readonly endSessions: boolean;
}

type Change = EventData['account.changed']['change'];

const madeUpPassword = (): string => randomBytes(18).toString('base64url');

/** What operators do to accounts; each act commits with its events and with the ends it brings. */
@Injectable()
export class AccountActs {
  constructor(
    private readonly prisma: PrismaService,
    private readonly accounts: AccountService,
    private readonly consents: ConsentService,
    private readonly operators: Operators,
    private readonly events: EventLog,
    private readonly ends: EndAlong,
    private readonly changes: AccountChanges,
    private readonly authority: Authority,
  ) {}

  /** The account with this id; throws AccountError. */
  async existing(id: string): Promise<Account> {
    const account = await this.accounts.findById(id);
    if (!account) throw new AccountError('unknown_account');
    return account;
  }

  /** Creates an account; the password that was made up, if none was given. */
  async create(
    wanted: { username: string; password: string | undefined; mustChange: boolean | undefined },
    act: Act,
  ): Promise<{ readonly account: Account; readonly madeUp: string | null }> {
    const madeUp = wanted.password === undefined ? madeUpPassword() : null;
    const given = madeUp ?? wanted.password!;
    const prepared = await this.accounts.preparePassword(wanted.username, given);
    const id = await this.prisma.$transaction(async (tx) => {
      const made = await this.accounts.create({ username: wanted.username, password: prepared }, tx);
      if (wanted.mustChange ?? madeUp !== null) await this.accounts.requireNewPassword(made.id, tx);
      await this.note(made.id, ['created'], act, tx);
      return made.id;
    });
    return { account: await this.existing(id), madeUp };
  }

  /** Disables the account and ends what it has. */
  disable(id: string, act: Act) {
    return this.over(id, act, async (tx) => {
      await this.accounts.disable(id, tx);
      await this.note(id, ['disabled'], act, tx);
      return this.ends.within(tx, { kind: 'account', target: id }, { ...act, reason: 'account_disabled' });
    });
  }

  /** Lets it sign in again. */
  enable(id: string, act: Act): Promise<void> {
    return this.over(id, act, async (tx) => {
      await this.accounts.enable(id, tx);
      await this.note(id, ['enabled'], act, tx);
    });
  }

  /** Deletes the account with all it allowed, and ends what it has. */
  remove(id: string, act: Act) {
    return this.over(id, act, async (tx) => {
      await this.accounts.delete(id, tx);
      await this.operators.remove(id, tx);
      await this.note(id, ['deleted'], act, tx);
      return this.ends.within(tx, { kind: 'account', target: id }, { ...act, reason: 'account_deleted' });
    });
  }

  /** Sets a password; whoever can set an operator's could sign in as them, so the caller must hold as much. */
  async setPassword(id: string, wanted: NewPassword, act: Act) {
    const account = await this.existing(id);
    const madeUp = wanted.password === undefined ? madeUpPassword() : null;
    const prepared = await this.accounts.preparePassword(account.username, madeUp ?? wanted.password!);
    const ended = await this.over(id, act, async (tx) => {
      const mustChange = wanted.mustChange ?? madeUp !== null;
      await this.accounts.changePassword(id, prepared, tx);
      if (mustChange) await this.accounts.requireNewPassword(id, tx);
      const required = mustChange ? (['password_required'] as const) : [];
      const change = this.changeOf(id, ['password_changed', ...required], act);
      const ends = await this.changes.within(tx, change, wanted.endSessions ? 'password_changed' : null);
      return ends && endedOnWire(ends);
    });
    return { password: madeUp, ended };
  }

  /** Has the next sign-in choose a new password. */
  requirePassword(id: string, act: Act): Promise<void> {
    return this.over(id, act, async (tx) => {
      await this.accounts.requireNewPassword(id, tx);
      await this.note(id, ['password_required'], act, tx);
    });
  }

  /** Takes back what the account allowed a client and ends the sessions that came of it, in one commit. */
  async withdraw(id: string, clientId: string, act: Act) {
    const { caller, operation, now, note } = act;
    const subjects = { accountId: id, clientId };
    const withdrawal = { accountId: id, clientId, by: caller.actor, note };
    const { withdrawn, ended } = await this.over(id, act, async (tx) => {
      const withdrawn = await this.consents.withdraw(id, clientId, tx);
      const ended = await this.changes.consentWithdrawn(tx, withdrawal, withdrawn, (count) => [
        adminActed(caller, operation, clientId, now, { note, count, ...subjects }),
      ]);
      return { withdrawn, ended };
    });
    // Once more for a session that began on the old consent meanwhile.
    return { withdrawn, ended: ended + (await this.changes.endOfConsent(withdrawal)) };
  }

  /** Replaces what a person may do here; neither what they had nor what they get may exceed what the caller holds. */
  async setOperator(id: string, scopes: readonly AdminScope[], act: Act): Promise<void> {
    await this.existing(id);
    await this.over(id, act, async (tx) => {
      const { caller, operation, now } = act;
      await this.operators.set(id, [...new Set(scopes)], `${caller.kind}:${caller.actor.id}`, now, tx);
      const note = scopes.length === 0 ? 'no scopes' : scopes.join(' ');
      await this.events.record([adminActed(caller, operation, id, now, { note, accountId: id })], tx);
    });
  }

  private over<T>(id: string, act: Act, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.prisma.$transaction((tx) =>
      this.authority.change(act, { kind: 'account', id }, tx, () => work(tx)),
    );
  }

  private async note(id: string, changes: readonly Change[], act: Act, tx: Transaction): Promise<void> {
    await this.changes.within(tx, this.changeOf(id, changes, act), null);
  }

  private changeOf(accountId: string, changes: readonly Change[], act: Act): AccountChange {
    const { caller, operation, now, note } = act;
    const acted = adminActed(caller, operation, accountId, now, { note, accountId });
    return { accountId, by: caller.actor, note, changes, along: [acted] };
  }
}
