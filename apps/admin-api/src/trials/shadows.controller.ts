import { instant } from '@curfew/session-policy';
import { Controller } from '@nestjs/common';
import { actOf } from '../access/acts.js';
import { type Answer, nothing, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { written } from '../contract/wire.js';
import type { MarkedSession } from './marked-sessions.store.js';
import * as contracts from './shadow-contracts.js';
import { type ShadowInForce, Shadows } from './shadows.js';

/** Timeouts that are tried in shadow. */
@Controller()
export class ShadowsController {
  constructor(
    private readonly shadows: Shadows,
    private readonly cursors: Cursors,
  ) {}

  @Operation(contracts.set)
  async set(@Input() { params, body, ...asked }: InputOf<typeof contracts.set>): Promise<Answer> {
    const candidate = {
      inactivityTimeout: body.inactivity_timeout,
      absoluteLifetime: body.absolute_lifetime,
    };
    return ok(onWire(await this.shadows.set(params.name, candidate, actOf(asked, contracts.set))));
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, ...asked }: InputOf<typeof contracts.remove>): Promise<Answer> {
    await this.shadows.remove(params.name, actOf(asked, contracts.remove));
    return nothing();
  }

  @Operation(contracts.show)
  async show(@Input() { params }: InputOf<typeof contracts.show>): Promise<Answer> {
    const shadow = await this.shadows.inForce(params.name);
    if (!shadow) return ok({ shadow: null, would_have_ended: null });
    const { marked, usedAgain, live, ended, isComplete } = await this.shadows.count(shadow);
    return ok({
      shadow: onWire(shadow),
      would_have_ended: { marked, used_again: usedAgain, live, ended, complete: isComplete },
    });
  }

  @Operation(contracts.sessions)
  async list(@Input() { params, query }: InputOf<typeof contracts.sessions>): Promise<Answer> {
    const question = `shadow ${params.name}`;
    const after = query.cursor === undefined ? null : String(this.cursors.open(question, query.cursor)[0]);
    const shadow = await this.shadows.inForce(params.name);
    const found = shadow ? await this.shadows.page(shadow, { after, limit: query.limit + 1 }) : [];
    const page = found.slice(0, query.limit);
    const next = found.length > query.limit ? this.cursors.seal(question, [page.at(-1)!.id]) : null;
    return ok({ items: page.map(sessionOnWire), next_cursor: next });
  }
}

const onWire = ({ policy, inactivityTimeout, absoluteLifetime, since, isOfCanary }: ShadowInForce) => ({
  policy,
  inactivity_timeout: inactivityTimeout,
  absolute_lifetime: absoluteLifetime,
  since: written(since),
  of_canary: isOfCanary,
});

const at = (value: Date): string => written(instant(value.getTime()));

const sessionOnWire = (row: MarkedSession) => ({
  id: row.id,
  account_id: row.account_id,
  client_id: row.client_id,
  would_have_ended_at: at(row.shadow_end),
  used_again_after_seconds: row.shadow_used_after,
  last_active_at: at(row.last_active_at),
  ended_at: row.ended_at && at(row.ended_at),
  end_reason: row.end_reason,
});
