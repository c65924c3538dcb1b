import './now.css';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { adminApi, bodyOf, passive } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import { Failed } from '../../elements/states.js';
import { FeedList } from '../../feed/feed-list.js';
import { FeedStanding, MayNotReadEvents, useLiveFeed } from '../../feed/live-feed.js';
import { Alerts } from './alerts.js';
import { EndEverything } from './end-everything.js';
import { EndsPicture } from './ends-picture.js';
import { Followers } from './followers.js';
import { Refusals } from './refusals.js';
import { Tiles } from './tiles.js';

/** Figures are asked for so often while somebody looks at the page. Milliseconds. */
const figuresEvery = 10_000;

/** The installation at this moment: events as they happen, ends by reason, and how fast each follower denies. */
export function NowPage() {
  const feed = useLiveFeed();
  const { mayRead, view } = feed;
  const [isEnding, setEnding] = useState(false);
  const stats = useQuery({
    queryKey: ['stats'],
    enabled: mayRead,
    refetchInterval: figuresEvery,
    queryFn: () => bodyOf(adminApi.GET('/v1/stats', passive)),
  });
  if (!mayRead) return <MayNotReadEvents />;
  return (
    <>
      <div className="heading">
        <h1>Now</h1>
        <div className="actions">
          <FeedStanding feed={feed} />
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
        <FeedList view={view}>
          Sign in somewhere, or{' '}
          <Link to="/scenarios" search={{ scenario: 'stolen-token' }}>
            play a scenario
          </Link>
          .
        </FeedList>
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
