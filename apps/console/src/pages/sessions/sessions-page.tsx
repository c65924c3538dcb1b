import './sessions.css';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Outlet, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useCaller } from '../../admin-api/caller.js';
import { Problem } from '../../admin-api/problem.js';
import { useReadAt } from '../../admin-api/server-time.js';
import { ActButton } from '../../elements/act-button.js';
import { withConditions } from '../../elements/conditions.js';
import type { CsvColumn } from '../../elements/csv.js';
import { type FoundPages, FoundRows } from '../../elements/list-parts.js';
import { ListHeading } from '../../elements/paged-list.js';
import { BulkEnd } from './bulk-end.js';
import { SessionFilters } from './session-filters.js';
import { clockQuery, type Session, sessionsQuery } from './session-queries.js';
import { SessionRow } from './session-row.js';
import type { SearchChange, SessionSearch } from './session-search.js';

const route = getRouteApi('/shell/sessions');

const columns: readonly CsvColumn<Session>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'username', text: ({ username }) => username },
  { heading: 'account_id', text: ({ account_id }) => account_id },
  { heading: 'client_name', text: ({ client_name }) => client_name },
  { heading: 'client_id', text: ({ client_id }) => client_id },
  { heading: 'state', text: ({ state }) => state },
  { heading: 'started_at', text: ({ started_at }) => started_at },
  { heading: 'last_active_at', text: ({ last_active_at }) => last_active_at },
  { heading: 'ended_at', text: ({ ended_at }) => ended_at },
  { heading: 'end_reason', text: ({ end_reason }) => end_reason },
  { heading: 'ip', text: ({ signals }) => signals.ip },
  { heading: 'browser', text: ({ signals }) => signals.user_agent_family },
  { heading: 'operating_system', text: ({ signals }) => signals.operating_system },
];

/** Everybody's sessions, found by conditions that stand in the address; the list is the preview of a bulk end. */
export function SessionsPage() {
  const search = route.useSearch();
  const { id: open } = useParams({ strict: false });
  const navigate = useNavigate();
  const [isEnding, setEnding] = useState(false);
  const change = (next: SearchChange) =>
    navigate({ to: '/sessions', search: withConditions(search, next), replace: true });
  const found = useInfiniteQuery(sessionsQuery(search));
  const readAt = useReadAt(found.dataUpdatedAt);
  const sessions = found.data?.pages.flatMap(({ items }) => items) ?? [];
  const problem = found.error instanceof Problem && found.error.status === 400 ? found.error : undefined;
  const queries = useQueryClient();
  const refresh = () => {
    void queries.fetchQuery({ ...clockQuery, staleTime: 0 }).catch(() => undefined);
    void queries.resetQueries({ queryKey: ['sessions'] });
  };
  return (
    <div className={`sessions ${open ? 'with-detail' : ''}`}>
      <div className="list">
        <ListHeading
          title="Sessions"
          rows={sessions}
          columns={columns}
          updated={found.dataUpdatedAt}
          onRefresh={refresh}
        >
          <ActButton scope="sessions:end" look="ending" onAct={() => setEnding(true)}>
            End these …
          </ActButton>
        </ListHeading>
        <SessionFilters search={search} problem={problem} onChange={change} />
        <Found
          found={found}
          sessions={sessions}
          search={search}
          readAt={readAt}
          open={open}
          onRetry={refresh}
        />
      </div>
      <Outlet />
      {isEnding && <BulkEnd search={search} onClose={() => setEnding(false)} onEnded={refresh} />}
    </div>
  );
}

interface FoundProps {
  readonly found: FoundPages;
  readonly sessions: readonly Session[];
  readonly search: SessionSearch;
  readonly readAt: number;
  readonly open: string | undefined;
  readonly onRetry: () => void;
}

function Found({ found, sessions, search, readAt, open, onRetry }: FoundProps) {
  const caller = useCaller();
  return (
    <FoundRows
      of="sessions"
      count={sessions.length}
      empty="No session meets these conditions."
      advice="Take a condition away, or look among the ended ones."
      {...{ found, onRetry }}
    >
      <div className="rows card">
        <div className="row head" aria-hidden="true">
          <span>Person</span>
          <span>Application</span>
          <span>State</span>
          <span>Active</span>
          <span>From</span>
        </div>
        <ul aria-label="Sessions">
          {sessions.map((session) => (
            <li key={session.id}>
              <SessionRow
                session={session}
                search={search}
                readAt={readAt}
                isOwn={session.id === caller?.session_id}
                isOpen={session.id === open}
              />
            </li>
          ))}
        </ul>
      </div>
    </FoundRows>
  );
}
