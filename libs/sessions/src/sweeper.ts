import { setTimeout as pause } from 'node:timers/promises';
import {
  deadlines,
  decideAccess,
  elapsedMs,
  type Instant,
  killedBy,
  plus,
  seconds,
} from '@curfew/session-policy';
import type { PolicySource } from './policy-source.js';
import type { DueSession, End, SweepStore } from './store/session-store.js';
import { busyAtFirst, busyLately, paceBeside, restAfter } from './sweep-pace.js';

/** Rests for so many milliseconds; says how busy others kept the event loop meanwhile, 0 to 1. */
export type Rest = (milliseconds: number) => Promise<number>;

/** Batches of a kind in one run: whoever runs it asks again, with the time of then, while there is something left. */
const mostBatches = 200;
/** Looking for all kinds of live sessions reads many rows; a stream of changes is gathered for so long. */
const betweenChangesMs = 30_000;
const lookAgainAfter = seconds(60);

/**
 * Records the ends that nobody asked about, soon after they pass, and deletes what is past its retention. Any number of
 * nodes may run one: each due session is taken by exactly one of them.
 */
export class Sweeper {
  /** A policy may have been shortened while nobody looked, so the first run looks. */
  #policiesChanged = true;
  #policiesAppliedAt: Instant | undefined;
  #busy = busyAtFirst;

  constructor(
    private readonly store: SweepStore,
    private readonly policies: PolicySource,
    private readonly merged: (session: DueSession['session']) => DueSession['session'],
    private readonly rest: Rest = restOnEventLoop,
  ) {}

  /** From the next run on, sessions that a shorter policy ends earlier are looked at earlier. */
  policiesChanged(): void {
    this.#policiesChanged = true;
  }

  /** One run, which stops early once `signal` is aborted; whether it left something for the next one, which may begin at once. */
  async run(now: Instant, signal?: AbortSignal): Promise<boolean> {
    await this.#applyPolicies(now);
    const faults: unknown[] = [];
    const judged = (due: DueSession) =>
      this.#verdict(due, now).catch((error: unknown) => {
        // One session that cannot be judged, say because its policy cannot be read, must not keep the others alive.
        faults.push(error);
        return { checkAfter: plus(now, lookAgainAfter) };
      });
    // A batch of settling is of one mass end, and there may be others behind a small one.
    const left = [
      await this.#batches(
        (most) => this.store.settle(now, most),
        () => true,
        signal,
      ),
      await this.#batches((most) => this.store.sweep(now, most, judged), isFull, signal),
      await this.#batches((most) => this.store.prune(now, most), isFull, signal),
    ];
    if (faults.length > 0) throw faults[0];
    return left.includes(true);
  }

  /** Works in batches, at the pace for which others leave room, while there may be more after the last one; whether there still may be. */
  async #batches(
    work: (most: number) => Promise<number>,
    mayBeMore: (handled: number, most: number) => boolean,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    for (let round = 0; round < mostBatches; round++) {
      if (signal?.aborted) return false;
      const pace = paceBeside(this.#busy);
      const begun = performance.now();
      const handled = await work(pace.size);
      if (handled === 0 || !mayBeMore(handled, pace.size)) return false;
      const seen = await this.rest(restAfter(pace, performance.now() - begun));
      this.#busy = busyLately(this.#busy, seen);
    }
    return true;
  }

  async #applyPolicies(now: Instant): Promise<void> {
    const last = this.#policiesAppliedAt;
    if (!this.#policiesChanged || (last !== undefined && elapsedMs(last, now) < betweenChangesMs)) return;
    this.#policiesChanged = false;
    this.#policiesAppliedAt = now;
    try {
      for (const lineage of await this.store.lineages()) {
        const policy = await this.policies.effectivePolicy(lineage.clientId, lineage.resources);
        const { inactivityTimeout, absoluteLifetime } = policy;
        await this.store.bringForward({ inactivityTimeout, absoluteLifetime, ...lineage });
      }
    } catch (error) {
      this.#policiesChanged = true;
      throw error;
    }
  }

  async #verdict(found: DueSession, now: Instant): Promise<End | { readonly checkAfter: Instant }> {
    const session = this.merged(found.session);
    const killer = killedBy(session, found.notBefore);
    if (killer) return { id: session.id, reason: killer, at: now, detail: {} };
    const policy = await this.policies.effectivePolicy(session.clientId, session.resources);
    const decision = decideAccess(session, policy, now);
    if (decision.kind === 'end') {
      return {
        id: session.id,
        reason: decision.reason,
        at: now,
        detail: {},
        ifLastActiveAt: session.lastActiveAt,
      };
    }
    return { checkAfter: deadlines(session, policy).expiresAt };
  }
}

const isFull = (handled: number, most: number): boolean => handled >= most;

async function restOnEventLoop(milliseconds: number): Promise<number> {
  const before = performance.eventLoopUtilization();
  await pause(milliseconds, undefined, { ref: false });
  return performance.eventLoopUtilization(before).utilization;
}
