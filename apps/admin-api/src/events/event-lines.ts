import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { Usernames } from '../accounts/usernames.store.js';
import { drained } from './drained.js';
import { eventsOnWire } from './event-view.js';
import { type EventSearch, EventsStore } from './events.store.js';

/** Events that are read in one go. */
const batch = 1_000;

/** Writes the events of a search as JSON lines, part by part, so that neither side ever holds the whole file. */
@Injectable()
export class EventLines {
  constructor(
    private readonly events: EventsStore,
    private readonly usernames: Usernames,
  ) {}

  /** Writes at most `limit` events, the latest first; stops where the client goes away. */
  async write(response: Response, search: EventSearch, limit: number, signal: AbortSignal): Promise<void> {
    // Read before anything is written, so that a failure gets an answer of its own.
    let page = await this.events.history(search, null, Math.min(batch, limit));
    response.status(200);
    response.setHeader('Content-Type', 'application/jsonl; charset=utf-8');
    response.setHeader('Content-Disposition', 'attachment; filename="events.jsonl"');
    for (let left = limit; ; ) {
      const told = await eventsOnWire(page.events, this.usernames);
      const room = response.write(told.map((event) => `${JSON.stringify(event)}\n`).join(''));
      left -= told.length;
      if (page.next === null || left === 0 || signal.aborted) break;
      if (!room) await drained(response, signal);
      page = await this.events.history(search, page.next, Math.min(batch, left));
    }
    response.end();
  }
}
