import { Link } from '@tanstack/react-router';
import { memo, type ReactNode, useEffect, useState } from 'react';
import { useClientName } from '../admin-api/names.js';
import { useServerNow } from '../admin-api/server-time.js';
import { exactWords, timeOfDayWords } from '../elements/durations.js';
import { Icon } from '../elements/icon.js';
import { Empty } from '../elements/states.js';
import { eventLook, eventWords } from './event-words.js';
import type { FeedView } from './feed-reader.js';
import type { FeedEvent } from './feed-state.js';
import { sumsOf, totalOf } from './per-second.js';

/** Lines that are shown at once. */
const maxLines = 60;
/** The rate of events is that of the last seconds. */
const rateSeconds = 10;

interface FeedListProps {
  readonly view: FeedView;
  /** A remark on an event, for a page that knows more about it. */
  readonly remarkOn?: (event: FeedEvent) => string | undefined;
  /** The advice for people who see an empty list. */
  readonly children: ReactNode;
}

/** Events as they come. The list stands still while somebody points at it or has paused it, and says how many wait. */
export function FeedList({ view, remarkOn, children }: FeedListProps) {
  const [isPaused, setPaused] = useState(false);
  const [isHeld, setHeld] = useState(false);
  const [shown, setShown] = useState<readonly FeedEvent[]>([]);
  const stands = isPaused || isHeld;
  useEffect(() => {
    if (!stands) setShown(view.events.slice(0, maxLines));
  }, [stands, view.events]);
  const nameOf = useClientName(shown.map(({ client_id }) => client_id));
  const first = shown[0]?.id;
  const at = first === undefined ? view.events.length : view.events.findIndex(({ id }) => id === first);
  const waiting = at === -1 ? view.events.length : at;
  return (
    <section className="card feed" aria-label="Events">
      <FeedHeader
        view={view}
        isPaused={isPaused}
        stands={stands}
        waiting={waiting}
        onShow={() => setShown(view.events.slice(0, maxLines))}
        onPause={() => setPaused(!isPaused)}
      />
      {shown.length === 0 && (
        <Empty title="Nothing has happened since you opened this.">
          <p>{children}</p>
        </Empty>
      )}
      <ol
        onPointerEnter={() => setHeld(true)}
        onPointerLeave={() => setHeld(false)}
        onFocus={() => setHeld(true)}
        onBlur={() => setHeld(false)}
      >
        {shown.map((event) => (
          <FeedLine
            key={event.id}
            event={event}
            client={event.client_id === null ? null : nameOf(event.client_id)}
            remark={remarkOn?.(event)}
          />
        ))}
      </ol>
    </section>
  );
}

interface FeedHeaderProps {
  readonly view: FeedView;
  readonly isPaused: boolean;
  readonly stands: boolean;
  /** Events that came since the list stands still. */
  readonly waiting: number;
  readonly onShow: () => void;
  readonly onPause: () => void;
}

/** The pace of the events, how many wait, and the pause. */
function FeedHeader({ view, isPaused, stands, waiting, onShow, onPause }: FeedHeaderProps) {
  const now = Math.floor(useServerNow() / 1000);
  const rate = totalOf(sumsOf(view.perSecond.all, now, rateSeconds)) / rateSeconds;
  return (
    <header className="heading">
      <h2>
        Events{' '}
        <span className="small quiet cadence">
          {rate.toLocaleString(undefined, { maximumFractionDigits: 1 })} a second
          {stands && ', standing still'}
        </span>
      </h2>
      <div className="actions">
        {stands && waiting > 0 && (
          <button type="button" className="compact" onClick={onShow}>
            {waiting} new
          </button>
        )}
        <button type="button" className="plain compact" aria-pressed={isPaused} onClick={onPause}>
          <Icon name={isPaused ? 'play' : 'pause'} />
          {isPaused ? 'Go on' : 'Pause'}
        </button>
      </div>
    </header>
  );
}

interface FeedLineProps {
  readonly event: FeedEvent;
  readonly client: string | null;
  readonly remark: string | undefined;
}

/** An event never changes, so a line that stays is not drawn again. */
const FeedLine = memo(({ event, client, remark }: FeedLineProps) => {
  const who = [event.username, client].filter(Boolean).join(' · ');
  return (
    <li className={eventLook(event)}>
      <time dateTime={event.at} title={exactWords(event.at)} className="quiet small">
        {timeOfDayWords(event.at)}
      </time>
      <span>
        <span className="strong">{eventWords(event)}</span>
        {who && <span className="quiet"> {who}</span>}
        {remark && <span className="remark"> {remark}</span>}
      </span>
      {event.session_id && (
        <Link to="/sessions/$id" params={{ id: event.session_id }} className="small">
          session
        </Link>
      )}
    </li>
  );
});
