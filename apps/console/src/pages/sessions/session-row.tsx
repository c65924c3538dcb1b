import { Link } from '@tanstack/react-router';
import { useServerNow } from '../../admin-api/server-time.js';
import { Username } from '../../elements/author.js';
import { durationWords } from '../../elements/durations.js';
import { Time } from '../../elements/time.js';
import { isGrave, reasonWords } from '../../elements/words.js';
import { deviceWords, placeWords } from './origin.js';
import type { Session } from './session-queries.js';
import type { SessionSearch } from './session-search.js';

interface SessionRowProps {
  readonly session: Session;
  readonly search: SessionSearch;
  /** The instant at which the row was read, from which its clocks go on. */
  readonly readAt: number;
  readonly isOwn: boolean;
  readonly isOpen: boolean;
}

/** A session in the list: one link that spans the row. */
export function SessionRow({ session, search, readAt, isOwn, isOpen }: SessionRowProps) {
  const { signals } = session;
  return (
    <Link
      to="/sessions/$id"
      params={{ id: session.id }}
      search={search}
      className="row"
      data-row={session.id}
      aria-current={isOpen ? 'true' : undefined}
    >
      <span className="cell">
        <span className="strong" title={session.username ?? undefined}>
          {session.username ? <Username name={session.username} /> : 'deleted account'}{' '}
          {isOwn && <span className="badge good">you</span>}
        </span>
        <span className="small quiet mono">{session.account_id.slice(0, 8)}</span>
      </span>
      <span className="cell">
        <span>{session.client_name ?? session.client_id}</span>
        <span className="small quiet mono">{session.client_id}</span>
      </span>
      <span className="cell">
        <State session={session} readAt={readAt} />
      </span>
      <span className="cell">
        <span>
          <Time at={session.last_active_at} />
        </span>
        <span className="small quiet">
          since <Time at={session.started_at} />
        </span>
      </span>
      <span className="cell">
        <span>{deviceWords(signals)}</span>
        <span className="small quiet">{placeWords(signals) || 'an unknown address'}</span>
      </span>
    </Link>
  );
}

function State({ session, readAt }: Pick<SessionRowProps, 'session' | 'readAt'>) {
  const now = useServerNow();
  if (session.ended_at && session.end_reason)
    return (
      <>
        <span>
          <span className={`badge ${isGrave(session.end_reason) ? 'bad' : ''}`}>
            {reasonWords(session.end_reason)}
          </span>
        </span>
        <span className="small quiet">
          <Time at={session.ended_at} />
          {session.ended_by?.username && (
            <>
              {' by '}
              <Username name={session.ended_by.username} />
            </>
          )}
        </span>
      </>
    );
  const passed = Math.max(0, (now - readAt) / 1000);
  const idle = session.idle_expires_in - passed;
  const absolute = session.absolute_expires_in - passed;
  const left = Math.min(idle, absolute);
  return (
    <>
      <span>
        <span className={`badge ${left > 0 ? 'good' : ''}`}>{left > 0 ? 'live' : 'its time is over'}</span>
        {session.step_up_pending && <span className="badge bad">step-up pending</span>}
      </span>
      {left > 0 && (
        <span className="small quiet">
          {durationWords(left)} left {idle <= absolute ? 'without activity' : 'in any case'}
        </span>
      )}
    </>
  );
}
