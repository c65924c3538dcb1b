import { setTimeout as after } from 'node:timers/promises';
import { type Finding, wrong } from '@curfew/doctor';
import type { Instant } from '@curfew/session-policy';

/** Findings, with the instant at which their run began. */
export interface Examination {
  readonly at: Instant;
  readonly findings: readonly Finding[];
}

/** The checks by name, in the order in which their findings are listed. */
export type Checks = Readonly<
  Record<string, (now: Instant) => Promise<readonly Finding[]> | readonly Finding[]>
>;

/** Milliseconds: how long a run may take, and how long after it everybody who asks gets its findings. */
const limitsOfRuns = { maxRunMs: 10_000, sharedForMs: 3_000 };

/**
 * Runs the checks for operators (ADR 93). One run is under way at a time, and it takes at most ten seconds. A check that has not ended by
 * then is not started again before it has, so whatever hangs is asked only once.
 */
export class Doctor {
  readonly #unfinished = new Map<string, Promise<readonly Finding[]>>();
  #last: (Examination & { readonly endedAt: number }) | undefined;
  #running: Promise<Examination> | undefined;

  constructor(
    private readonly checks: Checks,
    private readonly log: { warn(details: object, message: string): void },
    private readonly limits = limitsOfRuns,
  ) {}

  /** The findings of a run that is under way, of one that has just ended, or of a new one. */
  async examine(now: Instant): Promise<Examination> {
    if (this.#last && performance.now() - this.#last.endedAt < this.limits.sharedForMs) return this.#last;
    this.#running ??= this.#run(now).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(now: Instant): Promise<Examination> {
    const over = new AbortController();
    const late = after(this.limits.maxRunMs, undefined, { signal: over.signal }).catch(() => {});
    const findings = await Promise.all(
      Object.keys(this.checks).map((name) =>
        Promise.race([this.#begin(name, now), late.then(() => [unanswered(name, this.limits.maxRunMs)])]),
      ),
    );
    over.abort();
    this.#last = { at: now, findings: findings.flat(), endedAt: performance.now() };
    return this.#last;
  }

  #begin(name: string, now: Instant): Promise<readonly Finding[]> {
    const unfinished = this.#unfinished.get(name) ?? this.#look(name, now);
    this.#unfinished.set(name, unfinished);
    return unfinished;
  }

  async #look(name: string, now: Instant): Promise<readonly Finding[]> {
    try {
      return await this.checks[name]!(now);
    } catch (err) {
      this.log.warn({ err, check: name }, 'a check of the doctor failed');
      return [wrong(name, 'could not be looked at', 'look at the log of the admin API')];
    } finally {
      this.#unfinished.delete(name);
    }
  }
}

const unanswered = (name: string, ms: number): Finding =>
  wrong(name, `no answer within ${ms / 1000} seconds`, 'look again; if it stays, look at the load there');
