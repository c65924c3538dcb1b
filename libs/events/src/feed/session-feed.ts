import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, untilBeat } from '@curfew/clock';
import { type Instant, plus, seconds } from '@curfew/session-policy';
import {
  type AnnouncedEnds,
  type NodeWord,
  readAnnouncement,
  readNodeWord,
  writeNodeWord,
} from './announcement.js';
import type { EndAnnouncer } from './end-announcer.js';
import { confirmedWith } from './end-confirmation.js';
import { type FeedPosition, FeedStore, readPosition, writePosition } from './feed.store.js';
import { type FeedMessage, messagesOf } from './feed-message.js';
import type { FeedNodeStore } from './feed-node.store.js';
import { type FollowerReport, Followers, type FollowerWord, UnknownFollower } from './followers.js';
import { FollowersElsewhere } from './followers-elsewhere.js';
import { ToldEnds } from './told-ends.js';

/** Takes messages; returns false when it has fallen too far behind to be worth going on with. */
export type FeedReader = (message: FeedMessage) => boolean;

/** Milliseconds between two beats. A follower that misses them for 2 s stops trusting what it remembers. */
export const beatIntervalMs = 500;

/** Milliseconds between two reads that nobody follows; other nodes take one that they have not heard of for 3 s for gone. */
const unfollowedIntervalMs = 2_000;
/** Beats between two reports to the other nodes, which learn at once of a follower that comes. */
const beatsPerReport = 2;

/** No access token lives longer than 15 minutes; the rest is for clocks that disagree. */
const snapshotReach = seconds(16 * 60);
/** Beyond this many ends at once, asking again is cheaper than being told. */
const maxAtOnce = 20_000;
/** Beats between two probes of time-to-deny. */
const beatsPerProbe = 20;
/** Milliseconds a follower has to learn of a probe before it ends. */
const probeLivesMs = 300;

/** The parts of a session feed; `report` hears of failures, after which followers stop trusting by themselves. */
export interface SessionFeedParts {
  readonly store: FeedStore;
  readonly nodes: FeedNodeStore;
  readonly announcer: EndAnnouncer;
  readonly clock: Clock;
  /** The name that followers send with their acknowledgements, so that a load balancer can bring them here. */
  readonly name: string;
  readonly report: (error: unknown) => void;
  /** Told of each follower's time-to-deny, in milliseconds. */
  readonly onProbed?: (follower: FollowerReport) => void;
  /** Told of the clients whose followers did not deny a probe within the bound. */
  readonly onStale?: (clientIds: readonly string[]) => void;
}

/**
 * One node's session feed. Ends are told as they are announced, within milliseconds. While somebody follows, the database is also read once
 * a beat, from the last position on, and tells the ends whose announcement was lost. A beat promises that every earlier end was told, so a
 * node that cannot read the database sends none.
 */
export class SessionFeed {
  readonly #parts: SessionFeedParts;
  readonly #readers = new Set<FeedReader>();
  readonly #stopping = new AbortController();
  #waiting: AnnouncedEnds[] = [];
  #position: FeedPosition | undefined;
  readonly #told = new ToldEnds();
  #running: Promise<void> = Promise.resolve();
  readonly #id = randomUUID();
  readonly #followers = new Followers();
  readonly #elsewhere = new FollowersElsewhere(() => {
    const { nodes, clock } = this.#parts;
    return nodes.followersElsewhere(this.#id, clock.now());
  });
  #confirmed: readonly string[] = [];
  #reported: Promise<void> = Promise.resolve();
  #beats = 0;
  #hasAppeared = false;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(parts: SessionFeedParts) {
    this.#parts = parts;
  }

  /** Finds its place and starts to beat; rejects if the database cannot be read. */
  async start(): Promise<void> {
    this.#position = await this.#parts.store.position();
    this.#readAt = performance.now();
    this.#running = this.#beat();
  }

  /** From now on confirmations wait for this node: call it once it hears them, and before it has followers. */
  async appear(): Promise<void> {
    this.#hasAppeared = true;
    await this.#reportNode(this.#parts.clock.now());
  }

  /**
   * Tells every follower to go on at another node, and from where. Resolves when they do, or after a whole lease: one that finds no other
   * node by then trusts nothing any more.
   */
  async handOver(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    // If the database cannot be read, the last position is older than need be, and something is told twice.
    const position = await this.#tellUnheard().catch(() => this.#position!);
    this.#tell({ kind: 'elsewhere', position: writePosition(position) });
    await this.#followers.allHaveLeft(() => performance.now());
  }

  /** Lets every follower go. The row stays for as long as one may trust what it heard here: until then, confirmations wait for it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#readers.clear();
    await this.#running;
    await this.#followers.allHaveLeft(() => performance.now());
    // A confirmation that is still under way must not write the row again.
    this.#hasAppeared = false;
    await this.#reported;
    await this.#parts.nodes.remove(this.#id).catch(this.#parts.report);
  }

  /** Milliseconds since the ends were last read from the database: while it is long, followers are told nothing. */
  get silentMs(): number {
    return performance.now() - this.#readAt;
  }

  /** How many follow at the moment. */
  get followers(): number {
    return this.#readers.size;
  }

  /** The name of this node in acknowledgements. */
  get name(): string {
    return this.#parts.name;
  }

  /** Takes an announcement; announcements that arrive together are told together. */
  heard(payload: string): void {
    const word = readNodeWord(payload);
    if (word) this.#heardWord(word);
    const ends = word ? null : readAnnouncement(payload, this.#parts.clock.now());
    // The ends of an announcement that cannot be understood are found in the tables, before the next beat.
    if (!ends) return;
    if (this.#waiting.push(ends) === 1) setImmediate(() => this.#flush());
  }

  /**
   * Follows from a position on, or from now with a snapshot of what ended lately. The returned function ends it.
   * Rejects if the database cannot be read, and where the client has too many followers (TooManyFollowers): then nothing was promised.
   */
  async follow(reader: FeedReader, from: string | undefined, clientId: string): Promise<() => void> {
    const missed: FeedMessage[] = [];
    let caughtUp = false;
    // Live ends are kept until the past has been told: a beat must never overtake it.
    const live: FeedReader = (message) => (caughtUp ? reader(message) : missed.push(message) <= maxAtOnce);
    const id = this.#followers.join(clientId, this.#parts.clock.now(), performance.now());
    const unfollow = (): void => {
      this.#readers.delete(live);
      this.#followers.leave(id);
    };
    this.#readers.add(live);
    try {
      const past = await this.#past(from);
      for (const message of [{ kind: 'hello', id, node: this.#parts.name } as const, ...past])
        reader(message);
    } catch (error) {
      unfollow();
      throw error;
    }
    caughtUp = true;
    for (const message of missed) reader(message);
    return unfollow;
  }

  /**
   * Takes a follower's acknowledgement and says what time it is. Words for another node are passed on to it.
   * @throws UnknownFollower where no confirmation waits for it, so that it may not trust what it remembers
   */
  async acknowledge(word: FollowerWord): Promise<Instant> {
    const { announcer, clock } = this.#parts;
    if (!this.#followers.acknowledge(word, clock.now(), performance.now())) {
      if (!(await this.#elsewhere.has(word.follower, word.clientId))) throw new UnknownFollower();
      await announcer.say(writeNodeWord({ kind: 'acknowledged', ...word }));
    }
    return clock.now();
  }

  /** Every follower of this node. */
  report(): readonly FollowerReport[] {
    return this.#followers.report(performance.now());
  }

  #heardWord(word: NodeWord): void {
    if (word.kind === 'confirm') this.#confirm(word.id).catch(this.#parts.report);
    else this.#followers.acknowledge(word, this.#parts.clock.now(), performance.now());
  }

  /** Everything that ended before the word was said must be told first, also where its announcement got lost. */
  async #confirm(id: string): Promise<void> {
    await this.#tellUnheard();
    this.#tell({ kind: 'confirm', id });
    await this.#followers.allHaveDone(id, () => performance.now());
    this.#confirmed = confirmedWith(this.#confirmed, id);
    await this.#reportNode(this.#parts.clock.now());
  }

  /** One report at a time, so that an older one never replaces a newer one that holds a confirmation. */
  async #reportNode(now: Instant): Promise<void> {
    if (!this.#hasAppeared) return;
    const { nodes } = this.#parts;
    const report = this.#reported.then(() => nodes.report(this.#id, now, this.report(), this.#confirmed));
    this.#reported = report.catch(() => {});
    await report;
  }

  /** Ends a session that is none, and measures how long followers let it pass. */
  async #probe(): Promise<void> {
    const id = randomUUID();
    const { announcer, onProbed, onStale } = this.#parts;
    this.#tell({ kind: 'probe', id });
    await pause(probeLivesMs, undefined, { ref: false });
    const denied = this.#followers.probe(id, () => performance.now());
    await announcer.say(id);
    const missed = await denied;
    for (const follower of this.report()) if (follower.timeToDenyMs !== null) onProbed?.(follower);
    if (missed.length > 0) onStale?.(missed);
  }

  async #past(from: string | undefined): Promise<FeedMessage[]> {
    const { store, clock } = this.#parts;
    const at = clock.now();
    const position = from === undefined ? null : readPosition(from);
    const origin = this.#position?.origin;
    const known = position !== null && position.origin === origin;
    const read = known
      ? await store.since(position, maxAtOnce)
      : await store.snapshot(plus(at, seconds(-snapshotReach)), maxAtOnce);
    await this.#reportNode(at);
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
      await untilBeat(beatIntervalMs, signal);
      if (signal.aborted) return;
      if (this.#readers.size === 0 && this.silentMs < unfollowedIntervalMs) continue;
      await this.#readAndBeat().catch(this.#parts.report);
    }
  }

  async #readAndBeat(): Promise<void> {
    const from = this.#position!;
    // Read before the database is: an end that commits from here on is told after this beat.
    const at = this.#parts.clock.now();
    const reports = this.#readers.size === 0 || this.#beats % beatsPerReport === 0;
    const [position] = await Promise.all([this.#tellUnheard(), reports && this.#reportNode(at)]);
    if (position.xid !== from.xid || position.origin !== from.origin) {
      this.#position = position;
      this.#told.advance();
    }
    this.#tell({ kind: 'beat', at, position: writePosition(position) });
    this.#beats += 1;
    if (this.#beats % beatsPerProbe === 0 && this.#readers.size > 0)
      void this.#probe().catch(this.#parts.report);
  }

  /** Reads the ends since the last position and tells those that no announcement has told; the position that was read up to. */
  async #tellUnheard(): Promise<FeedPosition> {
    const { origin } = this.#position!;
    const { ends, position, truncated } = await this.#parts.store.since(this.#position!, maxAtOnce);
    this.#readAt = performance.now();
    this.#flush();
    if (truncated || position.origin !== origin) this.#tell({ kind: 'resync' });
    for (const message of messagesOf(this.#told.untold(ends))) this.#tell(message);
    return position;
  }

  #flush(): void {
    const waiting = this.#waiting.splice(0);
    if (waiting.length === 0) return;
    const ends = {
      sessions: waiting.flatMap(({ sessions }) => sessions),
      tokens: waiting.flatMap(({ tokens }) => tokens),
      all: waiting.flatMap(({ all }) => all),
    };
    // A beat may have read the end from the database before its announcement came.
    for (const message of messagesOf(this.#told.untold(ends))) this.#tell(message);
  }

  #tell(message: FeedMessage): void {
    for (const reader of this.#readers) if (!reader(message)) this.#readers.delete(reader);
  }
}
