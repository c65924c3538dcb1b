import { execFile } from 'node:child_process';

/** How the kernel gives processors to the threads of a process: `idle` is what nobody else wants (SCHED_IDLE, sched(7)). */
export type Scheduling = 'idle' | 'other';

/** The dependencies of StandingBack. */
export interface StandingBackParts {
  /** Changes all threads of the process; false where that is not possible or not allowed. */
  readonly change: (scheduling: Scheduling) => Promise<boolean>;
  /** The process has a low priority, waits too long, and may not raise it: on most machines only root may. */
  readonly onStuck: () => void;
  /** Steady milliseconds. */
  readonly now: () => number;
  /** Milliseconds without any answer, while some are due, after which it is starved: one takes 20 to 40 of a core. */
  readonly starvedMs?: number;
}

/** Milliseconds for which hashing takes part like any other work of low priority: in the beginning, and once it was starved. */
const takesPartMs = 10_000;

/**
 * Keeps a hashing process behind everything else that wants a processor, so that a refresh never waits for the slice of a hash to end; a
 * low priority alone does not do that. But not at any price: on a machine that never rests nobody could sign in. So whoever asks looks out
 * for answers that do not come, since the process itself may be too far back to notice, and lets it take part for a while then.
 */
export class StandingBack {
  #isBehind = false;
  #isChanging = false;
  #isUnable = false;
  #waiting = 0;
  #watch: NodeJS.Timeout | undefined;
  #takesPartUntil: number;

  constructor(private readonly parts: StandingBackParts) {
    this.#takesPartUntil = parts.now() + takesPartMs;
  }

  /** Says that something was asked, and how many answers are due now. */
  asked(waiting: number): void {
    this.#waiting = waiting;
    if (!this.#watch) this.#look();
  }

  /** Says that an answer came, and how many are still due. */
  answered(waiting: number): void {
    this.#waiting = waiting;
    this.#look();
    if (!this.#isBehind && this.parts.now() >= this.#takesPartUntil) void this.#change('idle');
  }

  stop(): void {
    this.#isUnable = true;
    clearTimeout(this.#watch);
  }

  #look(): void {
    clearTimeout(this.#watch);
    this.#watch = undefined;
    if (!this.#isBehind || this.#waiting === 0 || this.#isUnable) return;
    this.#watch = setTimeout(() => {
      this.#watch = undefined;
      this.#takesPartUntil = this.parts.now() + takesPartMs;
      void this.#change('other');
    }, this.parts.starvedMs ?? 250);
  }

  async #change(to: Scheduling): Promise<void> {
    if (this.#isChanging || this.#isUnable) return;
    this.#isChanging = true;
    const changed = await this.parts.change(to);
    this.#isChanging = false;
    if (changed) this.#isBehind = to === 'idle';
    else if (to === 'idle') this.#isUnable = true;
    else this.parts.onStuck();
    this.#look();
  }
}

/** Node has no call for it; util-linux has a command. */
export const changeScheduling = (pid: number, scheduling: Scheduling): Promise<boolean> =>
  new Promise((resolve) => {
    if (process.platform !== 'linux') return resolve(false);
    const all = ['--all-tasks', `--${scheduling}`, '--pid', '0', String(pid)];
    execFile('chrt', all, { timeout: 5_000 }, (error) => resolve(error === null));
  });
