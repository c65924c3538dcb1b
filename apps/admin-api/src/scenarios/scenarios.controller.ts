import { EventLog } from '@curfew/events';
import { PrismaService } from '@curfew/persistence';
import { Controller } from '@nestjs/common';
import { actOf, adminActed } from '../access/acts.js';
import { type Answer, created, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { notFound } from '../contract/problems.js';
import * as contracts from './scenario-contracts.js';
import { ScenarioPlayer } from './scenario-player.js';
import { ScenarioPlaysStore, type StoredPlay } from './scenario-plays.store.js';

/** Scenarios, and their plays. */
@Controller()
export class ScenariosController {
  constructor(
    private readonly player: ScenarioPlayer,
    private readonly plays: ScenarioPlaysStore,
    private readonly prisma: PrismaService,
    private readonly events: EventLog,
  ) {}

  @Operation(contracts.list)
  async list(): Promise<Answer> {
    const [items, plays] = await Promise.all([this.player.scenarios(), this.plays.latest()]);
    return ok({
      playable: this.player.isOn,
      clock_movable: this.player.clockMovable,
      items,
      plays: plays.map(onWire),
    });
  }

  @Operation(contracts.start)
  async start(@Input() { params, ...asked }: InputOf<typeof contracts.start>): Promise<Answer> {
    const id = await this.player.start(params.name, actOf(asked, contracts.start));
    return created(await this.existing(id), `/v1/scenario-plays/${id}`);
  }

  @Operation(contracts.show)
  async show(@Input() { params }: InputOf<typeof contracts.show>): Promise<Answer> {
    return ok(await this.existing(params.id));
  }

  @Operation(contracts.stop)
  async stop(@Input() { params, caller, now }: InputOf<typeof contracts.stop>): Promise<Answer> {
    await this.prisma.$transaction(async (tx) => {
      if (await this.plays.askToStop(params.id, tx))
        await this.events.record([adminActed(caller, contracts.stop.id, params.id, now)], tx);
    });
    return ok(await this.existing(params.id));
  }

  private async existing(id: string) {
    const play = await this.plays.find(id);
    if (!play) throw notFound('unknown_play', 'There is no such play.');
    return { ...onWire(play), steps: play.steps };
  }
}

const onWire = (play: Omit<StoredPlay, 'steps'>) => ({
  id: play.id,
  scenario: play.scenario,
  started_at: play.started_at.toISOString(),
  started_by: { kind: play.started_by.kind, id: play.started_by.id },
  state: play.state,
  stop_asked: play.stop_asked,
  detail: play.detail,
});
