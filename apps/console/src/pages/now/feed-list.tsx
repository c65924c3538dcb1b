import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useClientName } from '../../admin-api/names.js';
import { timeOfDayWords } from '../../elements/durations.js';
import { Icon } from '../../elements/icon.js';
import { Empty } from '../../elements/states.js';
import { eventLook, eventWords } from './event-words.js';
import type { FeedView } from './feed-reader.js';
import type { FeedEvent } from './feed-state.js';

/** Lines that are shown at once. */
const maxLines = 60;

/** Events as they come. The list stands still while somebody points at it or has paused it, and says how many wait. */
export function FeedList({ view }: { readonly view: FeedView }) {
  const [isPaused, setPaused] = useState(false);
  const [isHeld, setHeld] = useState(false);
  const [shown, setShown] = useState<readonly FeedEvent[]>([]);
  const stands = isPaused || isHeld;
  useEffect(() => {
    if (!stands) setShown(view.events.slice(0, maxLines));
  }, [stands, view.events]);
  const first = shown[0]?.id;
  const at = first === undefined ? view.events.length : view.events.findIndex(({ id }) => id === first);
  const waiting = at === -1 ? view.events.length : at;
  return (
    <section className="card feed" aria-label="Events">
      <header className="heading">
        <h2>Events</h2>
        <div className="actions">
          {stands && waiting > 0 && (
            <button
              type="button"
              className="compact"
              onClick={() => setShown(view.events.slice(0, maxLines))}
            >
              {waiting} new
            </button>
          )}
          <button
            type="button"
            className="plain compact"
            aria-pressed={isPaused}
            onClick={() => setPaused(!isPaused)}
          >
            <Icon name={isPaused ? 'play' : 'pause'} />
            {isPaused ? 'Go on' : 'Pause'}
          </button>
        </div>
      </header>
      {shown.length === 0 && (
        <Empty title="Nothing has happened since you opened this.">
          <p>
            Sign in somewhere, or play a scenario: <code>npx curfew scenario run stolen-token</code>
          </p>
        </Empty>
      )}
      <ol onPointerEnter={() => setHeld(true)} onPointerLeave={() => setHeld(false)}>
        {shown.map((event) => (
          <FeedLine key={event.id} event={event} />
        ))}
      </ol>
    </section>
  );
}

function FeedLine({ event }: { readonly event: FeedEvent }) {
  const nameOf = useClientName();
  const who = [event.username, event.client_id && nameOf(event.client_id)].filter(Boolean).join(' · ');
  return (
    <li className={eventLook(event)}>
      <time dateTime={event.at} className="quiet small">
        {timeOfDayWords(event.at)}
      </time>
      <span>
        <span className="strong">{eventWords(event)}</span>
        {who && <span className="quiet"> {who}</span>}
      </span>
      {event.session_id && (
        <Link to="/sessions/$id" params={{ id: event.session_id }} className="small">
          session
        </Link>
      )}
    </li>
  );
}
