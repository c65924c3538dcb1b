import { EventLog, FeedNodeStore } from '@curfew/events';
import { type Receiver, Receivers, type WebhookWish } from '@curfew/events/delivery';
import { PrismaService, type Transaction } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { Controller } from '@nestjs/common';
import { type Act, actOf, adminActed } from '../access/acts.js';
import { Authority } from '../access/authority.js';
import type { Caller } from '../access/caller.js';
import { type Answer, created, nothing, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { written, writtenOrNull } from '../contract/wire.js';
import * as contracts from './receiver-contracts.js';

/** Receivers of events, and followers of the session feed. */
@Controller()
export class ReceiversController {
  constructor(
    private readonly prisma: PrismaService,
    private readonly receivers: Receivers,
    private readonly nodes: FeedNodeStore,
    private readonly events: EventLog,
    private readonly cursors: Cursors,
    private readonly authority: Authority,
  ) {}

  @Operation(contracts.list)
  async list(@Input() { query }: InputOf<typeof contracts.list>): Promise<Answer> {
    const { limit, cursor } = query;
    const after = cursor === undefined ? null : String(this.cursors.open('receivers', cursor)[0]);
    const found = await this.receivers.list(after, limit + 1);
    const items = found.slice(0, limit);
    const next = found.length > limit ? this.cursors.seal('receivers', [items.at(-1)!.id]) : null;
    return ok({ items: items.map(onWire), next_cursor: next });
  }

  @Operation(contracts.show)
  async show(@Input() { params }: InputOf<typeof contracts.show>): Promise<Answer> {
    const receiver = await this.receivers.get(params.id);
    return ok(onWire(receiver), receiver.version);
  }

  @Operation(contracts.create)
  async create(@Input() { body, caller, now }: InputOf<typeof contracts.create>): Promise<Answer> {
    const { receiver, secret } = await this.over(actOf({ caller, now }, contracts.create), async (tx) => {
      const made = await this.receivers.createWebhook(wishOf(body), tx);
      await this.note(contracts.create.id, made.receiver.id, caller, now, tx);
      return made;
    });
    return created({ ...onWire(receiver), secret }, `/v1/receivers/${receiver.id}`, receiver.version);
  }

  @Operation(contracts.change)
  async change(@Input() input: InputOf<typeof contracts.change>): Promise<Answer> {
    const { params, body, version, caller, now } = input;
    const receiver = await this.over(actOf({ caller, now }, contracts.change), async (tx) => {
      const changed = await this.receivers.changeWebhook(params.id, version, wishOf(body), tx);
      await this.note(contracts.change.id, changed.id, caller, now, tx);
      return changed;
    });
    return ok(onWire(receiver), receiver.version);
  }

  @Operation(contracts.rotate)
  async rotate(@Input() { params, caller, now }: InputOf<typeof contracts.rotate>): Promise<Answer> {
    const secret = await this.over(actOf({ caller, now }, contracts.rotate), async (tx) => {
      const made = await this.receivers.rotateSecret(params.id, tx);
      await this.note(contracts.rotate.id, params.id, caller, now, tx);
      return made;
    });
    return created({ secret }, `/v1/receivers/${encodeURIComponent(params.id)}`);
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, caller, now }: InputOf<typeof contracts.remove>): Promise<Answer> {
    await this.over(actOf({ caller, now }, contracts.remove), async (tx) => {
      await this.receivers.remove(params.id, tx);
      await this.note(contracts.remove.id, params.id, caller, now, tx);
    });
    return nothing();
  }

  @Operation(contracts.deadLetters)
  async deadLetters(@Input() { params, query }: InputOf<typeof contracts.deadLetters>): Promise<Answer> {
    await this.receivers.get(params.id);
    const { limit, cursor } = query;
    const question = `dead letters ${params.id}`;
    const after = cursor === undefined ? null : String(this.cursors.open(question, cursor)[0]);
    const found = await this.receivers.deadLetters(params.id, after, limit + 1);
    const page = found.slice(0, limit);
    const items = page.map((letter) => ({
      id: letter.id,
      event_id: letter.eventId,
      event_at: written(letter.eventAt),
      session_id: letter.sessionId,
      attempts: letter.attempts,
      cause: letter.cause,
      dead_at: written(letter.deadAt),
    }));
    return ok({
      items,
      next_cursor: found.length > limit ? this.cursors.seal(question, [page.at(-1)!.id]) : null,
    });
  }

  @Operation(contracts.redrive)
  async redrive(@Input() { params, body, caller, now }: InputOf<typeof contracts.redrive>): Promise<Answer> {
    await this.receivers.get(params.id);
    const redriven = await this.over(actOf({ caller, now }, contracts.redrive), async (tx) => {
      const count = await this.receivers.redrive(params.id, body.ids ?? 'all', tx);
      await this.note(contracts.redrive.id, params.id, caller, now, tx, count);
      return count;
    });
    return ok({ redriven });
  }

  @Operation(contracts.followers)
  async followers(@Input() { now }: InputOf<typeof contracts.followers>): Promise<Answer> {
    const items = (await this.nodes.nodes(now)).map((node) => ({
      node: node.id,
      seen_at: written(node.seenAt),
      followers: node.followers.map((one) => ({
        id: one.id,
        client_id: one.clientId,
        since: written(one.since),
        acknowledged_at: writtenOrNull(one.acknowledgedAt),
        time_to_deny_ms: one.timeToDenyMs,
        stale: one.stale,
      })),
    }));
    return ok({ items });
  }

  /** A receiver gets events about everybody's sessions, so the caller must be allowed to read them. */
  private over<T>(act: Act, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.prisma.$transaction((tx) =>
      this.authority.change(act, { kind: 'receiver' }, tx, () => work(tx)),
    );
  }

  private async note(
    operation: string,
    id: string,
    caller: Caller,
    now: Instant,
    tx: Transaction,
    count?: number,
  ): Promise<void> {
    await this.events.record([adminActed(caller, operation, id, now, { count: count ?? null })], tx);
  }
}

const wishOf = (body: InputOf<typeof contracts.create>['body']): WebhookWish => ({
  name: body.name,
  address: body.address,
  eventTypes: body.event_types,
  clientId: body.client_id,
  status: body.status,
});

const onWire = (receiver: Receiver) => ({
  id: receiver.id,
  kind: receiver.kind,
  name: receiver.name,
  address: receiver.address,
  client_id: receiver.clientId,
  event_types: receiver.eventTypes,
  status: receiver.status,
  status_reason: receiver.statusReason,
  version: receiver.version,
  created_at: written(receiver.createdAt),
  updated_at: written(receiver.updatedAt),
  waiting: receiver.waiting,
  dead: receiver.dead,
});
