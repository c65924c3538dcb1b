import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay } from '../../admin-api/caller.js';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { accountQuery, clientsQuery } from '../../admin-api/names.js';
import type { Problem } from '../../admin-api/problem.js';
import { serverNow } from '../../admin-api/server-time.js';
import { SelectField, TextField } from '../../elements/filter-fields.js';
import { reasonWords } from '../../elements/words.js';
import { endReasons } from '../../generated/lists.js';
import type { EndReason, SearchChange, SessionSearch } from './session-search.js';

interface SessionFiltersProps {
  readonly search: SessionSearch;
  readonly problem: Problem | undefined;
  readonly onChange: (change: SearchChange) => void;
}

const states = [
  ['live', 'Live'],
  ['ended', 'Ended'],
  ['', 'All'],
] as const;

const ages = [
  ['', 'at any time'],
  ['1', 'in the last hour'],
  ['24', 'in the last day'],
  ['168', 'in the last week'],
] as const;

/** The conditions of the list. They stand in the address, and a bulk end goes by the same ones. */
export function SessionFilters({ search, problem, onChange }: SessionFiltersProps) {
  return (
    <search className="filters" aria-label="Conditions">
      <fieldset className="segmented">
        <legend className="unseen">State</legend>
        {states.map(([value, title]) => (
          <label key={title}>
            <input
              type="radio"
              name="state"
              checked={(search.state ?? '') === value}
              onChange={() => onChange({ state: value === '' ? undefined : value })}
            />
            <span>{title}</span>
          </label>
        ))}
      </fieldset>
      <PersonField search={search} problem={problem} onChange={onChange} />
      <ClientField search={search} problem={problem} onChange={onChange} />
      {search.state !== 'live' && (
        <SelectField
          label="Ended because of"
          value={search.reason ?? ''}
          onChange={(reason) => onChange({ reason: (reason || undefined) as EndReason | undefined })}
        >
          <option value="">any reason</option>
          {endReasons.map((reason) => (
            <option key={reason} value={reason}>
              {reasonWords(reason)}
            </option>
          ))}
        </SelectField>
      )}
      <TextField
        label="Address or network"
        placeholder="192.0.2.0/24"
        value={search.ip ?? ''}
        problem={problem?.faultOf('ip')}
        onCommit={(ip) => onChange({ ip })}
      />
      <TextField
        label="Browser or system"
        placeholder="firefox, android"
        value={search.user_agent ?? ''}
        problem={problem?.faultOf('user_agent')}
        onCommit={(user_agent) => onChange({ user_agent })}
      />
      <StartedField search={search} onChange={onChange} />
    </search>
  );
}

type FieldProps = SessionFiltersProps;

/** A person by username; the address keeps the id, which stays when a name changes. */
function PersonField({ search, problem, onChange }: FieldProps) {
  const mayRead = useMay('accounts:read');
  const [typed, setTyped] = useState('');
  const [unknown, setUnknown] = useState<string>();
  const queries = useQueryClient();
  const named = useQuery({
    ...accountQuery(search.account ?? ''),
    enabled: mayRead && search.account !== undefined,
  });
  const prefix = typed.trim().toLowerCase();
  const matching = (text: string) =>
    bodyOf(adminApi.GET('/v1/accounts', { params: { query: { prefix: text, limit: 8 } } }));
  const found = useQuery({
    queryKey: ['accounts', 'prefix', prefix],
    enabled: mayRead && prefix.length > 1,
    queryFn: () => matching(prefix),
  });
  const commit = async (text: string) => {
    setUnknown(undefined);
    if (text === '' || !mayRead) return onChange({ account: text || undefined });
    const name = text.toLowerCase();
    const { items } = await queries.fetchQuery({
      queryKey: ['accounts', 'prefix', name],
      queryFn: () => matching(name),
    });
    const account = items.find(({ username, id }) => username === name || id === name);
    if (account) onChange({ account: account.id });
    else setUnknown('Nobody has this username.');
  };
  return (
    <TextField
      label={mayRead ? 'Person' : 'Id of an account'}
      placeholder={mayRead ? 'username' : ''}
      value={named.data?.username ?? search.account ?? ''}
      problem={unknown ?? problem?.faultOf('account')}
      options={found.data?.items.map(({ username }) => username) ?? []}
      onType={setTyped}
      onCommit={(text) => void commit(text)}
    />
  );
}

function ClientField({ search, problem, onChange }: FieldProps) {
  const mayRead = useMay('clients:read');
  const clients = useQuery({ ...clientsQuery, enabled: mayRead });
  const given = search.client ?? '';
  const client = (value: string) => onChange({ client: value || undefined });
  if (!mayRead)
    return (
      <TextField
        label="Id of an application"
        value={given}
        problem={problem?.faultOf('client')}
        onCommit={client}
      />
    );
  const isListed = given === '' || clients.data?.some(({ id }) => id === given);
  return (
    <SelectField label="Application" value={given} problem={problem?.faultOf('client')} onChange={client}>
      <option value="">every application</option>
      {!isListed && <option value={given}>{given}</option>}
      {clients.data?.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}

function StartedField({ search, onChange }: Pick<FieldProps, 'search' | 'onChange'>) {
  const since = search.started_after;
  const hours = (value: string) =>
    value === '' ? undefined : new Date(serverNow() - Number(value) * 3_600_000).toISOString();
  const present = since === undefined ? '' : (ages.find(([value]) => isAbout(since, value))?.[0] ?? since);
  return (
    <SelectField
      label="Signed in"
      value={present}
      onChange={(value) => onChange({ started_after: hours(value) })}
    >
      {ages.map(([value, title]) => (
        <option key={value} value={value}>
          {title}
        </option>
      ))}
      {since !== undefined && present === since && <option value={since}>after {since}</option>}
    </SelectField>
  );
}

/** Whether an instant was that many hours ago when it was chosen, give or take a quarter of an hour of reading. */
const isAbout = (since: string, hours: string): boolean => {
  const ago = (serverNow() - Date.parse(since)) / 3_600_000;
  return hours !== '' && ago >= Number(hours) - 0.01 && ago < Number(hours) + 0.25;
};
