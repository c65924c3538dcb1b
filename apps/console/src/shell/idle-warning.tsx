import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { callerQuery } from '../admin-api/caller.js';
import { useServerNow } from '../admin-api/server-time.js';
import { askForClocks, sessionClock } from '../admin-api/session-clock.js';
import { durationWords } from '../elements/durations.js';

/** How often the time that is left is read out. Seconds. */
const saidEvery = 30;

/** How often the gateway is asked while the warning stands; the question is no activity. Milliseconds. */
const lookMs = 2_000;

/**
 * Warns before the session ends by silence, and keeps it with one key (WCAG 2.2.1). The page stays usable meanwhile, and the time is read
 * out in steps, not every second.
 */
export function IdleWarning() {
  const clock = useSyncExternalStore(sessionClock.subscribe, sessionClock.now);
  const queries = useQueryClient();
  const [isSure, setSure] = useState(false);
  useServerNow();
  const now = performance.now();
  const isDue = clock !== undefined && now >= clock.warnAt && now < clock.idleAt;
  useEffect(() => {
    setSure(false);
    if (!isDue) return;
    // Another window may keep the session awake, and the gateway may know of an activity a moment later.
    const look = () => void askForClocks().then(() => setSure(true));
    look();
    const timer = window.setInterval(look, lookMs);
    return () => window.clearInterval(timer);
  }, [isDue]);
  if (!isDue || !isSure) return null;
  const left = Math.ceil((clock.idleAt - now) / 1000);
  const said = Math.ceil(left / saidEvery) * saidEvery;
  return (
    <section className="idle-warning" aria-label="Your session">
      <p role="alert">You will be signed out in {durationWords(said)} unless you go on.</p>
      <p aria-hidden="true" className="left">
        {left} s
      </p>
      <button type="button" onClick={() => queries.fetchQuery({ ...callerQuery, staleTime: 0 })}>
        Stay signed in
      </button>
    </section>
  );
}
