/** How many sessions a sweeper takes at a time, and which part of the time it works. */
export interface SweepPace {
  readonly size: number;
  readonly share: number;
}

/** Beside others: so few that a refresh which comes meanwhile hardly waits, and a tenth of the time. */
const beside: SweepPace = { size: 25, share: 0.1 };
/**
 * When nothing else runs: a batch is large enough that its fixed cost is next to nothing for each session. It takes half of the time,
 * because other work may come.
 */
const alone: SweepPace = { size: 200, share: 0.5 };
/** The share of the event loop from which other work has precedence. About two hundred refreshes a second take that much. */
const manyOthers = 0.1;
/** Five hundred a second: that number of ends is recorded in time, however busy the process is. */
const slowestMsEach = 2;
/** One rest is short and may have seen nothing but a collection of garbage, so those before it count, too. */
const weight = 0.3;

/** The share that a sweeper assumes before it has measured anything. */
export const busyAtFirst = manyOthers;

/** The pace beside others who keep the event loop `busy` (0 to 1). */
export function paceBeside(busy: number): SweepPace {
  const calm = Math.max(0, 1 - busy / manyOthers);
  return {
    size: Math.round(beside.size + calm * (alone.size - beside.size)),
    share: beside.share + calm * (alone.share - beside.share),
  };
}

/**
 * Milliseconds to rest after a batch that took so long. A batch that waited long itself is followed by a long rest; but at least five hundred
 * sessions are taken a second, unless that means more than half of the time.
 */
export function restAfter({ size, share }: SweepPace, tookMs: number): number {
  const longest = Math.max(tookMs, size * slowestMsEach - tookMs);
  return Math.min(tookMs * (1 / share - 1), longest);
}

/** How busy others are, after a rest in which they were as busy as `seen`. */
export const busyLately = (before: number, seen: number): number => before + weight * (seen - before);
