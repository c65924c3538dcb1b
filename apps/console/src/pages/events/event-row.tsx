import { Link } from '@tanstack/react-router';
import { useClientName } from '../../admin-api/names.js';
import { ActorName } from '../../elements/author.js';
import { exactWords } from '../../elements/durations.js';
import { Time } from '../../elements/time.js';
import { eventLook, eventWords } from '../../feed/event-words.js';
import type { PastEvent } from './event-queries.js';

/** The address that an event tells of: that of its request, of what was counted, or of its actor. */
export function addressOf({ data, by }: PastEvent): string | null {
  const { signals, ip } = data as { signals?: { ip?: string | null }; ip?: string | null };
  return signals?.ip ?? ip ?? by?.ip ?? null;
}

/** An event as a line that opens to everything that was recorded about it. */
export function EventRow({ event }: { readonly event: PastEvent }) {
  const nameOf = useClientName([event.client_id]);
  const who = [event.username, event.client_id && nameOf(event.client_id)].filter(Boolean).join(' · ');
  return (
    <li className={eventLook(event)}>
      <details>
        <summary data-row={event.id}>
          <span className="quiet small when">
            <Time at={event.at} />
          </span>
          <span className="about">
            <span className="strong">{eventWords(event)}</span>
            {who && <span className="quiet"> {who}</span>}
          </span>
          <span className="quiet small from">{addressOf(event)}</span>
        </summary>
        <EventFacts event={event} />
      </details>
    </li>
  );
}

function EventFacts({ event }: { readonly event: PastEvent }) {
  const { account_id: account, client_id: client, session_id: session, by } = event;
  const nameOf = useClientName([client]);
  return (
    <dl className="facts small">
      <dt>exactly</dt>
      <dd>{exactWords(event.at)}</dd>
      {account && (
        <>
          <dt>person</dt>
          <dd>
            <Link to="/events" search={{ account }}>
              {event.username ?? 'deleted account'}
            </Link>{' '}
            <code className="quiet">{account}</code>
          </dd>
        </>
      )}
      {client && (
        <>
          <dt>application</dt>
          <dd>
            <Link to="/events" search={{ client }}>
              {nameOf(client)}
            </Link>{' '}
            <code className="quiet">{client}</code>
          </dd>
        </>
      )}
      {session && (
        <>
          <dt>session</dt>
          <dd>
            <Link to="/sessions/$id" params={{ id: session }}>
              {session}
            </Link>
          </dd>
        </>
      )}
      {by && (
        <>
          <dt>by</dt>
          <dd>
            <ActorName by={by} />
            {by.ip && ` from ${by.ip}`}
          </dd>
        </>
      )}
      <dt>recorded</dt>
      <dd>
        <pre className="mono">{JSON.stringify(event.data, null, 2)}</pre>
      </dd>
    </dl>
  );
}
