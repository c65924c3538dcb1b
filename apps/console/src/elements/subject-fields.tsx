import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay } from '../admin-api/caller.js';
import { adminApi, bodyOf } from '../admin-api/client.js';
import { accountQuery, clientsQuery } from '../admin-api/names.js';
import { SelectField, TextField } from './filter-fields.js';

interface PersonFieldProps {
  readonly account: string | undefined;
  readonly problem?: string | undefined;
  readonly onChange: (account: string | undefined) => void;
}

interface ClientFieldProps {
  readonly client: string | undefined;
  readonly problem?: string | undefined;
  readonly onChange: (client: string | undefined) => void;
}

/** A person by username; the address keeps the id, which stays when a name changes. */
export function PersonField({ account, problem, onChange }: PersonFieldProps) {
  const mayRead = useMay('accounts:read');
  const [typed, setTyped] = useState('');
  const [unknown, setUnknown] = useState<string>();
  const queries = useQueryClient();
  const named = useQuery({
    ...accountQuery(account ?? ''),
    enabled: mayRead && account !== undefined,
  });
  const prefix = typed.trim().toLowerCase();
  const matching = (text: string) =>
    bodyOf(adminApi.GET('/v1/accounts', { params: { query: { prefix: text, limit: 8 } } }));
  const suggested = useQuery({
    queryKey: ['accounts', 'prefix', prefix],
    enabled: mayRead && prefix.length > 1,
    queryFn: () => matching(prefix),
  });
  const commit = async (text: string) => {
    setUnknown(undefined);
    if (text === '' || !mayRead) return onChange(text || undefined);
    const name = text.toLowerCase();
    const { items } = await queries.fetchQuery({
      queryKey: ['accounts', 'prefix', name],
      queryFn: () => matching(name),
    });
    const found = items.find(({ username, id }) => username === name || id === name);
    if (found) onChange(found.id);
    else setUnknown('Nobody has this username.');
  };
  return (
    <TextField
      label={mayRead ? 'Person' : 'Id of an account'}
      placeholder={mayRead ? 'username' : ''}
      value={named.data?.username ?? account ?? ''}
      problem={unknown ?? problem}
      options={suggested.data?.items.map(({ username }) => username) ?? []}
      onType={setTyped}
      onCommit={(text) => void commit(text)}
    />
  );
}

/** An application by its name; by its id where the operator may not read names. */
export function ClientField({ client, problem, onChange }: ClientFieldProps) {
  const mayRead = useMay('clients:read');
  const clients = useQuery({ ...clientsQuery, enabled: mayRead });
  const given = client ?? '';
  const commit = (value: string) => onChange(value || undefined);
  if (!mayRead)
    return <TextField label="Id of an application" value={given} problem={problem} onCommit={commit} />;
  const isListed = given === '' || clients.data?.some(({ id }) => id === given);
  return (
    <SelectField label="Application" value={given} problem={problem} onChange={commit}>
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
