import type { Counts } from './counts.js';
import { countWithin, sumOf } from './counts.js';

/** The windows in which a return after a timeout is looked for, in seconds. */
export const funnelWindows = [120, 600, 3_600, 28_800] as const;

/** How many people came how far within a window, of those whose session a timeout ended. */
export interface FunnelWindow {
  readonly withinSeconds: number;
  readonly ended: number;
  /** The sign-in page was shown to the same browser and client. */
  readonly shown: number;
  /** The password was right. */
  readonly proved: number;
  /** A session of the same account and client began. */
  readonly resumed: number;
}

/** The funnel after a timeout, window by window. */
export const funnelOf = ({ cut, shown, proved, resumed }: Counts): readonly FunnelWindow[] =>
  funnelWindows.map((withinSeconds) => ({
    withinSeconds,
    ended: sumOf(cut),
    shown: countWithin(shown, withinSeconds),
    proved: countWithin(proved, withinSeconds),
    resumed: countWithin(resumed, withinSeconds),
  }));
