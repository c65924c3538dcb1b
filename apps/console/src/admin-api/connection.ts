import { useSyncExternalStore } from 'react';

// Whether the admin API answers. A request without an answer raises the question, and a probe that keeps no session awake settles it: one
// operation alone may be overloaded while all others go on.

/** How often a lost connection is tried again. Milliseconds. */
const retryMs = 2_000;
/** How often a page that somebody looks at makes sure of the connection. Milliseconds. */
const watchMs = 15_000;
/** An answer that takes longer than this is none. Milliseconds. */
const maxWaitMs = 5_000;

let isLost = false;
let probing = false;
let catchingUp = false;
let reread: () => Promise<unknown> = async () => undefined;
const listeners = new Set<() => void>();

/** Whether an answer comes from something before the admin API that cannot reach it, or from an admin API that cannot work. */
const isAway = (status: number): boolean => status === 502 || status === 503 || status === 504;

/** Takes note of an answer, or that none came (`undefined`). */
export function noteAnswer(status: number | undefined): void {
  if (status === undefined || isAway(status)) void probe();
}

/** Whether questions are asked again after a loss: nobody asked them with their own hands, so they keep no session awake. */
export const isCatchingUp = (): boolean => catchingUp;

async function probe(): Promise<void> {
  if (probing) return;
  probing = true;
  const answer = await askWhetherItAnswers().catch(() => undefined);
  probing = false;
  const wasLost = isLost;
  setLost(answer === undefined || isAway(answer.status));
  if (isLost) window.setTimeout(probe, retryMs);
  else if (wasLost && answer?.ok) await catchUp();
  // The token became old meanwhile, and only somebody who is there may have it refreshed.
  else if (wasLost) whenTouched(() => void reread().catch(() => undefined));
}

function whenTouched(then: () => void): void {
  const touched = new AbortController();
  const once = () => {
    touched.abort();
    then();
  };
  for (const event of ['pointerdown', 'keydown'])
    window.addEventListener(event, once, { signal: touched.signal });
}

async function askWhetherItAnswers(): Promise<Response> {
  const answer = await fetch('/v1/caller', {
    headers: { 'X-Session-Activity': 'passive' },
    signal: AbortSignal.timeout(maxWaitMs),
  });
  // An answer that breaks off is none, and one that is not read keeps its connection.
  await answer.text();
  return answer;
}

/** Reads again what the page shows: it may have changed while nobody could ask. */
async function catchUp(): Promise<void> {
  catchingUp = true;
  await reread().catch(() => undefined);
  catchingUp = false;
}

function setLost(next: boolean): void {
  if (next === isLost) return;
  isLost = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Watches the connection while the page is looked at, and has the page read again after a loss. Returns the end of the watch. */
export function watchConnection(readAgain: () => Promise<unknown>): () => void {
  reread = readAgain;
  const look = () => {
    if (document.visibilityState === 'visible') void probe();
  };
  const timer = window.setInterval(look, watchMs);
  window.addEventListener('offline', look);
  document.addEventListener('visibilitychange', look);
  return () => {
    window.clearInterval(timer);
    window.removeEventListener('offline', look);
    document.removeEventListener('visibilitychange', look);
  };
}

/** Whether the connection to the admin API is lost. */
export const useConnectionLost = (): boolean => useSyncExternalStore(subscribe, () => isLost);
