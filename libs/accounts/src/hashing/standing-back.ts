import { execFile } from 'node:child_process';

/** How the kernel gives processors to the threads of this process: `idle` is what nobody else wants (SCHED_IDLE, sched(7)). */
export type Scheduling = 'idle' | 'other';

/** What StandingBack works with. */
export interface StandingBackParts {
  /** Changes all threads of this process; false where that is not possible or not allowed. */
  readonly change: (scheduling: Scheduling) => Promise<boolean>;
  /** It stands back, has to wait too long, and may not come forward: who is not root may not, on most machines. */
  readonly onStuck: () => void;
  /** Steady milliseconds. */
  readonly now: () => number;
}

/** Milliseconds after which whoever waits for a hash has waited for others; one takes 20 to 40 of a core. */
const starvedMs = 500;
/** Milliseconds for which hashing then takes part like any other work of low priority, and in the beginning. */
const takesPartMs = 10_000;

/**
 * Keeps this process behind everything else that wants a processor, so that a refresh never waits for the slice of a hash to end; a low
 * priority alone does not do that. But not at any price: on a machine that never rests nobody could sign in, so after a hash that took
 * too long it takes part for a while, at the priority it has.
 */
export class StandingBack {
  #isBehind = false;
  #isChanging = false;
  #isUnable = false;
  #takesPartUntil: number;

  constructor(private readonly parts: StandingBackParts) {
    this.#takesPartUntil = parts.now() + takesPartMs;
  }

  /** Says how many milliseconds a hash took, from being asked for to being there. */
  answered(tookMs: number): void {
    const now = this.parts.now();
    if (tookMs > starvedMs) this.#takesPartUntil = now + takesPartMs;
    const shallStandBack = now >= this.#takesPartUntil;
    if (shallStandBack !== this.#isBehind && !this.#isChanging && !this.#isUnable)
      void this.#change(shallStandBack);
  }

  async #change(toTheBack: boolean): Promise<void> {
    this.#isChanging = true;
    const changed = await this.parts.change(toTheBack ? 'idle' : 'other');
    this.#isChanging = false;
    if (changed) this.#isBehind = toTheBack;
    else if (toTheBack) this.#isUnable = true;
    else this.parts.onStuck();
  }
}

/** Node has no call for it; util-linux has a command. */
export const changeScheduling = (scheduling: Scheduling): Promise<boolean> =>
  new Promise((resolve) => {
    if (process.platform !== 'linux') return resolve(false);
    const all = ['--all-tasks', `--${scheduling}`, '--pid', '0', String(process.pid)];
    execFile('chrt', all, { timeout: 5_000 }, (error) => resolve(error === null));
  });
