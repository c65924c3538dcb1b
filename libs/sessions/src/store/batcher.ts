/** How many batches may be under way at once, and how large one may be. */
export interface BatchLimits {
  readonly inFlight: number;
  readonly largest: number;
}

interface Waiting<Item, Outcome> {
  readonly item: Item;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * While one statement is under way, what comes next waits and goes together in the following one. An idle server gains no
 * latency; a busy one shares the round trip, the commit and the overhead of the driver among many.
 */
export class Batcher<Item, Outcome> {
  #waiting: Waiting<Item, Outcome>[] = [];
  #underWay = 0;

  /** `run` answers for each item, in their order. If it fails for several, each is run alone, so that one cannot fail the others. */
  constructor(
    private readonly run: (items: readonly Item[]) => Promise<readonly Outcome[]>,
    private readonly limits: BatchLimits,
    private readonly isEveryonesFault: (error: unknown) => boolean,
  ) {}

  /** Resolves with the item's own outcome. */
  submit(item: Item): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#underWay >= this.limits.inFlight || this.#waiting.length === 0) return;
    const batch = this.#waiting.splice(0, this.limits.largest);
    this.#underWay += 1;
    void this.#carryOut(batch).finally(() => {
      this.#underWay -= 1;
      this.#next();
    });
  }

  async #carryOut(batch: readonly Waiting<Item, Outcome>[]): Promise<void> {
    try {
      const outcomes = await this.run(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(outcomes[index]!);
    } catch (error) {
      if (batch.length === 1 || this.isEveryonesFault(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      await Promise.all(batch.map((one) => this.#carryOut([one])));
    }
  }
}
