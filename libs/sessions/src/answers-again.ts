import type { EventLog } from '@curfew/events';
import { elapsedMs, type Instant } from '@curfew/session-policy';
import { siblingLimitOf } from '@curfew/session-policy/siblings';
import type { EffectivePolicy } from '@curfew/session-policy/trial';
import type { OpenedRefreshToken, Presenter } from './refresh-outcome.js';
import { sessionEvent } from './session-events.js';
import type { SessionStore, StoredSession } from './store/session-store.js';

/** A superseded token that is answered all the same: with its successor, or as a sibling's. */
interface Again {
  readonly opened: OpenedRefreshToken;
  readonly presenter: Presenter;
  readonly policy: EffectivePolicy;
  readonly now: Instant;
}

const secondsSinceRotation = ({ rotatedAt }: StoredSession, now: Instant): number =>
  elapsedMs(rotatedAt ?? now, now) / 1000;

/** Counts a retry, if it is one: uses that came in parallel are none, but an end that came first must still win. False where it did. */
export async function answerRetry(
  { store, events }: { readonly store: SessionStore; readonly events: EventLog },
  counts: boolean,
  { opened: { session }, presenter, now }: Again,
): Promise<boolean> {
  const { id, generation } = session;
  const stands = counts
    ? await store.countRetry(id, generation, session.retries)
    : await store.stands(id, generation);
  if (!stands) return false;
  const retries = session.retries + (counts ? 1 : 0);
  const { signals } = presenter;
  const retry = { generation, retries, secondsSinceRotation: secondsSinceRotation(session, now), signals };
  events.soon(sessionEvent(session, 'session.refresh_retried', retry, now));
  return true;
}

/** Counts a sibling together with its event. False where the session has ended, moved on or served as many as it may. */
export function serveSibling(
  store: SessionStore,
  { opened: { session, token }, presenter, policy, now }: Again,
): Promise<boolean> {
  const { id, generation } = session;
  const served = {
    presentedGeneration: token.generation,
    currentGeneration: generation,
    secondsSinceRotation: secondsSinceRotation(session, now),
    signals: presenter.signals,
  };
  const event = sessionEvent(session, 'session.sibling_served', served, now);
  return store.countSibling(id, generation, siblingLimitOf(session, policy), [event]);
}
