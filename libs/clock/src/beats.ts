import { setTimeout as pause } from 'node:timers/promises';
import { steadyClock } from './host-time.js';

/** Milliseconds between two instants at which this process may wake. */
const betweenBeatsMs = 500;
/** A wake-up this much before a beat belongs to that beat: timers fire up to a millisecond early. */
const earlyMs = 5;
/** Processes that started together do not wake together. */
const firstBeatMs = Math.random() * betweenBeatsMs;

/**
 * How long to wait, at most `intervalMs`, for the last beat within the interval. All repeated work of a process wakes at common beats,
 * because a wake-up costs an idle process about as much as the work it wakes for. Work that repeats faster than the beats keeps its interval.
 */
export function waitForBeatMs(intervalMs: number, at = steadyClock()): number {
  if (intervalMs < betweenBeatsMs) return intervalMs;
  const beat = Math.floor((at - firstBeatMs + earlyMs + intervalMs) / betweenBeatsMs);
  return Math.ceil(firstBeatMs + beat * betweenBeatsMs - at);
}

/** Waits until the last beat within `intervalMs`, or until `signal` aborts; does not keep the process alive. */
export const untilBeat = (intervalMs: number, signal: AbortSignal): Promise<void> =>
  pause(waitForBeatMs(intervalMs), undefined, { signal, ref: false }).catch(() => {});
