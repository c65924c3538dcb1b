/** Something that a node keeps in memory of rows that others write. */
export interface Kept {
  /** Reads it: at the start, whenever a change is announced or may have been missed, and now and then besides. */
  load(): Promise<void>;
}

/** Rows that a node keeps so, with the channel on which changes of them are announced, and their name in the log. */
export interface AnnouncedRows {
  readonly channel: string;
  readonly subject: string;
  readonly rows: Kept;
}

/** Reads such rows one read at a time, so that the newest state is the one that stays. */
export class KeptRows implements Kept {
  #underWay: Promise<unknown> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(private readonly read: () => Promise<void>) {}

  /** A read that is under way may have missed the change: all who ask meanwhile share the one after it. */
  load(): Promise<void> {
    this.#next ??= this.#readNext();
    return this.#next;
  }

  async #readNext(): Promise<void> {
    await this.#underWay;
    this.#next = undefined;
    const reading = this.read();
    this.#underWay = reading.catch(() => {});
    await reading;
  }
}
