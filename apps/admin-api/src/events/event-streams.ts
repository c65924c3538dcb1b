import { setTimeout as pause } from 'node:timers/promises';
import { Clock } from '@curfew/clock';
import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { Authentication } from '../access/authentication.js';
import { type Caller, callerKey } from '../access/caller.js';
import { Usernames } from '../accounts/usernames.store.js';
import type { AdminRequest } from '../contract/input.js';
import { drained } from './drained.js';
import { eventsOnWire, positionOf, writePosition } from './event-view.js';
import { type EventPosition, type EventSearch, EventsStore } from './events.store.js';
import { StreamPlaces } from './stream-places.js';

/** The dependencies of one stream. */
export interface StreamRequest {
  readonly request: AdminRequest;
  readonly response: Response;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  readonly search: EventSearch;
  /** Position to go on from; undefined: from now. */
  readonly from: string | undefined;
}

/** Events read in one go. */
const batch = 200;
/** Between two looks at the table, and between two signs of life. Milliseconds. */
const lookEvery = 500;
const beatEvery = 5_000;
/** Clients of a process that stops come back within this, each after another while. Milliseconds. */
const comeBackWithinMs = 100;
/** How often the token is asked again whether it still stands. */
const checkEvery = 10_000;

/** Live streams of events; each reads the feed from its own position, so a slow reader holds up nobody. */
@Injectable()
export class EventStreams {
  readonly #places = new StreamPlaces();
  readonly #stopping = new AbortController();

  constructor(
    private readonly events: EventsStore,
    private readonly authentication: Authentication,
    private readonly clock: Clock,
    private readonly usernames: Usernames,
  ) {}

  /** Writes events until the client goes, its token does, or the process stops. */
  async follow(stream: StreamRequest): Promise<void> {
    const release = this.#places.take(callerKey(stream.caller));
    try {
      const { response, from } = stream;
      const position = from === undefined ? await this.events.end() : positionOf(from);
      // Asked before anything is written, so that a position that is lost gets an answer of its own.
      await this.events.feed(stream.search, position, 0);
      response.status(200);
      response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
      response.setHeader('X-Accel-Buffering', 'no');
      // For those whose stream breaks before an event came: some parsers do not hand on an id without data.
      response.setHeader('Event-Position', writePosition(position));
      response.flushHeaders();
      await this.#untilAborted(stream.signal, (signal) => this.#write(stream, position, signal));
      response.end();
    } finally {
      release();
    }
  }

  /** Ends all streams with a last message, with which their clients go on elsewhere from where they are. */
  stop(): void {
    this.#stopping.abort();
  }

  /** One controller for both reasons: signals composed by AbortSignal.any may be collected before they fire (Node 20). */
  async #untilAborted(gone: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const both = [gone, this.#stopping.signal];
    const ending = new AbortController();
    const end = (): void => ending.abort();
    for (const signal of both) signal.addEventListener('abort', end, { once: true });
    if (both.some(({ aborted }) => aborted)) end();
    await work(ending.signal).finally(() => {
      for (const signal of both) signal.removeEventListener('abort', end);
    });
  }

  async #write(
    { request, response, search }: StreamRequest,
    from: EventPosition,
    signal: AbortSignal,
  ): Promise<void> {
    let position = from;
    response.write(`retry: 1000\nid: ${writePosition(position)}\n\n`);
    let beat = performance.now();
    let checked = beat;
    while (!signal.aborted) {
      const page = await this.events.feed(search, position, batch).catch(() => null);
      // Out of reach: the client comes back with its position and misses nothing.
      if (page === null) return;
      const told = await eventsOnWire(page.events, this.usernames).catch(() => null);
      if (told === null) return;
      for (const event of told) {
        const text = JSON.stringify(event);
        const room = response.write(`id: ${event.position}\nevent: ${event.type}\ndata: ${text}\n\n`);
        if (!room) await drained(response, signal);
      }
      ({ position } = page);
      const now = performance.now();
      if (now - checked > checkEvery) {
        if (!(await this.#stillStands(request))) return;
        checked = now;
      }
      if (now - beat > beatEvery) {
        response.write(': here\n\n');
        beat = now;
      }
      if (page.events.length < batch) await pause(lookEvery, undefined, { signal }).catch(() => {});
    }
    // It has data, because a parser may pass over the position of a message without any.
    const retryMs = Math.ceil(Math.random() * comeBackWithinMs);
    if (this.#stopping.signal.aborted)
      response.write(`event: elsewhere\nretry: ${retryMs}\nid: ${writePosition(position)}\ndata: {}\n\n`);
  }

  /** A stream must not outlive the token it was opened with. */
  async #stillStands(request: AdminRequest): Promise<boolean> {
    return this.authentication.stillStands(request, this.clock.now()).catch(() => false);
  }
}
