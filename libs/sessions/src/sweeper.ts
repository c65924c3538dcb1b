import { setTimeout as pause } from 'node:timers/promises';
import { elapsedMs, type Instant, plus, type SessionId, seconds } from '@curfew/session-policy';
import { deadlines, decideAccess, endedBy } from '@curfew/session-policy/standing';
import { shadowMark } from '@curfew/session-policy/trial';
import { endedTrial } from './activity.js';
import type { PolicySource } from './policy-source.js';
import type { End } from './store/session-store.js';
import type { DueSession, Lineage, LookAgain, ShorterLimits, SweepStore } from './store/sweep-store.js';
import { busyAtFirst, busyLately, paceBeside, restAfter } from './sweep-pace.js';

/** Rests for so many milliseconds; says how busy others kept the event loop meanwhile, 0 to 1. */
export type Rest = (milliseconds: number) => Promise<number>;

/** Batches of a kind in one run. While there is something left, the loop runs it again with the time of then. */
const maxBatches = 200;
/** Changed policies are applied by a walk over all sessions; a stream of changes is gathered for so long. */
const betweenChangesMs = 30_000;
const lookAgainAfter = seconds(60);
/** Sessions the walk looks at for each that a batch of the sweep would take: most of them need no change. */
const walkedForEach = 10;
/** Faults of one run that are reported. */
const maxReported = 10;

/**
 * Records the ends that nobody asked about, soon after they pass, and deletes what is past its retention. Any number of
 * nodes may run one: each due session is taken by exactly one of them.
 */
export class Sweeper {
  /** A policy may have been shortened while nobody looked, so the first run looks. */
  #policiesChanged = true;
  #policiesAppliedAt: Instant | undefined;
  /** The walk that applies policies, and the last session it has seen. */
  #walk: { readonly after: SessionId | undefined } | undefined;
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

  /**
   * One run, which stops early once `signal` is aborted; whether it left something for the next one, which may begin at once. Its parts do
   * not depend on each other: one that fails is reported when the others have done their work.
   */
  async run(now: Instant, signal?: AbortSignal): Promise<boolean> {
    const faults: unknown[] = [];
    const judged = (due: DueSession) =>
      this.#verdict(due, now).catch((error: unknown) => {
        // One session that cannot be judged, say because its policy cannot be read, must not keep the others alive.
        faults.push(error);
        return { checkAfter: plus(now, lookAgainAfter) };
      });
    const always = () => true;
    let leftSomething = false;
    const part = async (work: () => Promise<boolean>): Promise<void> => {
      const left = await work().catch((error: unknown) => {
        faults.push(error);
        return false;
      });
      leftSomething ||= left;
    };
    // A batch of settling is of one mass end, and there may be others behind a small one.
    await part(() => this.#batches((max) => this.store.settle(now, max), always, signal));
    await part(() => this.#batches((max) => this.store.sweep(now, max, judged), isFull, signal));
    await part(() => this.#batches((max) => this.store.prune(now, max), isFull, signal));
    await part(() => this.#batches((max) => this.#applyPolicies(now, max, faults), always, signal));
    if (faults.length > 1) throw new AggregateError(faults.slice(0, maxReported), 'parts of a sweep failed');
    if (faults.length > 0) throw faults[0];
    return leftSomething;
  }

  /** Works in batches, at the pace for which others leave room, while there may be more after the last one; whether there still may be. */
  async #batches(
    work: (most: number) => Promise<number>,
    mayBeMore: (handled: number, most: number) => boolean,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    for (let round = 0; round < maxBatches; round++) {
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

  /** One step of the walk over all sessions that follows a change of policies; 0 when there is nothing to do. */
  async #applyPolicies(now: Instant, max: number, faults: unknown[]): Promise<number> {
    if (!this.#walk && !this.#isWalkDue(now)) return 0;
    if (!this.#walk) {
      this.#policiesChanged = false;
      this.#policiesAppliedAt = now;
      this.#walk = { after: undefined };
    }
    const size = max * walkedForEach;
    const after = await this.store.bringForward(this.#walk.after, size, (lineages) =>
      this.#limitsOf(lineages, faults),
    );
    this.#walk = after === undefined ? undefined : { after };
    return after === undefined ? 0 : size;
  }

  #isWalkDue(now: Instant): boolean {
    const last = this.#policiesAppliedAt;
    return this.#policiesChanged && (last === undefined || elapsedMs(last, now) >= betweenChangesMs);
  }

  /** The limits of now. If a policy cannot be read, its sessions stay as they are, and all are walked over once more. */
  async #limitsOf(lineages: readonly Lineage[], faults: unknown[]): Promise<readonly ShorterLimits[]> {
    // All at once: policies that are not in memory are then read with few statements.
    const policies = await Promise.allSettled(
      lineages.map(({ clientId, resources }) => this.policies.policiesByPlace(clientId, resources)),
    );
    return policies.flatMap((policy, index) => {
      if (policy.status === 'fulfilled') {
        return policy.value.map(({ from, to, policy: { inactivityTimeout, absoluteLifetime } }) => ({
          clientId: lineages[index]!.clientId,
          resources: lineages[index]!.resources,
          ...{ from, to, inactivityTimeout, absoluteLifetime },
        }));
      }
      this.#policiesChanged = true;
      faults.push(policy.reason);
      return [];
    });
  }

  async #verdict(found: DueSession, now: Instant): Promise<End | LookAgain> {
    const session = this.merged(found.session);
    const reason = endedBy(session, found.notBefore);
    if (reason) return { id: session.id, reason, at: now, detail: {} };
    const { accountId, clientId, resources } = session;
    const policy = await this.policies.effectivePolicy(clientId, resources, accountId);
    const mark = shadowMark(session, policy, now, false);
    const decision = decideAccess(session, policy, now);
    if (decision.kind === 'end') {
      return {
        id: session.id,
        reason: decision.reason,
        at: now,
        detail: {},
        ifLastActiveAt: session.lastActiveAt,
        mark,
        trial: endedTrial(session, policy, decision.reason, now),
      };
    }
    return { checkAfter: deadlines(session, policy).expiresAt, mark };
  }
}

const isFull = (handled: number, most: number): boolean => handled >= most;

async function restOnEventLoop(milliseconds: number): Promise<number> {
  const before = performance.eventLoopUtilization();
  await pause(milliseconds, undefined, { ref: false });
  return performance.eventLoopUtilization(before).utilization;
}
