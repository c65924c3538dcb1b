import './feed.css';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { callerQuery, useCaller, useMay } from '../admin-api/caller.js';
import { Empty } from '../elements/states.js';
import { FeedReader, type FeedStatus, type FeedView } from './feed-reader.js';

/** The events of the installation as a page follows them. */
export interface LiveFeed {
  /** Whether the operator has the scope that events need. */
  readonly mayRead: boolean;
  readonly view: FeedView;
  /** Asks for the events again after the session of the operator was asleep. */
  readonly wake: () => void;
}

/** Follows the events for as long as the page is open. */
export function useLiveFeed(): LiveFeed {
  const mayRead = useMay('events:read');
  // Nothing is asked for before it is known that it is not refused: a page without the list says nothing of the refusal.
  const isKnown = useCaller() !== undefined;
  const queries = useQueryClient();
  const [reader] = useState(() => new FeedReader());
  const view = useSyncExternalStore(reader.subscribe, reader.view);
  useEffect(() => (mayRead && isKnown ? reader.start() : undefined), [reader, mayRead, isKnown]);
  const wake = () =>
    void queries
      .fetchQuery({ ...callerQuery, staleTime: 0 })
      .then(() => reader.resume())
      .catch(() => undefined);
  useWakeOnActivity(view.status === 'asleep', wake);
  return { mayRead, view, wake };
}

/** Somebody who comes back and touches anything is at work again: the stream goes on. Looking on alone keeps no session awake. */
function useWakeOnActivity(isAsleep: boolean, wake: () => void): void {
  useEffect(() => {
    if (!isAsleep) return;
    const stop = new AbortController();
    for (const event of ['pointerdown', 'keydown'])
      window.addEventListener(event, wake, { once: true, signal: stop.signal });
    return () => stop.abort();
  });
}

/** Says which scope is missing to see events. */
export function MayNotReadEvents() {
  return (
    <Empty title="You cannot see events.">
      <p>
        They need the scope <code>events:read</code>. An operator who has it can grant it.
      </p>
    </Empty>
  );
}

const words: Readonly<Record<FeedStatus, string>> = {
  connecting: 'connecting',
  live: 'live',
  lost: 'connection lost, trying again',
  asleep: 'asleep while you were away',
  forbidden: 'not allowed',
};

/** Says whether events arrive, and offers to go on where they do not. */
export function FeedStanding({ feed: { view, wake } }: { readonly feed: LiveFeed }) {
  const { status } = view;
  return (
    <span role="status" className="feed-status">
      <span className={`badge ${status === 'live' ? 'good' : status === 'connecting' ? '' : 'bad'}`}>
        {words[status]}
      </span>
      {status === 'asleep' && (
        <button type="button" className="plain compact" onClick={wake}>
          Go on
        </button>
      )}
    </span>
  );
}
