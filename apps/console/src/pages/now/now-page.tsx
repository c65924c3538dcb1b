import './now.css';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { callerQuery, useMay } from '../../admin-api/caller.js';
import { adminApi, bodyOf, passive } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import { Empty, Failed } from '../../elements/states.js';
import { Alerts } from './alerts.js';
import { EndEverything } from './end-everything.js';
import { EndsPicture } from './ends-picture.js';
import { FeedList } from './feed-list.js';
import { FeedReader, type FeedStatus } from './feed-reader.js';
import { Followers } from './followers.js';
import { Refusals } from './refusals.js';
import { Tiles } from './tiles.js';

/** Figures are asked for so often while somebody looks at the page. Milliseconds. */
const figuresEvery = 10_000;

/** The installation at this moment: events as they happen, ends by reason, and how fast each follower denies. */
export function NowPage() {
  const mayRead = useMay('events:read');
  const [isEnding, setEnding] = useState(false);
  const queries = useQueryClient();
  const [reader] = useState(() => new FeedReader());
  const view = useSyncExternalStore(reader.subscribe, reader.view);
  useEffect(() => (mayRead ? reader.start() : undefined), [reader, mayRead]);
  const stats = useQuery({
    queryKey: ['stats'],
    enabled: mayRead,
    refetchInterval: figuresEvery,
    queryFn: () => bodyOf(adminApi.GET('/v1/stats', passive)),
  });
  const wake = () =>
    void queries
      .fetchQuery({ ...callerQuery, staleTime: 0 })
      .then(() => reader.resume())
      .catch(() => undefined);
  useWakeOnActivity(view.status === 'asleep', wake);
  if (!mayRead) return <MayNotRead />;
  return (
    <>
      <div className="heading">
        <h1>Now</h1>
        <div className="actions">
          <Status status={view.status} onWake={wake} />
          <ActButton scope="sessions:end" look="ending" onAct={() => setEnding(true)}>
            End everything …
          </ActButton>
        </div>
      </div>
      {stats.isError && stats.data === undefined && (
        <Failed error={stats.error} onRetry={() => stats.refetch()} />
      )}
      <Tiles sessions={stats.data?.sessions} perSecond={view.perSecond} />
      <div className="now-grid">
        <FeedList view={view} />
        <div className="stack">
          <EndsPicture ends={view.perSecond.ends} />
          <Refusals refusals={view.perSecond.refusals} />
          <Alerts events={view.events} />
          <Followers stats={stats.data} />
        </div>
      </div>
      {isEnding && <EndEverything onClose={() => setEnding(false)} />}
    </>
  );
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

function MayNotRead() {
  return (
    <Empty title="You cannot see events.">
      <p>
        This page needs the scope <code>events:read</code>. An operator who has it can grant it.
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

function Status({ status, onWake }: { readonly status: FeedStatus; readonly onWake: () => void }) {
  return (
    <span role="status" className="feed-status">
      <span className={`badge ${status === 'live' ? 'good' : status === 'connecting' ? '' : 'bad'}`}>
        {words[status]}
      </span>
      {status === 'asleep' && (
        <button type="button" className="plain compact" onClick={onWake}>
          Go on
        </button>
      )}
    </span>
  );
}
