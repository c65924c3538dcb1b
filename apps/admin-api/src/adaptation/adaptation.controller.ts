import { type Rollout, stages } from '@curfew/insight/adaptation';
import { instant } from '@curfew/session-policy';
import { Controller } from '@nestjs/common';
import { actOf } from '../access/acts.js';
import { Usernames, withUsername } from '../accounts/usernames.store.js';
import { type Answer, nothing, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { written, writtenOrNull } from '../contract/wire.js';
import type { Proposal, StoredAdaptation } from './adaptation.store.js';
import { AdaptationActs, frozenUntil } from './adaptation-acts.js';
import * as contracts from './adaptation-contracts.js';
import { AdaptationHistory } from './adaptation-history.store.js';

/** How policies adapt, their proposals, and the command that stops it. */
@Controller()
export class AdaptationController {
  constructor(
    private readonly acts: AdaptationActs,
    private readonly history: AdaptationHistory,
    private readonly usernames: Usernames,
  ) {}

  @Operation(contracts.set)
  async set(@Input() { params, body, ...asked }: InputOf<typeof contracts.set>): Promise<Answer> {
    const { before, ...settings } = body;
    return ok(onWire(await this.acts.put(params.name, settings, before, actOf(asked, contracts.set))));
  }

  @Operation(contracts.show)
  async show(@Input() { params }: InputOf<typeof contracts.show>): Promise<Answer> {
    const stored = await this.acts.find(params.name);
    return ok({ adaptation: stored && onWire(stored) });
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, ...asked }: InputOf<typeof contracts.remove>): Promise<Answer> {
    await this.acts.remove(params.name, actOf(asked, contracts.remove));
    return nothing();
  }

  @Operation(contracts.proposals)
  async proposals(@Input() { params }: InputOf<typeof contracts.proposals>): Promise<Answer> {
    return ok({ items: (await this.acts.proposals(params.name)).map(proposalOnWire) });
  }

  @Operation(contracts.steps)
  async steps(@Input() { params }: InputOf<typeof contracts.steps>): Promise<Answer> {
    await this.acts.find(params.name);
    const steps = await this.history.steps(params.name);
    const usernames = await this.usernames.of(steps.map(({ data }) => data.by.id));
    return ok({
      items: steps.map(({ at: instantOf, data: { policy: _, by, ...data } }) => ({
        ...data,
        at: instantOf.toISOString(),
        by: withUsername(by, usernames),
      })),
    });
  }

  @Operation(contracts.approve)
  async approve(@Input() { params, body, ...asked }: InputOf<typeof contracts.approve>): Promise<Answer> {
    const act = actOf(asked, contracts.approve);
    return ok(proposalOnWire(await this.acts.approve(params, body.note, act)));
  }

  @Operation(contracts.decline)
  async decline(@Input() { params, body, ...asked }: InputOf<typeof contracts.decline>): Promise<Answer> {
    const act = actOf(asked, contracts.decline);
    return ok(proposalOnWire(await this.acts.decline(params, body.note, act)));
  }

  @Operation(contracts.stop)
  async stop(@Input() { body, ...asked }: InputOf<typeof contracts.stop>): Promise<Answer> {
    return ok({ stopped: await this.acts.stop(body.policy, actOf(asked, contracts.stop)) });
  }

  @Operation(contracts.releases)
  async releases(@Input() { query }: InputOf<typeof contracts.releases>): Promise<Answer> {
    const found = await this.history.releases(query.client);
    return ok({
      items: found.map(({ clientId, releasedAt, createdBy }) => ({
        client_id: clientId,
        released_at: at(releasedAt),
        frozen_until: written(frozenUntil(instant(releasedAt.getTime()))),
        created_by: createdBy,
      })),
    });
  }

  @Operation(contracts.release)
  async release(@Input() { body, ...asked }: InputOf<typeof contracts.release>): Promise<Answer> {
    const { client_id } = body;
    const until = await this.acts.release(client_id, actOf(asked, contracts.release));
    return ok({ client_id, released_at: written(asked.now), frozen_until: written(until) });
  }
}

const onWire = ({ policy, settings, state, decidedAt, decision }: StoredAdaptation) => ({
  policy,
  settings,
  rollout: state.rollout && rolloutOnWire(state.rollout),
  tightened_at: writtenOrNull(state.tightenedAt),
  stopped_at: writtenOrNull(state.stoppedAt),
  decided_at: writtenOrNull(decidedAt),
  decision,
});

const rolloutOnWire = ({ from, to, stage, since, startedAt }: Rollout) => ({
  from,
  to,
  share: stages[stage - 1],
  since: written(since),
  started_at: written(startedAt),
});

const at = (value: Date): string => written(instant(value.getTime()));

const proposalOnWire = ({ from_timeout, to_timeout, made_at, settled_at, ...proposal }: Proposal) => ({
  ...proposal,
  from: from_timeout,
  to: to_timeout,
  made_at: at(made_at),
  settled_at: settled_at && at(settled_at),
});
