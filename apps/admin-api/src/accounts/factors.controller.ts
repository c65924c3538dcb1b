import { SecondFactors } from '@curfew/accounts/factors';
import { Controller } from '@nestjs/common';
import { type Answer, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { written, writtenOrNull } from '../contract/wire.js';
import { AccountActs } from './account-acts.js';
import * as contracts from './factor-contracts.js';

/** Second factors of accounts. */
@Controller()
export class FactorsController {
  constructor(
    private readonly secondFactors: SecondFactors,
    private readonly acts: AccountActs,
  ) {}

  @Operation(contracts.factors)
  async list(@Input() { params, now }: InputOf<typeof contracts.factors>): Promise<Answer> {
    const account = await this.acts.existing(params.id);
    const { totp, passkeys, recoveryCodes } = await this.secondFactors.state(account.id);
    const remembered = await this.secondFactors.browsers.ofAccount(account.id, now);
    return ok({
      authenticator_app: totp && {
        created_at: written(totp.createdAt),
        last_used_at: writtenOrNull(totp.lastUsedAt),
      },
      passkeys: passkeys.map(({ id, name, createdAt, lastUsedAt, isBackedUp }) => ({
        ...{ id, name, created_at: written(createdAt), last_used_at: writtenOrNull(lastUsedAt) },
        backed_up: isBackedUp,
      })),
      recovery_codes_left: recoveryCodes,
      asked_at_every_sign_in: account.secondFactors.length > 0 && account.secondStepAlways,
      remembered_browsers: remembered.map(({ browser, system, createdAt, expiresAt }) => ({
        ...{ browser, system, created_at: written(createdAt), expires_at: written(expiresAt) },
      })),
    });
  }

  @Operation(contracts.removeFactors)
  async remove(
    @Input() { params, query, caller, now }: InputOf<typeof contracts.removeFactors>,
  ): Promise<Answer> {
    const act = { caller, operation: contracts.removeFactors.id, now, note: query.note };
    return ok(await this.acts.removeFactors(params.id, act));
  }

  @Operation(contracts.forgetBrowsers)
  async forget(
    @Input() { params, query, caller, now }: InputOf<typeof contracts.forgetBrowsers>,
  ): Promise<Answer> {
    const act = { caller, operation: contracts.forgetBrowsers.id, now, note: query.note };
    return ok({ forgotten: await this.acts.forgetBrowsers(params.id, act) });
  }
}
