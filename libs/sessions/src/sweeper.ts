import { setTimeout as pause } from 'node:timers/promises';
import { deadlines, elapsedMs, type Instant, killedBy, plus, seconds } from '@curfew/session-policy';
import type { PolicySource } from './policy-source.js';
import { decideStanding } from './standing.js';
import type { DueSession, End, SweepStore } from './store/session-store.js';

/** Rows taken in one transaction: so few that neither a row nor the event loop is held for long. */
const batch = 100;
/** Batches in one run, so that a backlog does not keep one run going for ever. */
const mostBatches = 500;
/** A backlog is worked off in this part of the time; the rest belongs to those who are waiting for an answer. */
const share = 0.2;
/** Milliseconds; a batch that a busy machine stretched does not stop the work for longer. */
const longestPause = 500;
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

  constructor(
    private readonly store: SweepStore,
    private readonly policies: PolicySource,
    private readonly merged: (session: DueSession['session']) => DueSession['session'],
  ) {}

  /** From the next run on, sessions that a shorter policy ends earlier are looked at earlier. */
  policiesChanged(): void {
    this.#policiesChanged = true;
  }

  /** One run, which stops early once `signal` is aborted; the number of sessions handled. */
  async run(now: Instant, signal?: AbortSignal): Promise<number> {
    await this.#applyPolicies(now);
    const faults: unknown[] = [];
    let handled = 0;
    for (let round = 0; round < mostBatches && !signal?.aborted; round++) {
      const begun = performance.now();
      const settled = await this.store.settle(now, batch);
      const swept = await this.store.sweep(now, batch, (found) =>
        this.#verdict(found, now).catch((error: unknown) => {
          // One session that cannot be judged, say because its policy cannot be read, must not keep the others alive.
          faults.push(error);
          return { checkAfter: plus(now, lookAgainAfter) };
        }),
      );
      const pruned = await this.store.prune(now, batch);
      handled += settled + swept;
      if (settled === 0 && swept < batch && pruned < batch) break;
      const rest = Math.min((performance.now() - begun) * (1 / share - 1), longestPause);
      await pause(rest, undefined, { ref: false });
    }
    if (faults.length > 0) throw faults[0];
    return handled;
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
        await this.store.bringForward({ ...lineage, inactivityTimeout, absoluteLifetime });
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
    const decision = decideStanding(session, policy, now);
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
