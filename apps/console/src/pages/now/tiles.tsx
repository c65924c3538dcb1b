import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMay } from '../../admin-api/caller.js';
import { adminApi, bodyOf, passive } from '../../admin-api/client.js';
import { useServerNow } from '../../admin-api/server-time.js';
import { percent } from '../../elements/figures.js';
import type { FeedView } from '../../feed/feed-reader.js';
import { shownSeconds, sumsOf, totalOf } from '../../feed/per-second.js';
import type { Stats } from './followers.js';

interface TilesProps {
  readonly sessions: Stats['sessions'] | undefined;
  readonly perSecond: FeedView['perSecond'];
}

/** The figures of this moment. */
export function Tiles({ sessions, perSecond }: TilesProps) {
  const now = Math.floor(useServerNow() / 1000);
  const endedToday = Object.values(sessions?.ended_last_24h ?? {}).reduce((sum, count) => sum + count, 0);
  const refreshes = totalOf(sumsOf(perSecond.refreshes, now)) / shownSeconds;
  const refusals = totalOf(sumsOf(perSecond.refusals, now));
  return (
    <dl className="tiles">
      <Tile title="Live sessions">{words(sessions?.live)}</Tile>
      <Tile title="Begun in 24 hours">{words(sessions?.started_last_24h)}</Tile>
      <Tile title="Ended in 24 hours">{words(sessions && endedToday)}</Tile>
      <Tile title="Refreshes a second, last minute">
        {refreshes.toLocaleString(undefined, { maximumFractionDigits: 1 })}
      </Tile>
      <Tile title="Refused in the last minute">{words(refusals)}</Tile>
      <FalseTheftTile />
    </dl>
  );
}

const words = (value: number | undefined): string => value?.toLocaleString() ?? '–';

/** The share of people who were taken for thieves, over four weeks. */
function FalseTheftTile() {
  const mayRead = useMay('policies:read');
  const ends = useQuery({
    queryKey: ['insight', 'reuse ends', 'now'],
    enabled: mayRead,
    queryFn: () => bodyOf(adminApi.GET('/v1/insight/reuse-ends', passive)),
  });
  return (
    <Tile title="Ends for theft that met the person, 28 days">
      {ends.data ? (
        <Link to="/insight">
          {ends.data.ends === 0 ? 'none' : percent(ends.data.share.value)}
          {ends.data.ends > 0 && <span className="small quiet"> of {ends.data.ends.toLocaleString()}</span>}
        </Link>
      ) : mayRead ? (
        '–'
      ) : (
        <span className="small quiet">
          needs the scope <code>policies:read</code>
        </span>
      )}
    </Tile>
  );
}

function Tile({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="card">
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}
