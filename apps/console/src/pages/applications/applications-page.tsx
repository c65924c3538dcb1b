import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { problemIn } from '../../admin-api/problem.js';
import { ActButton } from '../../elements/act-button.js';
import { withConditions } from '../../elements/conditions.js';
import type { CsvColumn } from '../../elements/csv.js';
import { TextField } from '../../elements/filter-fields.js';
import { ListHeading, PagedList } from '../../elements/paged-list.js';
import { Time } from '../../elements/time.js';
import { kindWords } from './application-kinds.js';
import { type Application, applicationsQuery } from './application-queries.js';
import type { ApplicationSearch } from './application-search.js';
import { ClientHosts } from './client-hosts.js';
import { NewApplication } from './new-application.js';

const route = getRouteApi('/shell/applications');

const columns: readonly CsvColumn<Application>[] = [
  { heading: 'client_id', text: ({ client_id }) => client_id },
  { heading: 'client_name', text: ({ client_name }) => client_name },
  { heading: 'kind', text: kindWords },
  { heading: 'token_endpoint_auth_method', text: (client) => client.token_endpoint_auth_method },
  { heading: 'grant_types', text: ({ grant_types }) => grant_types.join(' ') },
  { heading: 'redirect_uris', text: ({ redirect_uris }) => redirect_uris.join(' ') },
  { heading: 'resources', text: ({ resources }) => resources.join(' ') },
  { heading: 'registered_at', text: ({ client_id_issued_at }) => client_id_issued_at },
  { heading: 'disabled_at', text: ({ disabled_at }) => disabled_at },
];

/** Every registered application, found by a part of its id or name. */
export function ApplicationsPage() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [isMaking, setMaking] = useState(false);
  const found = useInfiniteQuery(applicationsQuery(search));
  const applications = found.data?.pages.flatMap(({ items }) => items) ?? [];
  const refresh = () => void queries.resetQueries({ queryKey: ['clients'] });
  return (
    <>
      <ListHeading
        title="Applications"
        rows={applications}
        columns={columns}
        updated={found.dataUpdatedAt}
        onRefresh={refresh}
      >
        <ActButton scope="clients:write" look="main" onAct={() => setMaking(true)}>
          New application
        </ActButton>
      </ListHeading>
      <search className="conditions" aria-label="Conditions">
        <TextField
          label="Part of the name or the id"
          problem={problemIn(found.error)?.faultOf('search')}
          value={search.search ?? ''}
          onCommit={(text) =>
            void navigate({
              to: '/applications',
              search: withConditions(search, { search: text }),
              replace: true,
            })
          }
        />
      </search>
      <PagedList
        label="Applications"
        found={found as ReturnType<typeof useInfiniteQuery>}
        rows={applications}
        heads={['Application', 'Kind', 'State', 'Registered']}
        keyOf={({ client_id }) => client_id}
        empty={search.search ? 'No application is called that.' : 'There is no application yet.'}
        onRetry={refresh}
      >
        {(application) => <ApplicationRow application={application} search={search} />}
      </PagedList>
      {/* Below the list, which would push it down when it comes. */}
      {!found.isPending && <ClientHosts />}
      {isMaking && <NewApplication onClose={() => setMaking(false)} onMade={refresh} />}
    </>
  );
}

interface ApplicationRowProps {
  readonly application: Application;
  readonly search: ApplicationSearch;
}

function ApplicationRow({ application, search }: ApplicationRowProps) {
  const { client_id: id, client_name: name } = application;
  return (
    <Link to="/applications/$id" params={{ id }} search={search} className="entry" data-row={id}>
      <span>
        <span className="strong">{name}</span>
        <span className="small quiet mono">{id}</span>
      </span>
      <span>{kindWords(application)}</span>
      <span>
        <ApplicationBadges application={application} />
      </span>
      <span>
        <Time at={application.client_id_issued_at} />
      </span>
    </Link>
  );
}

/** The state of an application in a few words. */
export function ApplicationBadges({ application }: { readonly application: Application }) {
  return (
    <span className="badges">
      {application.disabled_at ? (
        <span className="badge bad">disabled</span>
      ) : (
        <span className="badge good">active</span>
      )}
      {application.first_run && <span className="badge">of the first start</span>}
    </span>
  );
}
