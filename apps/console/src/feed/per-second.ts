/** The counts of one second, by name. */
export interface CountsOfSecond {
  readonly second: number;
  readonly byName: ReadonlyMap<string, number>;
}

/** How many seconds are shown; twice as many are remembered. */
export const shownSeconds = 60;

/** Counts of the last seconds by name, bounded in memory however long a page stays open. */
export class PerSecond {
  #seconds: { second: number; byName: Map<string, number> }[] = [];

  /** The oldest first. */
  get seconds(): readonly CountsOfSecond[] {
    return this.#seconds;
  }

  add(at: string, name: string, count: number): void {
    const second = Math.floor(Date.parse(at) / 1000);
    let found = this.#seconds.findLast((one) => one.second === second);
    if (!found) {
      found = { second, byName: new Map() };
      this.#seconds = [...this.#seconds.filter((one) => one.second > second - 2 * shownSeconds), found];
    }
    found.byName.set(name, (found.byName.get(name) ?? 0) + count);
  }
}

/** The sums of the last seconds before an instant, by name. */
export function sumsOf(
  seconds: readonly CountsOfSecond[],
  now: number,
  length = shownSeconds,
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { second, byName } of seconds)
    if (second > now - length)
      for (const [name, count] of byName) sums.set(name, (sums.get(name) ?? 0) + count);
  return sums;
}

/** All of them together. */
export const totalOf = (sums: ReadonlyMap<string, number>): number =>
  [...sums.values()].reduce((sum, count) => sum + count, 0);
