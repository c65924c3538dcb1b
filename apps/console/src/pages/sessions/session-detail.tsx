import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useCaller } from '../../admin-api/caller.js';
import { serverNow } from '../../admin-api/server-time.js';
import { ActButton } from '../../elements/act-button.js';
import { exactWords } from '../../elements/durations.js';
import { Icon } from '../../elements/icon.js';
import { focusRow } from '../../elements/record.js';
import { Failed, Loading } from '../../elements/states.js';
import { ApiNames } from '../../elements/subject-names.js';
import { Time } from '../../elements/time.js';
import { isGrave, reasonWords } from '../../elements/words.js';
import { useEscape } from '../../shell/keyboard.js';
import { Delegations } from './delegations.js';
import { EndOne } from './end-one.js';
import { originWords } from './origin.js';
import { SameBrowser } from './same-browser.js';
import { SessionClocks } from './session-clocks.js';
import { type SessionDetails, sessionQuery, useBrowserOf } from './session-queries.js';
import { Timeline } from './timeline.js';

/** One session beside the list: its clocks, why it will end when, and what happened to it. */
export function SessionDetail() {
  const { id } = useParams({ from: '/shell/sessions/$id' });
  const search = useSearch({ from: '/shell/sessions' });
  const navigate = useNavigate();
  const found = useQuery(sessionQuery(id));
  const element = useRef<HTMLElement>(null);
  const close = () => {
    void navigate({ to: '/sessions', search }).then(() => focusRow(id));
  };
  useEscape(close);
  useEffect(() => element.current?.focus(), [id]);
  return (
    <section className="detail card stack" aria-label="Session" tabIndex={-1} ref={element}>
      <header>
        <div>
          <h1>{found.data ? (found.data.username ?? 'deleted account') : 'Session'}</h1>
          <p className="small quiet mono">{id}</p>
        </div>
        <button type="button" className="bare" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {found.isPending && <Loading label="Reading the session" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {found.data && <Details session={found.data} updated={found.dataUpdatedAt} />}
    </section>
  );
}

function Details({ session, updated }: { readonly session: SessionDetails; readonly updated: number }) {
  const caller = useCaller();
  const queries = useQueryClient();
  const [isEnding, setEnding] = useState(false);
  const [readAt, setReadAt] = useState(serverNow);
  useEffect(() => setReadAt(serverNow()), [updated]);
  const browser = useBrowserOf(session);
  const isOwn = caller?.session_id === session.id;
  const ended = () => {
    void queries.invalidateQueries({ queryKey: ['session', session.id] });
    void queries.invalidateQueries({ queryKey: ['sessions'] });
  };
  return (
    <>
      {session.state === 'live' ? (
        <SessionClocks session={session} readAt={readAt} />
      ) : (
        <End session={session} />
      )}
      <div className="actions">
        {isOwn && <span className="badge good">this is your own session</span>}
        {session.state === 'live' && !isOwn && (
          <ActButton scope="sessions:end" look="ending" onAct={() => setEnding(true)}>
            End this session …
          </ActButton>
        )}
        <Link to="/sessions" search={{ account: session.account_id }} className="button plain compact">
          All sessions of this person
        </Link>
      </div>
      <Facts session={session} person={browser.data?.signals ?? null} />
      <SameBrowser session={session} browser={browser} />
      <Delegations session={session} />
      <h2>What happened</h2>
      <Timeline session={session} />
      {isEnding && <EndOne session={session} onClose={() => setEnding(false)} onEnded={ended} />}
    </>
  );
}

function End({ session }: { readonly session: SessionDetails }) {
  const reason = session.end_reason ?? '';
  return (
    <div className={`notice ${isGrave(reason) ? 'bad' : ''}`}>
      <p>
        <span className="strong">Ended: {reasonWords(reason)}</span>
        {session.ended_at && (
          <>
            {' '}
            <Time at={session.ended_at} />
          </>
        )}
      </p>
      {session.ended_at && <p className="small">{exactWords(session.ended_at)}</p>}
      {session.end_cause && <p>Evidence: {reasonWords(session.end_cause)}</p>}
      {session.ended_by && (
        <p>
          By {session.ended_by.username ?? session.ended_by.id ?? session.ended_by.kind}
          {session.ended_by.ip && ` from ${session.ended_by.ip}`}
        </p>
      )}
    </div>
  );
}

interface FactsProps {
  readonly session: SessionDetails;
  /** The circumstances of the person at the sign-in page, where they are known. */
  readonly person: SessionDetails['signals'] | null;
}

function Facts({ session, person }: FactsProps) {
  const own = originWords(session.signals);
  const [retries, siblings] = [
    timesOf(session, 'session.refresh_retried'),
    timesOf(session, 'session.sibling_served'),
  ];
  return (
    <dl className="facts">
      <dt>Application</dt>
      <dd>
        {session.client_name ?? session.client_id} <span className="quiet mono">{session.client_id}</span>
      </dd>
      <dt>APIs</dt>
      <dd>{session.resources.length > 0 ? <ApiNames of={session.resources} /> : 'none'}</dd>
      <dt>Signed in</dt>
      <dd>
        <Time at={session.signed_in_at} />
      </dd>
      <dt>Last active</dt>
      <dd>
        <Time at={session.last_active_at} />
      </dd>
      <dt>From</dt>
      <dd>
        {person ? originWords(person) : own}
        {person && originWords(person) !== own && (
          <p className="small quiet">its code was redeemed by {own}</p>
        )}
      </dd>
      <dt>Access</dt>
      <dd className="mono">{session.scope || '–'}</dd>
      <dt>Tokens</dt>
      <dd>
        {session.refreshes === 1 ? 'refreshed once' : `refreshed ${session.refreshes} times`}
        {retries > 0 &&
          `, ${retries === 1 ? 'one retry' : `${retries} retries`} answered with the same tokens`}
        {siblings > 0 &&
          `, siblings were given an access token alone ${siblings === 1 ? 'once' : `${siblings} times`}`}
        {session.sender_constrained && ', bound to a key'}
        {session.offline && ', outlives its browser'}
      </dd>
    </dl>
  );
}

/** How often something harmless happened: the client asked again for what it had got already, or shares its token. */
const timesOf = (
  { timeline }: SessionDetails,
  harmless: 'session.refresh_retried' | 'session.sibling_served',
): number => timeline.filter(({ type }) => type === harmless).reduce((sum, { count }) => sum + count, 0);
