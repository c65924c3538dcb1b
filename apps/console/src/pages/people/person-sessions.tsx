import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useMay } from '../../admin-api/caller.js';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { durationWords } from '../../elements/durations.js';
import { EndReasonField, type GivenReason, usualReason } from '../../elements/end-reason-field.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { personBrowsersQuery, personSessionsQuery } from './people-queries.js';

/** The latest live sessions of a person; ending them is the page of sessions' work, with its preview. */
export function PersonSessions({ id }: { readonly id: string }) {
  const mayRead = useMay('sessions:read');
  const found = useQuery({ ...personSessionsQuery(id), enabled: mayRead });
  const sessions = found.data?.items ?? [];
  return (
    <section className="card stack" aria-label="Live sessions">
      <h2>Live sessions</h2>
      {!mayRead && <Unreadable scope="sessions:read" />}
      {found.isLoading && <Loading rows={2} label="Reading sessions" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {found.data && sessions.length === 0 && <p className="quiet">None.</p>}
      <ul className="items">
        {sessions.map((session) => (
          <li key={session.id}>
            <span className="about">
              <Link
                to="/sessions/$id"
                params={{ id: session.id }}
                search={{ account: id, state: 'live' }}
                data-row={session.id}
              >
                {session.client_name ?? session.client_id}
              </Link>
              <span className="small quiet">
                {' '}
                active <Time at={session.last_active_at} />
              </span>
            </span>
            <span className="small quiet">
              {durationWords(Math.min(session.idle_expires_in, session.absolute_expires_in))} left
            </span>
          </li>
        ))}
      </ul>
      <Link to="/sessions" search={{ account: id }} className="button plain compact">
        {found.data?.next_cursor ? 'All of them, live and ended' : 'All sessions, ended ones too'}
      </Link>
    </section>
  );
}

/** The browsers in which a person is signed in, each of which can be signed out with everything that began in it. */
export function PersonBrowsers({ id }: { readonly id: string }) {
  const mayRead = useMay('sessions:read');
  const found = useQuery({ ...personBrowsersQuery(id), enabled: mayRead });
  const [ending, setEnding] = useState<string>();
  const queries = useQueryClient();
  return (
    <section className="card stack" aria-label="Signed-in browsers">
      <h2>Signed-in browsers</h2>
      {!mayRead && <Unreadable scope="sessions:read" />}
      {found.isLoading && <Loading rows={2} label="Reading browsers" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {found.data?.items.length === 0 && <p className="quiet">None.</p>}
      <ul className="items">
        {found.data?.items.map((browser) => (
          <li key={browser.uid}>
            <span className="about">
              {[browser.signals?.user_agent_family, browser.signals?.operating_system]
                .filter(Boolean)
                .join(' on ') || 'an unknown browser'}
              <span className="small quiet">
                {' '}
                {[browser.signals?.ip, browser.signals?.country].filter(Boolean).join(' · ')} signed in{' '}
                <Time at={browser.signed_in_at} />
              </span>
            </span>
            <ActButton scope="sessions:end" look="ending" onAct={() => setEnding(browser.uid)}>
              Sign out …
            </ActButton>
          </li>
        ))}
      </ul>
      {ending && (
        <SignOutBrowser
          uid={ending}
          onDone={() => {
            void queries.invalidateQueries({ queryKey: ['account', id] });
            void queries.invalidateQueries({ queryKey: ['sessions'] });
          }}
          onClose={() => setEnding(undefined)}
        />
      )}
    </section>
  );
}

interface SignOutBrowserProps {
  readonly uid: string;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function SignOutBrowser({ uid, onDone, onClose }: SignOutBrowserProps) {
  const [reason, setReason] = useState<GivenReason>(usualReason);
  const signOut = (note: string | undefined) => {
    const query = { reason, ...(note === undefined ? {} : { note }) };
    return bodyOf(adminApi.DELETE('/v1/browsers/{uid}', { params: { path: { uid }, query } }));
  };
  return (
    <ConfirmDialog
      scope="sessions:end"
      title="Sign this browser out"
      button="Sign it out"
      isDanger
      hasNote
      act={signOut}
      onDone={onDone}
      onClose={onClose}
    >
      <p>Every session that began in it ends at once, at every gateway and API.</p>
      <EndReasonField value={reason} problem={undefined} onChange={setReason} />
    </ConfirmDialog>
  );
}

function Unreadable({ scope }: { readonly scope: string }) {
  return (
    <p className="quiet">
      You need the scope <code>{scope}</code> to see them.
    </p>
  );
}
