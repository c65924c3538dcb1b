import { PolicyService } from '@curfew/clients';
import { PrismaService } from '@curfew/persistence';
import { Controller } from '@nestjs/common';
import { actOf } from '../access/acts.js';
import { type Answer, nothing, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { PolicyActs } from './policy-acts.js';
import * as contracts from './policy-contracts.js';
import { targetOf, targetOnWire } from './policy-view.js';

/** Which policy applies where. */
@Controller()
export class AttachmentsController {
  constructor(
    private readonly prisma: PrismaService,
    private readonly policies: PolicyService,
    private readonly acts: PolicyActs,
    private readonly cursors: Cursors,
  ) {}

  @Operation(contracts.attachments)
  async list(@Input() { query }: InputOf<typeof contracts.attachments>): Promise<Answer> {
    const all = await this.policies.attachments();
    const after = query.cursor === undefined ? 0 : Number(this.cursors.open('attachments', query.cursor)[0]);
    const items = all
      .slice(after, after + query.limit)
      .map(({ target, policy }) => ({ target: targetOnWire(target), policy }));
    const next = after + query.limit;
    return ok({ items, next_cursor: next < all.length ? this.cursors.seal('attachments', [next]) : null });
  }

  @Operation(contracts.attach)
  async attach(@Input() { body, ...asked }: InputOf<typeof contracts.attach>): Promise<Answer> {
    const act = actOf(asked, contracts.attach);
    const { policy, before } = body;
    await this.prisma.$transaction((tx) =>
      this.acts.attach(targetOf(body.target), { policy, before }, act, tx),
    );
    return nothing();
  }

  @Operation(contracts.detach)
  async detach(@Input() { body, ...asked }: InputOf<typeof contracts.detach>): Promise<Answer> {
    const act = actOf(asked, contracts.detach);
    await this.prisma.$transaction((tx) => this.acts.detach(targetOf(body.target), body.before, act, tx));
    return nothing();
  }
}
