import type { CountedHour, SilenceRecorder } from './recorder.js';

/** The storage that counts are written to; `CountsStore` is one. */
interface CountsSink {
  add(hours: readonly CountedHour[]): Promise<void>;
}

/** How often counts are written; a crash loses the counts of this time. */
export const countsWrittenEveryMs = 10_000;

/** Writes what a recorder has counted. Counts that cannot be written stay in memory within the recorder's bound. */
export class CountsWriter {
  constructor(
    private readonly recorder: SilenceRecorder,
    private readonly store: CountsSink,
    /** Hears how many counts were lost since the last time, and why where something failed. */
    private readonly report: (lost: number, error: unknown) => void,
  ) {}

  /** Writes in one statement what was counted since the last time. Never rejects: nothing waits for statistics. */
  async flush(): Promise<void> {
    const { hours, lost } = this.recorder.take();
    let failure: unknown;
    try {
      if (hours.length > 0) await this.store.add(hours);
    } catch (error) {
      failure = error;
      this.recorder.giveBack(hours);
    }
    if (lost > 0 || failure !== undefined) this.report(lost, failure);
  }
}
