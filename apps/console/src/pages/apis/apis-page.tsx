import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { problemIn } from '../../admin-api/problem.js';
import { ActButton } from '../../elements/act-button.js';
import { withConditions } from '../../elements/conditions.js';
import type { CsvColumn } from '../../elements/csv.js';
import { TextField } from '../../elements/filter-fields.js';
import { ListHeading, PagedList } from '../../elements/paged-list.js';
import { ApiDialog } from './api-dialog.js';
import { type Api, apisQuery } from './api-queries.js';
import type { ApiSearch } from './api-search.js';
import { ApiTabs } from './api-tabs.js';

const page = getRouteApi('/shell/apis');

const columns: readonly CsvColumn<Api>[] = [
  { heading: 'audience', text: ({ audience }) => audience },
  { heading: 'name', text: ({ name }) => name },
  { heading: 'scopes', text: ({ scopes }) => scopes.join(' ') },
  { heading: 'default_scopes', text: ({ default_scopes }) => default_scopes.join(' ') },
  { heading: 'token_format', text: ({ token_format }) => token_format },
  { heading: 'policy', text: ({ policy }) => policy },
  { heading: 'created_at', text: ({ created_at }) => created_at },
];

/** Every registered API, found by a part of its audience or name. */
export function ApisPage() {
  const queries = useQueryClient();
  const search = page.useSearch();
  const navigate = useNavigate();
  const found = useInfiniteQuery(apisQuery(search));
  const [isMaking, setMaking] = useState(false);
  const apis = found.data?.pages.flatMap(({ items }) => items) ?? [];
  const refresh = () => void queries.resetQueries({ queryKey: ['resources'] });
  return (
    <>
      <ListHeading
        title="APIs"
        rows={apis}
        columns={columns}
        updated={found.dataUpdatedAt}
        onRefresh={refresh}
      >
        <ActButton scope="clients:write" look="main" onAct={() => setMaking(true)}>
          New API
        </ActButton>
      </ListHeading>
      <ApiTabs />
      <search className="conditions" aria-label="Conditions">
        <TextField
          label="Part of the audience or the name"
          problem={problemIn(found.error)?.faultOf('search')}
          value={search.search ?? ''}
          onCommit={(text) =>
            void navigate({ to: '/apis', search: withConditions(search, { search: text }), replace: true })
          }
        />
      </search>
      <PagedList
        label="APIs"
        found={found as ReturnType<typeof useInfiniteQuery>}
        rows={apis}
        heads={['API', 'Scopes', 'Tokens', 'Policy']}
        keyOf={({ audience }) => audience}
        empty={search.search ? 'No API is called that.' : 'There is no API yet.'}
        onRetry={refresh}
      >
        {(api) => <ApiRow api={api} search={search} />}
      </PagedList>
      <p>
        <Link to="/apis/routes" className="button plain compact">
          Gateway routes of these APIs
        </Link>
      </p>
      {isMaking && <ApiDialog audience={null} onClose={() => setMaking(false)} onDone={refresh} />}
      {search.api && !isMaking && (
        <ApiDialog
          key={search.api}
          audience={search.api}
          onClose={() => void navigate({ to: '/apis', search: withConditions(search, { api: undefined }) })}
          onDone={refresh}
        />
      )}
    </>
  );
}

function ApiRow({ api, search }: { readonly api: Api; readonly search: ApiSearch }) {
  const { audience } = api;
  return (
    <Link to="/apis" search={{ ...search, api: audience }} className="entry" data-row={audience}>
      <span>
        <span className="strong">{api.name}</span>
        <span className="small quiet mono">{api.audience}</span>
      </span>
      <span className="small mono">{api.scopes.join(' ') || '–'}</span>
      <span>{api.token_format === 'jwt' ? `JWT (${api.signing_alg ?? 'default'})` : 'opaque'}</span>
      <span>{api.policy ?? <span className="quiet">none of its own</span>}</span>
    </Link>
  );
}
