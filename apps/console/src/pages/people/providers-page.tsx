import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import type { CsvColumn } from '../../elements/csv.js';
import { ServiceDialog } from '../../elements/service-dialog.js';
import { ServiceList } from '../../elements/service-list.js';
import { Time } from '../../elements/time.js';
import { PeopleTabs } from './people-tabs.js';
import { providerKind } from './provider-kind.js';
import { type Provider, providersKey, providersQuery } from './provider-queries.js';

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
  const found = useInfiniteQuery(providersQuery());
  return (
    <ServiceList
      title="Identity providers"
      called={providerKind.called}
      queryKey={providersKey}
      scope="accounts:write"
      found={found}
      rows={found.data?.pages.flatMap(({ items }) => items) ?? []}
      columns={columns}
      heads={['Identity provider', 'Issuer', 'Somebody unknown', 'State']}
      empty="People sign in with the accounts of this service alone."
      tabs={<PeopleTabs />}
      opened={provider}
      onLeave={() => void navigate({ to: '/people/identity-providers', search: {} })}
      dialog={(id, onClose, onDone) => (
        <ServiceDialog key={id} kind={providerKind} id={id} onClose={onClose} onDone={onDone} />
      )}
    >
      {(one) => <ProviderRow provider={one} />}
    </ServiceList>
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
      <span>
        <span>{enabled ? 'offered' : 'switched off'}</span>
        <span className="small quiet">
          changed <Time at={provider.updated_at} />
        </span>
      </span>
    </Link>
  );
}

const strangersAt = ({ links_by_email, creates_accounts }: Provider): string =>
  [links_by_email && 'linked by address', creates_accounts && 'gets an account'].filter(Boolean).join(', ') ||
  'is refused';
