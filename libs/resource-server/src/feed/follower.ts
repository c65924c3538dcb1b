import { setTimeout as pause } from 'node:timers/promises';
import { type ServerClock, type Steady, steadyNow } from '../server-clock.js';
import { EventStreamReader, type StreamEvent } from './event-stream.js';
import { type Ends, readBeat, readEnds, readId, readNode } from './messages.js';

/** Probes that wait for their end at a time; there is one every few seconds. */
const maxProbes = 100;

/** Ids in one acknowledgement: the authorization server takes no more. */
const maxDone = 100;

/** Milliseconds without a beat after which nothing remembered is trusted: the published bound. */
export const trustBoundMs = 2_000;

const firstRetryMs = 50;
const lastRetryMs = 1_000;

/** Callbacks of a follower; they must not throw. */
export interface FollowerHandlers {
  readonly onEnds: (ends: Ends) => void;
  /** Ends may have been missed: everything learnt before is worth nothing. */
  readonly onResync: () => void;
  /** A probe of time-to-deny is about to be ended: know it as a live session. */
  readonly onProbe?: ((sessionId: string) => void) | undefined;
  /** For the log: why the feed was lost. It is reconnected by itself. */
  readonly onLost?: ((error: unknown) => void) | undefined;
}

/** An acknowledgement to the authorization server: the follower's id, and the requests it has carried out. */
export interface Acknowledgement {
  readonly follower: string;
  readonly position: string | undefined;
  /** Ids of the confirmations and probes it was asked for. */
  readonly done: readonly string[];
  /** The name of the node that it should reach, from its `hello`. */
  readonly node: string | undefined;
  /** Nothing is trusted any more because of that node: another one is followed, or none. */
  readonly left?: true;
}

/** A follower as one node knows it, by one stream. */
interface Followed {
  readonly follower: string;
  readonly node: string | undefined;
  readonly stream: AbortController;
}

/** No node knows the follower any more, so that no confirmation waits for it. */
export class FollowerForgotten extends Error {
  override readonly name = 'FollowerForgotten';

  constructor() {
    super('no node of the authorization server knows this follower any more');
  }
}

/** Milliseconds that a farewell may take when a follower stops. */
const farewellMs = 250;

/** The way to the authorization server. */
export interface FeedConnection {
  /** Opens the stream; `from` is the position to resume from. */
  open(from: string | undefined, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Resolves with the time at the authorization server, in milliseconds since the epoch.
   * @throws FollowerForgotten
   */
  acknowledge(acknowledgement: Acknowledgement): Promise<number>;
}

/**
 * Follows the session feed. Remembered verdicts are trusted only while two things are recent: the last heartbeat, which guarantees that
 * every earlier end has been sent, and the last acknowledgement that got a response, which shows that the authorization server waits
 * for this follower. The age of a heartbeat is measured by the server's clock, so a delayed stream is not taken for a live one. A
 * silent stream is closed and opened again from its position. A node that stops sends the follower elsewhere: its memory stays
 * trusted, and the node is told once another one has taken over.
 */
export class FeedFollower {
  readonly #connection: FeedConnection;
  readonly #clock: ServerClock;
  readonly #handlers: FollowerHandlers;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #failures = 0;
  /** By the stream that was opened last; it takes over when it has told everything of the past. */
  #greeted: Followed | undefined;
  #followed: Followed | undefined;
  /** The node that sent it elsewhere, and has not been told yet that it is followed no more. */
  #left: Followed | undefined;
  #isSentElsewhere = false;
  #position: string | undefined;
  /** Time at the server of the last beat. */
  #beatAt: number | undefined;
  /** When the last answered acknowledgement left. */
  #acknowledgedAt: Steady | undefined;
  #acknowledging = false;
  readonly #done: string[] = [];
  #probes = new Set<string>();

  constructor(connection: FeedConnection, clock: ServerClock, handlers: FollowerHandlers) {
    this.#connection = connection;
    this.#clock = clock;
    this.#handlers = handlers;
  }

  /** Starts to follow, and goes on until stopped. */
  start(): void {
    this.#running ??= this.#follow();
  }

  /** Stops following; from now on nothing is trusted. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#beatAt = undefined;
    await Promise.race([this.#sayFarewell(), pause(farewellMs, undefined, { ref: false })]);
    await this.#running;
  }

  /** Whether every end up to less than the bound ago is known. */
  trusted(at: Steady): boolean {
    return this.beatAge(at) < trustBoundMs && at - (this.#acknowledgedAt ?? -trustBoundMs) < trustBoundMs;
  }

  /** Milliseconds since the last beat left the server, at the most; infinite before the first one. */
  beatAge(at: Steady): number {
    return this.#beatAt === undefined ? Number.POSITIVE_INFINITY : this.#clock.latest(at) - this.#beatAt;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#stream();
      } catch (error) {
        if (signal.aborted) return;
        this.#handlers.onLost?.(error);
      }
      if (this.#isSentElsewhere) {
        this.#isSentElsewhere = false;
        continue;
      }
      const longest = Math.min(lastRetryMs, firstRetryMs * 2 ** this.#failures);
      this.#failures = Math.min(this.#failures + 1, 10);
      // Half fixed, half by chance: followers that lost the same server do not come back in one wave.
      await pause(longest * (0.5 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #stream(): Promise<void> {
    // One controller for both reasons: signals composed by AbortSignal.any may be collected before they fire (Node 20).
    const ending = new AbortController();
    const stop = (): void => ending.abort();
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    const timer = setTimeout(() => ending.abort(new FeedSilent()), trustBoundMs).unref();
    try {
      const reader = new EventStreamReader();
      for await (const chunk of await this.#connection.open(this.#position, ending.signal)) {
        for (const event of reader.read(chunk)) this.#take(event, ending);
        timer.refresh();
        if (this.#isSentElsewhere || this.#stopping.signal.aborted) return;
      }
    } finally {
      clearTimeout(timer);
      this.#stopping.signal.removeEventListener('abort', stop);
      ending.abort();
    }
  }

  #take({ event, data, id }: StreamEvent, stream: AbortController): void {
    switch (event) {
      case 'hello':
        this.#greeted = { follower: readId(data), node: readNode(data), stream };
        break;
      case 'elsewhere':
        this.#position = id;
        // A node whose past was not read to its end has no acknowledgement, and waits for nothing.
        if (this.#greeted === undefined) this.#left = this.#followed;
        this.#isSentElsewhere = true;
        break;
      case 'ends':
        this.#takeEnds(readEnds(data));
        break;
      case 'resync':
        this.#handlers.onResync();
        break;
      case 'probe':
        this.#takeOver();
        // One whose end never came is of no interest any more.
        if (this.#probes.size >= maxProbes) this.#probes.clear();
        this.#probes.add(readId(data));
        this.#handlers.onProbe?.(readId(data));
        break;
      case 'confirm':
        this.#takeOver();
        this.#done.push(readId(data));
        void this.#acknowledge();
        break;
      case 'beat':
        this.#takeOver();
        this.#position = id;
        this.#beatAt = readBeat(data);
        this.#failures = 0;
        void this.#acknowledge();
        break;
      default:
    }
  }

  /** These three are told after the past alone. Before, an acknowledgement by the new name would free the old node of waiting too early. */
  #takeOver(): void {
    this.#followed = this.#greeted ?? this.#followed;
    this.#greeted = undefined;
  }

  #takeEnds(ends: Ends): void {
    this.#handlers.onEnds(ends);
    if (this.#probes.size === 0) return;
    const ended = ends.sessions.filter((session) => this.#probes.delete(session));
    if (ended.length === 0) return;
    this.#done.push(...ended);
    void this.#acknowledge();
  }

  /** Acknowledgements are sent one at a time; everything new goes with the next one. */
  async #acknowledge(): Promise<void> {
    if (this.#acknowledging || this.#followed === undefined) return;
    this.#acknowledging = true;
    try {
      do {
        await this.#exchange(this.#followed, this.#done.splice(0, maxDone));
      } while (this.#done.length > 0);
    } catch (error) {
      // Without an answer trust runs out by itself; the next beat is acknowledged again. A stream that nobody waits for tells its own end.
      if (!(error instanceof FollowerForgotten)) this.#handlers.onLost?.(error);
    } finally {
      this.#acknowledging = false;
    }
  }

  async #exchange(to: Followed, done: readonly string[]): Promise<void> {
    const sent = steadyNow();
    const { follower, node, stream } = to;
    const stated = await this.#connection
      .acknowledge({ follower, node, position: this.#position, done })
      .catch((error: unknown) => {
        if (error instanceof FollowerForgotten) this.#openAnew(stream, error);
        throw error;
      });
    const received = steadyNow();
    this.#clock.learn(stated, sent, received);
    this.#acknowledgedAt = sent;
    const left = this.#left;
    if (left === undefined || left.follower === to.follower) return;
    // Only now does another node wait for this follower before it confirms an end.
    this.#left = undefined;
    this.#tellLeft(left).catch(() => {});
  }

  /** Ends a stream that still goes on although no confirmation waits for it; one that has ended is opened anew anyway. */
  #openAnew(stream: AbortController, reason: FollowerForgotten): void {
    if (stream.signal.aborted) return;
    this.#acknowledgedAt = undefined;
    stream.abort(reason);
  }

  /** Nobody need wait for a follower that trusts nothing any more. */
  async #sayFarewell(): Promise<void> {
    const all = [this.#followed, this.#left].filter((one) => one !== undefined);
    await Promise.allSettled(all.map((one) => this.#tellLeft(one)));
  }

  #tellLeft({ follower, node }: Followed): Promise<number> {
    const position = this.#position;
    return this.#connection.acknowledge({ follower, node, position, done: [], left: true });
  }
}

/** The stream was open and said nothing. */
export class FeedSilent extends Error {
  override readonly name = 'FeedSilent';

  constructor() {
    super(`the session feed was silent for ${trustBoundMs} ms`);
  }
}
