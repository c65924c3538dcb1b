import { Controller } from '@nestjs/common';
import { actOf } from '../access/acts.js';
import { type Answer, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { AccountActs } from './account-acts.js';
import * as contracts from './identity-contracts.js';

/** Links of accounts to people of identity providers. */
@Controller()
export class IdentitiesController {
  constructor(private readonly acts: AccountActs) {}

  @Operation(contracts.unlink)
  async unlink(@Input() { params, body, ...asked }: InputOf<typeof contracts.unlink>): Promise<Answer> {
    const { note, allow = false, ...identity } = body;
    const act = actOf(asked, contracts.unlink, note);
    return ok(await this.acts.unlinkIdentity(params.id, identity, allow, act));
  }
}
