import { PolicyService, type PolicyTarget } from '@curfew/clients';
import { EventLog } from '@curfew/events';
import { PrismaService } from '@curfew/persistence';
import { Controller } from '@nestjs/common';
import { adminActed, eventOf } from '../access/acts.js';
import { type Answer, nothing, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import * as contracts from './policy-contracts.js';
import { targetOf, targetOnWire } from './policy-view.js';

const keyOf = (target: PolicyTarget): { kind: PolicyTarget['kind']; target: string } => ({
  kind: target.kind,
  target: target.kind === 'client' ? target.id : target.kind === 'resource' ? target.audience : '',
});

/** Which policy applies where. */
@Controller()
export class AttachmentsController {
  constructor(
    private readonly prisma: PrismaService,
    private readonly policies: PolicyService,
    private readonly events: EventLog,
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
  async attach(@Input() { body, caller, now }: InputOf<typeof contracts.attach>): Promise<Answer> {
    const target = targetOf(body.target);
    const version = (await this.policies.find(body.policy))?.version ?? 0;
    await this.prisma.$transaction(async (tx) => {
      await this.policies.attach(target, body.policy, tx);
      const attachment = keyOf(target);
      const data = {
        policy: body.policy,
        version,
        change: 'attached',
        attachment,
        settings: [],
        by: caller.actor,
      } as const;
      await this.events.record(
        [eventOf('policy.changed', data, now), adminActed(caller, contracts.attach.id, body.policy, now)],
        tx,
      );
    });
    return nothing();
  }

  @Operation(contracts.detach)
  async detach(@Input() { body, caller, now }: InputOf<typeof contracts.detach>): Promise<Answer> {
    const target = targetOf(body.target);
    const key = keyOf(target);
    const attached = (await this.policies.attachments()).find(({ target: other }) => {
      const its = keyOf(other);
      return its.kind === key.kind && its.target === key.target;
    });
    await this.prisma.$transaction(async (tx) => {
      if (!(await this.policies.detach(target, tx))) return;
      const data = {
        policy: attached?.policy ?? '',
        version: 0,
        change: 'detached',
        attachment: key,
        settings: [],
        by: caller.actor,
      } as const;
      await this.events.record(
        [
          eventOf('policy.changed', data, now),
          adminActed(caller, contracts.detach.id, attached?.policy ?? null, now),
        ],
        tx,
      );
    });
    return nothing();
  }
}
