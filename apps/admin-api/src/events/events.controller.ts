import { EventHistory } from '@curfew/events';
import { ProblemError } from '@curfew/web';
import { Controller, Req, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Usernames } from '../accounts/usernames.store.js';
import { type Answer, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { type AdminRequest, Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import * as contracts from './event-contracts.js';
import { EventLines } from './event-lines.js';
import { EventStreams } from './event-streams.js';
import { eventsOnWire, positionOf } from './event-view.js';
import { type EventSearch, EventsStore } from './events.store.js';

/** So long one request looks at seals before it answers with how far it came. Milliseconds. */
const checkedForMs = 1_000;

/** Past events, and a stream of new ones. */
@Controller()
export class EventsController {
  constructor(
    private readonly events: EventsStore,
    private readonly history: EventHistory,
    private readonly streams: EventStreams,
    private readonly lines: EventLines,
    private readonly cursors: Cursors,
    private readonly usernames: Usernames,
  ) {}

  @Operation(contracts.list)
  async list(@Input() { query }: InputOf<typeof contracts.list>): Promise<Answer> {
    const { limit, cursor, after, ...wanted } = query;
    const search = searchOf(wanted);
    if (after !== undefined) {
      const { events } = await this.events.feed(search, positionOf(after), limit);
      return ok({ items: await eventsOnWire(events, this.usernames), next_cursor: null });
    }
    const question = `events ${JSON.stringify(wanted)}`;
    const before = cursor === undefined ? null : String(this.cursors.open(question, cursor)[0]);
    const { events, next } = await this.events.history(search, before, limit);
    return ok({
      items: await eventsOnWire(events, this.usernames),
      next_cursor: next === null ? null : this.cursors.seal(question, [next]),
    });
  }

  @Operation(contracts.exportEvents)
  async export(
    @Input() { query, signal }: InputOf<typeof contracts.exportEvents>,
    @Res() response: Response,
  ): Promise<void> {
    const { limit, ...wanted } = query;
    await this.lines.write(response, searchOf(wanted), limit, signal);
  }

  @Operation(contracts.integrity)
  async integrity(@Input() { query }: InputOf<typeof contracts.integrity>): Promise<Answer> {
    const { from, limit, known_seal: seal, known_hash: hash } = query;
    if ((seal === undefined) !== (hash === undefined))
      throw new ProblemError({
        status: 400,
        code: 'invalid_request',
        faults: [{ at: 'query/known_seal', detail: 'known_seal and known_hash go together' }],
      });
    const { problems, through, events, next } = await this.history.verifyFrom(from, limit, checkedForMs);
    return ok({
      checked: { from, through, events },
      problems,
      known_matches: seal === undefined ? null : (await this.history.hashOf(seal)) === hash,
      next,
      head: await this.history.head(),
    });
  }

  @Operation(contracts.stream)
  async stream(
    @Input() { query, caller, signal }: InputOf<typeof contracts.stream>,
    @Req() request: AdminRequest,
    @Res() response: Response,
  ): Promise<void> {
    const { after, ...wanted } = query;
    const last = request.headers['last-event-id'];
    const from = typeof last === 'string' ? last : after;
    if (from !== undefined && !contracts.positionForm.test(from))
      throw new ProblemError({
        status: 400,
        code: 'invalid_request',
        faults: [{ at: 'header/Last-Event-ID', detail: 'must be the position of an event' }],
      });
    await this.streams.follow({ request, response, caller, signal, search: searchOf(wanted), from });
  }
}

function searchOf(wanted: Omit<InputOf<typeof contracts.stream>['query'], 'after'>): EventSearch {
  const { type, since, until, ...rest } = wanted;
  return { ...rest, types: type, after: since, before: until };
}
