import { useEffect, useState, useSyncExternalStore } from 'react';

// The time by which sessions end is the installation's. It may be a virtual clock, and clocks of operators are often wrong, so the time of
// the browser is never read: instants are counted from one that the admin API told.

let toldMs = 0;
let toldAt = 0;
let tick = 0;
const listeners = new Set<() => void>();
let timer: number | undefined;

/** Takes the present instant from an answer of the admin API. */
export function noteServerTime(instant: string): void {
  toldMs = Date.parse(instant);
  toldAt = performance.now();
  beat();
}

/** The present instant of the installation, in milliseconds since 1970; 0 before it is known. */
export const serverNow = (): number => (toldMs === 0 ? 0 : toldMs + performance.now() - toldAt);

function beat(): void {
  tick = serverNow();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= window.setInterval(beat, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}

/** The present instant, again every second. */
export const useServerNow = (): number => useSyncExternalStore(subscribe, () => tick);

/** The instant of the installation at which something was read, from the query's `dataUpdatedAt`. */
export function useReadAt(updated: number): number {
  const [readAt, setReadAt] = useState(0);
  useEffect(() => {
    if (updated > 0) setReadAt(serverNow());
  }, [updated]);
  return readAt;
}
