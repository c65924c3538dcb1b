import type { Clock } from '@curfew/clock';
import type { EventLog, NewEvent } from '@curfew/events';
import type { PrismaService, Transaction } from '@curfew/persistence';
import type { Actor, EndReason, EventData, Instant } from '@curfew/session-policy';
import { accountEvent } from './session-events.js';
import type { SessionQueries } from './session-queries.js';
import type { SessionService } from './session-service.js';
import type { EndDetail, EndedSession } from './store/session-store.js';

/** Whose account is changed, by whom, and what was said about it. */
export interface AccountAuthor {
  readonly accountId: string;
  readonly by: Actor;
  readonly note?: string | undefined;
}

/** A change of an account as its events tell it. */
export interface AccountChange extends AccountAuthor {
  readonly changes: readonly EventData['account.changed']['change'][];
  /** Further events of the same commit. */
  readonly along?: readonly NewEvent[];
}

/** What a client was allowed and is not any more. */
export interface ConsentWithdrawal extends AccountAuthor {
  readonly clientId: string;
}

/** The ends that came of a change, and the instant up to which everything authorized is over. */
export interface AccountEnds {
  readonly ended: readonly EndedSession[];
  readonly at: Instant;
}

/** What changes of accounts are carried out with. */
export interface AccountChangeParts {
  readonly prisma: PrismaService;
  readonly clock: Clock;
  readonly sessions: SessionService;
  readonly queries: SessionQueries;
  readonly events: EventLog;
}

/**
 * What goes with a change of an account, whoever makes it, a person at the pages or an operator: its event and the ends it brings, in the
 * transaction of the change.
 */
export class AccountChanges {
  constructor(private readonly parts: AccountChangeParts) {}

  /** Records a change; with a reason, everything the account has authorized until now ends. */
  async within(
    transaction: Transaction,
    change: AccountChange,
    reason: EndReason | null,
  ): Promise<AccountEnds | null> {
    const { clock, sessions, events } = this.parts;
    const { accountId, by, changes, along = [] } = change;
    // Read after the change took its locks: what was authorized while it waited is ended too.
    const at = clock.now();
    const told = changes.map((one) => accountEvent(accountId, 'account.changed', { change: one, by }, at));
    await events.record([...told, ...along], transaction);
    if (reason === null) return null;
    const everything = { kind: 'account', target: accountId, reason, at, detail: saidBy(change) } as const;
    const { sessions: ended } = await sessions.endAll(everything, transaction);
    return { ended, at };
  }

  /**
   * A person replaced their own password. What is signed in ends where they wish it, and where the policy says `onPasswordChange: end_others`
   * (`passwordEndsSessions`).
   */
  async ownPassword(
    transaction: Transaction,
    author: AccountAuthor,
    wantsEnds: boolean,
  ): Promise<AccountEnds | null> {
    const ends = wantsEnds || (await this.passwordEndsSessions(author.accountId, transaction));
    const change = { changes: ['password_changed'], ...author } as const;
    return this.within(transaction, change, ends ? 'password_changed' : null);
  }

  /**
   * Whether a person's own change of password ends what is signed in, whatever they wish: by the strictest of the policy of everyone and the
   * policies of the account's live sessions.
   */
  async passwordEndsSessions(accountId: string, transaction?: Transaction): Promise<boolean> {
    const { queries, sessions, clock } = this.parts;
    const lineages = await queries.lineagesOfAccount(accountId, clock.now(), transaction);
    const everyone = { clientId: '', resources: [] };
    const policies = await Promise.all(
      [everyone, ...lineages].map(({ clientId, resources }) => sessions.policyFor(clientId, resources)),
    );
    return policies.some(({ onPasswordChange }) => onPasswordChange === 'end_others');
  }

  /** Consent was withdrawn: ends the sessions that came of it, and records both. The number ended. */
  async consentWithdrawn(
    transaction: Transaction,
    withdrawal: ConsentWithdrawal,
    withdrawn: boolean,
    along: (ended: number) => readonly NewEvent[] = () => [],
  ): Promise<number> {
    const { clock, events } = this.parts;
    const { accountId, clientId, by } = withdrawal;
    const now = clock.now();
    const ended = await this.endOfConsent(withdrawal, transaction);
    const told = { ...accountEvent(accountId, 'consent.withdrawn', { by }, now), clientId };
    await events.record([...(withdrawn ? [told] : []), ...along(ended)], transaction);
    return ended;
  }

  /** Ends what came of a consent; after the commit once more, for a session that began on it meanwhile. */
  async endOfConsent(
    { accountId, clientId, ...author }: ConsentWithdrawal,
    transaction?: Transaction,
  ): Promise<number> {
    const { queries, sessions, clock } = this.parts;
    const now = clock.now();
    const ids = await queries.liveOfClient(accountId, clientId, now, transaction);
    const detail = saidBy(author);
    return (await sessions.end(ids, 'consent_withdrawn', detail, now, { transaction })).sessions.length;
  }
}

const saidBy = ({ by, note }: Pick<AccountAuthor, 'by' | 'note'>): EndDetail =>
  note === undefined ? { by } : { by, note };
