import { AccountService, ConsentService } from '@curfew/accounts';
import { Registry } from '@curfew/clients';
import type { AdminScope } from '@curfew/config/admin-scopes';
import { Controller } from '@nestjs/common';
import { actOf } from '../access/acts.js';
import { type Answer, created, nothing, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { written } from '../contract/wire.js';
import { named } from '../sessions/session-names.js';
import { SessionSearchStore } from '../sessions/session-search.store.js';
import { describeSession } from '../sessions/session-view.js';
import { AccountActs } from './account-acts.js';
import * as contracts from './account-contracts.js';
import { AccountDetails, accountOnWire, versionOfAccount } from './account-details.js';
import * as consentContracts from './consent-contracts.js';
import { MailIsOn } from './mail-is-on.js';
import * as profileContracts from './profile-contracts.js';
import { profileIn } from './profile-contracts.js';
import { Usernames } from './usernames.store.js';

/** People who sign in. */
@Controller()
export class AccountsController {
  constructor(
    private readonly accounts: AccountService,
    private readonly consents: ConsentService,
    private readonly acts: AccountActs,
    private readonly search: SessionSearchStore,
    private readonly registry: Registry,
    private readonly cursors: Cursors,
    private readonly usernames: Usernames,
    private readonly mail: MailIsOn,
    private readonly details: AccountDetails,
  ) {}

  @Operation(contracts.list)
  async list(@Input() { query }: InputOf<typeof contracts.list>): Promise<Answer> {
    const { prefix = '', limit, cursor } = query;
    const question = `accounts ${prefix}`;
    const after = cursor === undefined ? null : String(this.cursors.open(question, cursor)[0]);
    const { accounts, next } = await this.accounts.list({ after, prefix, limit });
    return ok({
      items: accounts.map(accountOnWire),
      next_cursor: next && this.cursors.seal(question, [next]),
    });
  }

  @Operation(contracts.show)
  async show(@Input() { params }: InputOf<typeof contracts.show>): Promise<Answer> {
    const detail = await this.details.of(await this.acts.existing(params.id));
    return ok(detail, versionOfAccount(detail));
  }

  @Operation(contracts.create)
  async create(@Input() { body, caller, now }: InputOf<typeof contracts.create>): Promise<Answer> {
    const { username, password, must_change_password: mustChange, invite } = body;
    if (invite) this.mail.require();
    const profile = profileIn(body);
    const act = { caller, operation: contracts.create.id, now };
    const { account, madeUp } = await this.acts.create(
      { username, password, mustChange, profile, invite },
      act,
    );
    return created({ ...(await this.details.of(account)), password: madeUp }, `/v1/accounts/${account.id}`);
  }

  @Operation(contracts.disable)
  async disable(@Input() { params, body, ...asked }: InputOf<typeof contracts.disable>): Promise<Answer> {
    const act = actOf(asked, contracts.disable, body.note);
    return ok(await this.acts.disable(params.id, act));
  }

  @Operation(contracts.enable)
  async enable(@Input() { params, body, ...asked }: InputOf<typeof contracts.enable>): Promise<Answer> {
    await this.acts.enable(params.id, actOf(asked, contracts.enable, body.note));
    return nothing();
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, query, ...asked }: InputOf<typeof contracts.remove>): Promise<Answer> {
    const act = actOf(asked, contracts.remove, query.note);
    return ok(await this.acts.remove(params.id, act));
  }

  @Operation(contracts.setPassword)
  async setPassword(
    @Input() { params, body, ...asked }: InputOf<typeof contracts.setPassword>,
  ): Promise<Answer> {
    const wanted = {
      password: body.password,
      mustChange: body.must_change_password,
      endSessions: body.end_sessions,
    };
    return ok(await this.acts.setPassword(params.id, wanted, actOf(asked, contracts.setPassword)));
  }

  @Operation(contracts.requirePassword)
  async requirePassword(
    @Input() { params, body, ...asked }: InputOf<typeof contracts.requirePassword>,
  ): Promise<Answer> {
    await this.acts.requirePassword(params.id, actOf(asked, contracts.requirePassword, body.note));
    return nothing();
  }

  @Operation(contracts.sessions)
  async sessions(@Input() { params, query, now }: InputOf<typeof contracts.sessions>): Promise<Answer> {
    await this.acts.existing(params.id);
    const { state, limit, cursor } = query;
    const question = `sessions of ${params.id} ${state ?? ''}`;
    const position = cursor === undefined ? null : this.cursors.open(question, cursor);
    const after = position && { at: Number(position[0]), id: String(position[1]) };
    const { found, next } = await this.search.page(
      { account: params.id, state },
      '-started_at',
      after,
      limit,
      now,
    );
    const described = await Promise.all(found.map((one) => describeSession(one, this.registry, now)));
    const shown = described
      .map(({ wire }, index) => ({ wire, detail: found[index]!.endDetail }))
      .filter(({ wire }) => state !== 'live' || wire.state === 'live');
    const items = await named(shown, this.usernames);
    return ok({ items, next_cursor: next && this.cursors.seal(question, [next.at, next.id]) });
  }

  @Operation(consentContracts.consents)
  async listConsents(@Input() { params }: InputOf<typeof consentContracts.consents>): Promise<Answer> {
    await this.acts.existing(params.id);
    const items = (await this.consents.ofAccount(params.id)).map((consent) => ({
      client_id: consent.clientId,
      granted_at: written(consent.grantedAt),
      scopes: consent.scopes,
      claims: consent.claims,
      resources: consent.resources,
    }));
    return ok({ items });
  }

  @Operation(consentContracts.withdraw)
  async withdraw(
    @Input() { params, query, caller, now }: InputOf<typeof consentContracts.withdraw>,
  ): Promise<Answer> {
    await this.acts.existing(params.id);
    const act = { caller, operation: consentContracts.withdraw.id, now, note: query.note };
    const { withdrawn, ended } = await this.acts.withdraw(params.id, params.client_id, act);
    return ok({ withdrawn, sessions_ended: ended });
  }

  @Operation(contracts.setOperator)
  async setOperator(
    @Input() { params, body, caller, now }: InputOf<typeof contracts.setOperator>,
  ): Promise<Answer> {
    const act = { caller, operation: contracts.setOperator.id, now };
    const { scopes, before } = body as { scopes: AdminScope[]; before?: AdminScope[] };
    await this.acts.setOperator(params.id, scopes, before, act);
    return ok(await this.details.of(await this.acts.existing(params.id)));
  }

  @Operation(profileContracts.change)
  async change(@Input() input: InputOf<typeof profileContracts.change>): Promise<Answer> {
    const { params, body, caller, now } = input;
    const act = { caller, operation: profileContracts.change.id, now, note: body.note };
    const details = { username: body.username, profile: profileIn(body), groupsBefore: body.groups_before };
    return ok(await this.details.of(await this.acts.change(params.id, details, act)));
  }

  @Operation(profileContracts.invite)
  async invite(@Input() input: InputOf<typeof profileContracts.invite>): Promise<Answer> {
    const { params, body, caller, now } = input;
    await this.acts.invite(params.id, {
      caller,
      operation: profileContracts.invite.id,
      now,
      note: body.note,
    });
    return nothing();
  }

  @Operation(profileContracts.confirmEmail)
  async confirmEmail(@Input() input: InputOf<typeof profileContracts.confirmEmail>): Promise<Answer> {
    const { params, body, caller, now } = input;
    const act = { caller, operation: profileContracts.confirmEmail.id, now, note: body.note };
    await this.acts.confirmEmail(params.id, act);
    return nothing();
  }
}
