import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '@curfew/clock';
import { type Instant, plus, seconds } from '@curfew/session-policy';
import { type AnnouncedEnds, countEnds, noEnds, readAnnouncement } from './announcement.js';
import { type FeedPosition, FeedStore, readPosition, writePosition } from './feed.store.js';

/** What one follower is told, in this order. Every message is harmless when it comes twice: an end stays an end. */
export type FeedMessage =
  | { readonly kind: 'ends'; readonly ends: AnnouncedEnds }
  /** Everything that ended before `at` has been told; `position` is where to go on after an interruption. */
  | { readonly kind: 'beat'; readonly at: Instant; readonly position: string }
  /** Ends may have been missed: forget everything that was learnt before. */
  | { readonly kind: 'resync' };

/** Takes messages; returns false when it has fallen too far behind to be worth going on with. */
export type FeedReader = (message: FeedMessage) => boolean;

/** Milliseconds between two beats. A follower that misses them for 2 s stops trusting what it remembers. */
export const beatIntervalMs = 500;

/** No access token lives longer than 15 minutes; the rest is for clocks that disagree. */
const snapshotReach = seconds(16 * 60);
/** Beyond this many ends at once, asking again is cheaper than being told. */
const mostAtOnce = 20_000;
/** So many ends go into one message. */
const mostPerMessage = 1_000;

/** What a session feed is made of; `report` hears of failures, after which followers stop trusting by themselves. */
export interface SessionFeedParts {
  readonly store: FeedStore;
  readonly clock: Clock;
  readonly report: (error: unknown) => void;
}

/**
 * One node's session feed. Ends are told when they are announced, within milliseconds. The database is then read once a
 * beat, from the last position on, so that an announcement that got lost is made up for before the next beat goes out:
 * a beat says that everything before it is known, and a node that cannot read sends none.
 */
export class SessionFeed {
  readonly #parts: SessionFeedParts;
  readonly #readers = new Set<FeedReader>();
  readonly #stopping = new AbortController();
  #waiting: AnnouncedEnds[] = [];
  #position: FeedPosition | undefined;
  /** What was told since the last two positions, so that reading it again does not tell it again. */
  #told = new Set<string>();
  #toldBefore = new Set<string>();
  #running: Promise<void> = Promise.resolve();

  constructor(parts: SessionFeedParts) {
    this.#parts = parts;
  }

  /** Finds its place and starts to beat; rejects if the database cannot be read. */
  async start(): Promise<void> {
    this.#position = await this.#parts.store.position();
    this.#running = this.#beat();
  }

  /** Stops beating and lets every follower go. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#readers.clear();
    await this.#running;
  }

  /** How many follow at the moment. */
  get followers(): number {
    return this.#readers.size;
  }

  /** Takes an announcement; what arrives in one go is told in one go. */
  heard(payload: string): void {
    const ends = readAnnouncement(payload, this.#parts.clock.now());
    // What cannot be understood is found in the tables, before the next beat.
    if (!ends) return;
    if (this.#waiting.push(ends) === 1) setImmediate(() => this.#flush());
  }

  /**
   * Follows from a position on, or from now with a snapshot of what ended lately. The returned function ends it.
   * Rejects if the database cannot be read: then nothing was promised.
   */
  async follow(reader: FeedReader, from: string | undefined): Promise<() => void> {
    const missed: FeedMessage[] = [];
    let caughtUp = false;
    // Live ends are kept until the past has been told: a beat must never overtake it.
    const live: FeedReader = (message) => (caughtUp ? reader(message) : missed.push(message) <= mostAtOnce);
    const unfollow = () => void this.#readers.delete(live);
    this.#readers.add(live);
    try {
      for (const message of await this.#past(from)) reader(message);
    } catch (error) {
      unfollow();
      throw error;
    }
    caughtUp = true;
    for (const message of missed) reader(message);
    return unfollow;
  }

  async #past(from: string | undefined): Promise<FeedMessage[]> {
    const { store, clock } = this.#parts;
    const at = clock.now();
    const position = from === undefined ? null : readPosition(from);
    const origin = this.#position?.origin;
    const known = position !== null && position.origin === origin;
    const read = known
      ? await store.since(position, mostAtOnce)
      : await store.snapshot(plus(at, seconds(-snapshotReach)), mostAtOnce);
    const beat = { kind: 'beat', at, position: writePosition(read.position) } as const;
    const forget: FeedMessage[] =
      read.truncated || (from !== undefined && !known) || read.position.origin !== origin
        ? [{ kind: 'resync' }]
        : [];
    return [...forget, ...messagesOf(read.ends), beat];
  }

  async #beat(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await pause(beatIntervalMs, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      await this.#readAndBeat().catch(this.#parts.report);
    }
  }

  async #readAndBeat(): Promise<void> {
    const { store, clock } = this.#parts;
    const from = this.#position!;
    // Read before the database is: whatever commits from here on is told after this beat.
    const at = clock.now();
    const { ends, position, truncated } = await store.since(from, mostAtOnce);
    this.#flush();
    if (truncated || position.origin !== from.origin) this.#tell({ kind: 'resync' });
    for (const message of messagesOf(this.#untold(ends))) this.#tell(message);
    if (position.xid !== from.xid || position.origin !== from.origin) {
      this.#position = position;
      [this.#toldBefore, this.#told] = [this.#told, new Set()];
    }
    this.#tell({ kind: 'beat', at, position: writePosition(position) });
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    const ends = {
      sessions: waiting.flatMap(({ sessions }) => sessions),
      tokens: waiting.flatMap(({ tokens }) => tokens),
      all: waiting.flatMap(({ all }) => all),
    };
    for (const key of [...ends.sessions, ...ends.tokens]) this.#told.add(key);
    for (const message of messagesOf(ends)) this.#tell(message);
  }

  #untold({ sessions, tokens, all }: AnnouncedEnds): AnnouncedEnds {
    const isNew = (key: string): boolean => {
      if (this.#told.has(key) || this.#toldBefore.has(key)) return false;
      this.#told.add(key);
      return true;
    };
    // A mass end is told again with its exact instant, once.
    return {
      sessions: sessions.filter(isNew),
      tokens: tokens.filter(isNew),
      all: all.filter(({ kind, target, at }) => isNew(`${kind}:${target}:${at}`)),
    };
  }

  #tell(message: FeedMessage): void {
    for (const reader of this.#readers) if (!reader(message)) this.#readers.delete(reader);
  }
}

function messagesOf(ends: AnnouncedEnds): FeedMessage[] {
  if (countEnds(ends) === 0) return [];
  const { sessions, tokens, all } = ends;
  const messages: FeedMessage[] = [];
  for (let from = 0; from < Math.max(sessions.length, tokens.length, 1); from += mostPerMessage) {
    const part = {
      ...noEnds,
      sessions: sessions.slice(from, from + mostPerMessage),
      tokens: tokens.slice(from, from + mostPerMessage),
      all: from === 0 ? all : [],
    };
    messages.push({ kind: 'ends', ends: part });
  }
  return messages;
}
