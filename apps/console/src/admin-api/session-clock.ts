/** The two clocks of the console's own session, as instants of `performance.now()`. */
export interface SessionClock {
  readonly idleAt: number;
  /** From when on the person should be warned of the end by silence (WCAG 2.2.1). */
  readonly warnAt: number;
  readonly absoluteAt: number;
}

let clock: SessionClock | undefined;
const listeners = new Set<() => void>();

const inMs = (seconds: string | null): number | undefined =>
  seconds === null ? undefined : performance.now() + Number(seconds) * 1000;

/** Takes the clocks from the headers that the gateway adds to every answer. */
export function noteClocks(headers: Headers): void {
  const idleAt = inMs(headers.get('X-Session-Idle-Expires-In'));
  const warnAt = inMs(headers.get('X-Session-Idle-Warning-In'));
  const absoluteAt = inMs(headers.get('X-Session-Expires-In'));
  if (idleAt === undefined || absoluteAt === undefined) return;
  setClock({ idleAt, warnAt: warnAt ?? idleAt, absoluteAt });
}

interface Told {
  readonly signed_in: boolean;
  readonly idle_expires_in?: number | null;
  readonly idle_warning_in?: number | null;
  readonly absolute_expires_in?: number | null;
}

/**
 * Asks the gateway how long the session lasts; another window may have kept it awake. The question is no activity. An access token that
 * has expired says nothing of its session, so `signed_in: false` changes nothing here: the deadlines that are known still hold.
 */
export async function askForClocks(): Promise<void> {
  const answer = await fetch('/.curfew/session').catch(() => undefined);
  const told = answer?.ok ? ((await answer.json()) as Told) : undefined;
  if (!told?.signed_in) return;
  const now = performance.now();
  const at = (seconds: number | null | undefined) => now + (seconds ?? 0) * 1000;
  setClock({
    idleAt: at(told.idle_expires_in),
    warnAt: at(told.idle_warning_in ?? told.idle_expires_in),
    absoluteAt: at(told.absolute_expires_in),
  });
}

function setClock(next: SessionClock): void {
  clock = next;
  for (const listener of listeners) listener();
}

/** For `useSyncExternalStore`. */
export const sessionClock = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  now: (): SessionClock | undefined => clock,
};
