import './events.css';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Problem } from '../../admin-api/problem.js';
import { useReadAt } from '../../admin-api/server-time.js';
import { withConditions } from '../../elements/conditions.js';
import { type CsvColumn, csvOf, download } from '../../elements/csv.js';
import { FileButton, FoundRows, ReadAgain } from '../../elements/list-parts.js';
import { Failed } from '../../elements/states.js';
import { EventFilters } from './event-filters.js';
import { eventsQuery, exportOf, maxExported, type PastEvent } from './event-queries.js';
import { addressOf, EventRow } from './event-row.js';
import type { EventSearch } from './event-search.js';
import { EventTabs } from './event-tabs.js';
import { Integrity } from './integrity.js';

const route = getRouteApi('/shell/events');

const columns: readonly CsvColumn<PastEvent>[] = [
  { heading: 'at', text: ({ at }) => at },
  { heading: 'type', text: ({ type }) => type },
  { heading: 'username', text: ({ username }) => username },
  { heading: 'account_id', text: ({ account_id }) => account_id },
  { heading: 'client_id', text: ({ client_id }) => client_id },
  { heading: 'session_id', text: ({ session_id }) => session_id },
  { heading: 'address', text: addressOf },
  { heading: 'by', text: ({ by }) => by?.username ?? by?.id ?? by?.kind ?? null },
  { heading: 'data', text: ({ data }) => JSON.stringify(data) },
  { heading: 'id', text: ({ id }) => id },
];

/** Everything that was recorded, found by conditions that stand in the address. */
export function EventsPage() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const found = useInfiniteQuery(eventsQuery(search));
  const readAt = useReadAt(found.dataUpdatedAt);
  const problem = found.error instanceof Problem && found.error.status === 400 ? found.error : undefined;
  const refresh = () => void queries.resetQueries({ queryKey: ['events'] });
  const file = useFile(search);
  return (
    <div className="events">
      <div className="heading">
        <h1>Events</h1>
        <div className="actions">
          <ReadAgain readAt={readAt} onRefresh={refresh} />
          {(['csv', 'jsonl'] as const).map((kind) => (
            <FileButton
              key={kind}
              off={found.data ? undefined : 'Nothing was found yet.'}
              busy={file.isPending}
              onAct={() => file.mutate(kind)}
            >
              {kind === 'csv' ? 'CSV' : 'JSON lines'}
            </FileButton>
          ))}
        </div>
      </div>
      <EventTabs />
      <EventFilters
        search={search}
        problem={problem}
        onChange={(change) =>
          navigate({ to: '/events', search: withConditions(search, change), replace: true })
        }
      />
      {file.isError && <Failed error={file.error} />}
      {file.data === maxExported && (
        <p className="notice" role="status">
          The file has the latest {maxExported.toLocaleString()} events. Narrow the time for those before.
        </p>
      )}
      <div className="beside">
        <Found found={found} onRetry={refresh} />
        <Integrity />
      </div>
    </div>
  );
}

/** Hands the events of a search out as a file; its data is the number of events in it. */
const useFile = (search: EventSearch) =>
  useMutation({
    mutationFn: async (kind: 'csv' | 'jsonl') => {
      const file = await exportOf(search);
      const lines = (await file.text()).split('\n').filter(Boolean);
      const rows = () => lines.map((line): PastEvent => JSON.parse(line));
      if (kind === 'csv') download('events.csv', csvOf(columns, rows()));
      else download('events.jsonl', file);
      return lines.length;
    },
  });

type FoundEvents = ReturnType<typeof useInfiniteQuery<{ readonly items: readonly PastEvent[] }>>;

function Found({ found, onRetry }: { readonly found: FoundEvents; readonly onRetry: () => void }) {
  const events = found.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <div>
      <FoundRows
        of="events"
        count={events.length}
        empty="No event meets these conditions."
        advice="Take a condition away, or choose a longer time."
        next="Look further back"
        {...{ found, onRetry }}
      >
        <ol className="card event-rows" aria-label="Found events">
          {events.map((event) => (
            <EventRow key={event.id} event={event} />
          ))}
        </ol>
      </FoundRows>
    </div>
  );
}
