import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { ActButton } from '../../elements/act-button.js';
import type { CsvColumn } from '../../elements/csv.js';
import { ListHeading, PagedList } from '../../elements/paged-list.js';
import { ApiDialog } from './api-dialog.js';
import { type Api, apisQuery } from './api-queries.js';
import { ApiTabs } from './api-tabs.js';

const columns: readonly CsvColumn<Api>[] = [
  { heading: 'audience', text: ({ audience }) => audience },
  { heading: 'name', text: ({ name }) => name },
  { heading: 'scopes', text: ({ scopes }) => scopes.join(' ') },
  { heading: 'default_scopes', text: ({ default_scopes }) => default_scopes.join(' ') },
  { heading: 'token_format', text: ({ token_format }) => token_format },
  { heading: 'policy', text: ({ policy }) => policy },
  { heading: 'created_at', text: ({ created_at }) => created_at },
];

/** Every registered API. */
export function ApisPage() {
  const queries = useQueryClient();
  const found = useInfiniteQuery(apisQuery);
  const [opened, setOpened] = useState<string | null>();
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
        <ActButton scope="clients:write" look="main" onAct={() => setOpened(null)}>
          New API
        </ActButton>
      </ListHeading>
      <ApiTabs />
      <PagedList
        label="APIs"
        found={found as ReturnType<typeof useInfiniteQuery>}
        rows={apis}
        heads={['API', 'Scopes', 'Tokens', 'Policy']}
        keyOf={({ audience }) => audience}
        empty="There is no API yet."
        onRetry={refresh}
      >
        {(api) => <ApiRow api={api} onOpen={() => setOpened(api.audience)} />}
      </PagedList>
      <p>
        <Link to="/apis/routes" className="button plain compact">
          Gateway routes of these APIs
        </Link>
      </p>
      {opened !== undefined && (
        <ApiDialog audience={opened} onClose={() => setOpened(undefined)} onDone={refresh} />
      )}
    </>
  );
}

function ApiRow({ api, onOpen }: { readonly api: Api; readonly onOpen: () => void }) {
  return (
    <button type="button" className="entry" data-row={api.audience} onClick={onOpen}>
      <span>
        <span className="strong">{api.name}</span>
        <span className="small quiet mono">{api.audience}</span>
      </span>
      <span className="small mono">{api.scopes.join(' ') || '–'}</span>
      <span>{api.token_format === 'jwt' ? `JWT (${api.signing_alg ?? 'default'})` : 'opaque'}</span>
      <span>{api.policy ?? <span className="quiet">none of its own</span>}</span>
    </button>
  );
}
