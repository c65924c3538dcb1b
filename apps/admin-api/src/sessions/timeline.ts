import type { EventType } from '@curfew/session-policy';
import type { StoredSession } from '@curfew/sessions/store';
import { written } from '../contract/wire.js';
import type { TimelineEvent } from './timeline.store.js';

/** An entry of a timeline; several of one frequent kind in a row are one entry. */
export interface TimelineEntry {
  readonly type: string;
  readonly at: string;
  readonly until: string | null;
  readonly count: number;
  readonly data: Readonly<Record<string, unknown>>;
}

const summedUp: ReadonlySet<string> = new Set<EventType>([
  'session.refresh_retried',
  'session.sibling_served',
  'session.risk_observed',
]);

/**
 * The history for people, oldest first: frequent events without consequence are summed up between the others. Refreshes have no event
 * each; the session's own row says how many there were and when the last one was.
 */
export function timelineOf(session: StoredSession, events: readonly TimelineEvent[]): TimelineEntry[] {
  const entries: TimelineEntry[] = [];
  for (const { type, at, data } of events) {
    const last = entries.at(-1);
    if (last && last.type === type && summedUp.has(type)) {
      entries[entries.length - 1] = { ...last, until: at.toISOString(), count: last.count + 1, data };
    } else {
      entries.push(timelineEntryOf({ type, at, data }));
    }
  }
  return [...entries, ...refreshesOf(session)].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** One event as an entry of a history. */
export const timelineEntryOf = ({ type, at, data }: TimelineEvent): TimelineEntry => ({
  type,
  at: at.toISOString(),
  until: null,
  count: 1,
  data,
});

function refreshesOf({ generation, rotatedAt, retries, startedAt }: StoredSession): TimelineEntry[] {
  if (generation === 0 || rotatedAt === null) return [];
  const data = { first_possible_at: written(startedAt), retries_of_the_last: retries };
  return [{ type: 'sessions.refreshed', at: written(rotatedAt), until: null, count: generation, data }];
}
