import { randomUUID } from 'node:crypto';
import type { Instant } from '@curfew/session-policy';

/** Milliseconds a follower counts as live after its last acknowledgement; it stops trusting itself at the latest then. */
export const leaseMs = 2_000;

/** Followers one client may have at a node: an instance of an API or a gateway needs one. */
export const maxFollowersOfClient = 256;

/** The client has as many followers at this node as one may have. */
export class TooManyFollowers extends Error {
  override readonly name = 'TooManyFollowers';
  constructor(readonly limit: number) {
    super(`the client has its ${limit} followers at this node already`);
  }
}

/** Facts about a follower for an operator. Lengths are milliseconds. */
export interface FollowerReport {
  readonly id: string;
  readonly clientId: string;
  readonly since: Instant;
  /** When it last acknowledged; null before the first time. */
  readonly acknowledgedAt: Instant | null;
  /** From the end of the last probe to the moment this follower denied it; null before the first one. */
  readonly timeToDenyMs: number | null;
  /** Whether it missed its lease or its last probe. */
  readonly stale: boolean;
}

/** The report of a follower: how far it has read, and which confirmations and probes it has carried out. */
export interface FollowerWord {
  readonly follower: string;
  /** The client that says it; absent where a node of an earlier version passed it on. */
  readonly clientId?: string | undefined;
  readonly done: readonly string[];
  /** It trusts nothing any more because of this node: it follows another one, or stops. */
  readonly left?: boolean;
}

/** No node serves a follower of this name for this client. */
export class UnknownFollower extends Error {
  override readonly name = 'UnknownFollower';
}

interface Entry {
  readonly id: string;
  readonly clientId: string;
  readonly since: Instant;
  connected: boolean;
  acknowledgedAt: Instant | null;
  leaseUntil: number;
  timeToDenyMs: number | null;
  missedProbe: boolean;
  /** Whether it was there at the last probe, too. */
  wasThere: boolean;
}

interface Asked {
  readonly waitingFor: Set<string>;
  readonly onDone: (entry: Entry) => void;
  readonly finish: () => void;
}

/** The followers of one node, their leases, and what they were asked and have not answered yet. */
export class Followers {
  readonly #entries = new Map<string, Entry>();
  readonly #asked = new Map<string, Asked>();

  /**
   * A new follower's id. It has no lease before its first acknowledgement.
   * @throws TooManyFollowers
   */
  join(clientId: string, now: Instant, at: number): string {
    this.#forgetGone(at);
    let others = 0;
    for (const entry of this.#entries.values()) if (entry.clientId === clientId) others += 1;
    if (others >= maxFollowersOfClient) throw new TooManyFollowers(maxFollowersOfClient);
    const id = randomUUID();
    this.#entries.set(id, {
      id,
      clientId,
      since: now,
      connected: true,
      acknowledgedAt: null,
      leaseUntil: 0,
      timeToDenyMs: null,
      missedProbe: false,
      wasThere: false,
    });
    return id;
  }

  /** The stream has ended; the memory of the follower may be trusted until its lease runs out. */
  leave(id: string): void {
    const entry = this.#entries.get(id);
    if (entry) entry.connected = false;
  }

  /** Takes a follower's word at steady time `at`; false for one of another node, and for one that another client says. */
  acknowledge({ follower, clientId, done, left = false }: FollowerWord, now: Instant, at: number): boolean {
    const entry = this.#entries.get(follower);
    // Unnamed words still renew a lease, which keeps confirmations waiting; they do not end one.
    const isOwn = clientId === undefined ? !left : clientId === entry?.clientId;
    if (!entry || !isOwn) return false;
    if (left) {
      this.#forget(follower);
      return true;
    }
    entry.acknowledgedAt = now;
    entry.leaseUntil = at + leaseMs;
    for (const id of done) {
      const asked = this.#asked.get(id);
      if (!asked?.waitingFor.delete(follower)) continue;
      asked.onDone(entry);
      if (asked.waitingFor.size === 0) asked.finish();
    }
    return true;
  }

  /** Resolves when every live follower has said that `id` is done, or its lease has run out. */
  async allHaveDone(id: string, at: () => number): Promise<void> {
    await this.#ask(id, at, () => {});
  }

  /** Resolves when every follower with a lease has left, and after a whole lease at the latest. */
  async allHaveLeft(at: () => number): Promise<void> {
    // A question that no follower is asked: only those that leave stop being waited for.
    await this.#ask(randomUUID(), at, () => {});
  }

  /**
   * Measures how long each live follower takes to deny the probe `id`, ended just now. The clients of those that have
   * newly turned stale: that did not deny in time, or have a stream and no lease from one probe to the next.
   */
  async probe(id: string, at: () => number): Promise<readonly string[]> {
    const began = at();
    const silent = [...this.#entries.values()].filter(
      ({ connected, wasThere, leaseUntil }) => connected && wasThere && leaseUntil <= began,
    );
    for (const entry of this.#entries.values()) entry.wasThere = true;
    const missed = await this.#ask(id, at, (entry) => {
      entry.timeToDenyMs = Math.round((at() - began) * 10) / 10;
      entry.missedProbe = false;
    });
    const turned = [...missed, ...silent].filter(({ connected, missedProbe }) => connected && !missedProbe);
    for (const entry of turned) entry.missedProbe = true;
    return turned.map(({ clientId }) => clientId);
  }

  /** Every follower that is connected or still has a lease. */
  report(at: number): readonly FollowerReport[] {
    this.#forgetGone(at);
    return [...this.#entries.values()].map(
      ({ id, clientId, since, acknowledgedAt, timeToDenyMs, missedProbe, leaseUntil }) => ({
        id,
        clientId,
        since,
        acknowledgedAt,
        timeToDenyMs,
        stale: missedProbe || leaseUntil <= at,
      }),
    );
  }

  /**
   * Waits for every follower with a lease; those that have not answered when a whole lease has passed. A follower that does not answer for
   * that long has had no beat either, or no answer to an acknowledgement, and has stopped trusting itself.
   */
  async #ask(id: string, at: () => number, onDone: (entry: Entry) => void): Promise<readonly Entry[]> {
    const now = at();
    this.#forgetGone(now);
    const live = [...this.#entries.values()].filter(({ leaseUntil }) => leaseUntil > now);
    if (live.length === 0) return [];
    const waitingFor = new Set(live.map((entry) => entry.id));
    await new Promise<void>((finish) => {
      this.#asked.set(id, { waitingFor, onDone, finish });
      setTimeout(finish, leaseMs).unref();
    });
    this.#asked.delete(id);
    return live.filter((entry) => waitingFor.has(entry.id));
  }

  /** Nobody waits for one that has left. */
  #forget(follower: string): void {
    this.#entries.delete(follower);
    for (const { waitingFor, finish } of this.#asked.values())
      if (waitingFor.delete(follower) && waitingFor.size === 0) finish();
  }

  #forgetGone(at: number): void {
    for (const entry of this.#entries.values())
      if (!entry.connected && entry.leaseUntil <= at) this.#entries.delete(entry.id);
  }
}
