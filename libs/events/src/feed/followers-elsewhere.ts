import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds for which a follower that was read is taken for known; a node reports as often. */
const freshMs = 1_000;
/** Milliseconds from one read to the next, whatever names are asked for. */
const betweenReadsMs = 250;

/**
 * The followers of other nodes, which are read only while their words arrive here. Without a load balancer that brings words to the node of
 * their stream that is twice a second for each follower, so one read answers for many.
 */
export class FollowersElsewhere {
  #known: ReadonlyMap<string, string> = new Map();
  #knownAt = Number.NEGATIVE_INFINITY;
  #beganAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  /** `read` resolves with the client of each follower of another node. */
  constructor(private readonly read: () => Promise<ReadonlyMap<string, string>>) {}

  /** Whether another node serves a follower of this name for this client. */
  async has(follower: string, clientId: string | undefined): Promise<boolean> {
    if (clientId === undefined) return false;
    const isFresh = performance.now() - this.#knownAt < freshMs;
    if (isFresh && this.#known.get(follower) === clientId) return true;
    // A read that begins after the question knows it: a node reports a new follower before it tells it its name.
    this.#next ??= this.#readNext();
    await this.#next;
    return this.#known.get(follower) === clientId;
  }

  async #readNext(): Promise<void> {
    await this.#reading;
    const wait = this.#beganAt + betweenReadsMs - performance.now();
    if (wait > 0) await pause(wait, undefined, { ref: false });
    // A question that comes from here on needs another read.
    this.#next = undefined;
    const reading = this.#readNow();
    this.#reading = reading.catch(() => {});
    await reading;
  }

  async #readNow(): Promise<void> {
    const began = performance.now();
    this.#beganAt = began;
    this.#known = await this.read();
    this.#knownAt = began;
  }
}
