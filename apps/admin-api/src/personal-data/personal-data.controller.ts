import { AccountError, OperatorStore } from '@curfew/accounts';
import { EventHistory, EventLog } from '@curfew/events';
import { PrismaService } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { ProblemError } from '@curfew/web';
import { Controller } from '@nestjs/common';
import { type Act, actOf, adminActed, eventOf } from '../access/acts.js';
import { Authority } from '../access/authority.js';
import { AccountActs } from '../accounts/account-acts.js';
import { Usernames } from '../accounts/usernames.store.js';
import { type Answer, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { written } from '../contract/wire.js';
import { eventsOnWire } from '../events/event-view.js';
import { EventsStore } from '../events/events.store.js';
import { PersonalDataStore } from './personal-data.store.js';
import * as contracts from './personal-data-contracts.js';

const maxEvents = 10_000;
/** Seals behind which one transaction erases, so that sealing waits for none for long. */
const sealsAtOnce = 20;

/** A copy of the data of a person, and its erasure. */
@Controller()
export class PersonalDataController {
  constructor(
    private readonly prisma: PrismaService,
    private readonly rows: PersonalDataStore,
    private readonly acts: AccountActs,
    private readonly operators: OperatorStore,
    private readonly history: EventHistory,
    private readonly found: EventsStore,
    private readonly usernames: Usernames,
    private readonly events: EventLog,
    private readonly authority: Authority,
  ) {}

  @Operation(contracts.exportData)
  async export(@Input() input: InputOf<typeof contracts.exportData>): Promise<Answer> {
    const { params, body, caller, now } = input;
    const account = await this.rows.account(params.id);
    if (!account) throw new AccountError('unknown_account');
    const [scopes, records, page] = await Promise.all([
      this.operators.scopesOf(params.id),
      this.rows.records(params.id),
      this.found.history({ account: params.id }, null, maxEvents),
    ]);
    const acted = adminActed(caller, contracts.exportData.id, params.id, now, {
      note: body.note,
      accountId: params.id,
    });
    await this.prisma.$transaction((tx) => this.events.record([acted], tx));
    return ok({
      made_at: written(now),
      account,
      operator_scopes: [...scopes],
      ...records,
      events: await eventsOnWire(page.events, this.usernames),
      events_left_out: page.next !== null,
    });
  }

  @Operation(contracts.erase)
  async erase(@Input() input: InputOf<typeof contracts.erase>): Promise<Answer> {
    const { params, body, caller, now, seen } = input;
    const { id } = params;
    if (!(await this.rows.isKnown(id))) throw new AccountError('unknown_account');
    // The note stands in the record of the erasure alone: any copy elsewhere would have to be erased, too.
    const act = actOf({ caller, now, seen }, contracts.erase);
    // First, so that nothing new comes of it while it is erased. An account that is gone already is no other state: that part of the wish has
    // been fulfilled (RFC 9110 §13.1.1), and a broken erasure could not be repeated otherwise.
    if (await this.rows.account(id)) await this.acts.remove(id, act);
    const seals = await this.#eraseSealed(id, act).catch(refuseTampered);
    const records = await this.prisma.$transaction(async (tx) => {
      const changed = (await this.rows.scrub(id, tx)) + (await this.history.eraseUnsealed(id, tx));
      const acted = adminActed(caller, contracts.erase.id, id, now, {
        note: body.note,
        count: changed,
        accountId: id,
      });
      await this.events.record([acted], tx);
      return changed;
    });
    return ok({ seals, records });
  }

  /** Erases part by part; each part commits with the event that tells of it, so that a broken request leaves a history that verifies. */
  async #eraseSealed(id: string, act: Act): Promise<number> {
    for (let erased = 0; ; ) {
      const seals = await this.history.sealsAbout(id, sealsAtOnce);
      if (seals.length === 0) return erased;
      await this.prisma.$transaction((tx) =>
        this.authority.change(act, { kind: 'account', id }, tx, async () => {
          const told = erasureOf(id, act.now, act);
          const contents = await this.history.eraseBehind(seals, id, told.id, tx);
          await this.events.record([{ ...told, data: { ...told.data, seals: contents } }], tx);
        }),
      );
      erased += seals.length;
    }
  }
}

const erasureOf = (accountId: string, now: Instant, { caller }: Act) =>
  eventOf('account.changed', { change: 'erased', by: caller.actor }, now, { accountId }) as Extract<
    ReturnType<typeof eventOf>,
    { type: 'account.changed' }
  >;

/** SQLSTATE of events that do not fit their seal. */
function refuseTampered(error: unknown): never {
  if (JSON.stringify(error, Object.getOwnPropertyNames(error)).includes('does not fit its events'))
    throw new ProblemError({
      status: 409,
      code: 'history_does_not_verify',
      detail:
        'Events about this account do not fit their seals, so somebody changed them. Find that out first (curfew events verify); nothing is erased from them.',
    });
  throw error;
}
