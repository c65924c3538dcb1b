import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { ActButton } from '../../elements/act-button.js';
import type { CsvColumn } from '../../elements/csv.js';
import { ListHeading, PagedList } from '../../elements/paged-list.js';
import { PeopleTabs } from './people-tabs.js';
import { ProviderDialog } from './provider-dialog.js';
import { type Provider, providersQuery } from './provider-queries.js';

const page = getRouteApi('/shell/people/identity-providers');

const columns: readonly CsvColumn<Provider>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'name', text: ({ name }) => name },
  { heading: 'issuer', text: ({ issuer }) => issuer },
  { heading: 'client_id', text: ({ client_id }) => client_id },
  { heading: 'enabled', text: ({ enabled }) => String(enabled) },
  { heading: 'updated_at', text: ({ updated_at }) => updated_at },
];

/** The identity providers with which people sign in, by id. */
export function ProvidersPage() {
  const { provider } = page.useSearch();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [isMaking, setMaking] = useState(false);
  const found = useInfiniteQuery(providersQuery());
  const providers = found.data?.pages.flatMap(({ items }) => items) ?? [];
  const refresh = () => void queries.resetQueries({ queryKey: ['identity providers'] });
  return (
    <>
      <ListHeading
        title="Identity providers"
        rows={providers}
        columns={columns}
        updated={found.dataUpdatedAt}
        onRefresh={refresh}
      >
        <ActButton scope="accounts:write" look="main" onAct={() => setMaking(true)}>
          New identity provider
        </ActButton>
      </ListHeading>
      <PeopleTabs />
      <PagedList
        label="Identity providers"
        found={found as ReturnType<typeof useInfiniteQuery>}
        rows={providers}
        heads={['Identity provider', 'Issuer', 'Somebody unknown', 'State']}
        keyOf={({ id }) => id}
        empty="People sign in with the accounts of this service alone."
        onRetry={refresh}
      >
        {(one) => <ProviderRow provider={one} />}
      </PagedList>
      {isMaking && <ProviderDialog id={null} onClose={() => setMaking(false)} onDone={refresh} />}
      {provider && !isMaking && (
        <ProviderDialog
          key={provider}
          id={provider}
          onClose={() => void navigate({ to: '/people/identity-providers', search: {} })}
          onDone={refresh}
        />
      )}
    </>
  );
}

function ProviderRow({ provider }: { readonly provider: Provider }) {
  const { id, name, issuer, enabled } = provider;
  return (
    <Link to="/people/identity-providers" search={{ provider: id }} className="entry" data-row={id}>
      <span>
        <span className="strong">{name}</span>
        <span className="small quiet mono">{id}</span>
      </span>
      <span className="small mono">{issuer}</span>
      <span className="small">{strangersAt(provider)}</span>
      <span>{enabled ? 'offered' : 'switched off'}</span>
    </Link>
  );
}

const strangersAt = ({ links_by_email, creates_accounts }: Provider): string =>
  [links_by_email && 'linked by address', creates_accounts && 'gets an account'].filter(Boolean).join(', ') ||
  'is refused';
