import { useQuery } from '@tanstack/react-query';
import { useMay } from '../admin-api/caller.js';
import { adminApi, bodyOf } from '../admin-api/client.js';
import { accountQuery, useApiName, useClientName } from '../admin-api/names.js';
import { TextField } from './filter-fields.js';
import { type Choice, SearchField } from './search-field.js';

interface PersonFieldProps {
  readonly account: string | undefined;
  readonly problem?: string | undefined;
  readonly onChange: (account: string | undefined) => void;
}

async function findPeople(text: string, limit: number): Promise<Choice[]> {
  const query = { prefix: text.toLowerCase(), limit };
  const { items } = await bodyOf(adminApi.GET('/v1/accounts', { params: { query } }));
  return items.map(({ id, username }) => ({ id, name: username }));
}

/** A person by username; the address keeps the id, which stays when a name changes. */
export function PersonField({ account, problem, onChange }: PersonFieldProps) {
  const mayRead = useMay('accounts:read');
  const named = useQuery({ ...accountQuery(account ?? ''), enabled: mayRead && account !== undefined });
  if (!mayRead)
    return (
      <TextField
        label="Id of an account"
        value={account ?? ''}
        problem={problem}
        onCommit={(text) => onChange(text || undefined)}
      />
    );
  return (
    <SearchField
      label="Person"
      placeholder="username"
      of="people"
      chosen={named.data?.username ?? account ?? ''}
      find={findPeople}
      unknown="Nobody has this username."
      problem={problem}
      onChange={onChange}
    />
  );
}

interface ClientFieldProps {
  readonly client: string | undefined;
  readonly problem?: string | undefined;
  /** The words for no choice. */
  readonly placeholder?: string;
  readonly onChange: (client: string | undefined) => void;
}

async function findClients(search: string, limit: number): Promise<Choice[]> {
  const { items } = await bodyOf(adminApi.GET('/v1/clients', { params: { query: { search, limit } } }));
  return items.map(({ client_id, client_name }) => ({ id: client_id, name: client_name ?? client_id }));
}

/** An application by its name; by its id where the operator may not read names. */
export function ClientField(props: ClientFieldProps) {
  const { client = '', problem, placeholder = 'every application', onChange } = props;
  const mayRead = useMay('clients:read');
  const nameOf = useClientName([client]);
  if (!mayRead)
    return (
      <TextField
        label="Id of an application"
        value={client}
        problem={problem}
        onCommit={(text) => onChange(text || undefined)}
      />
    );
  return (
    <SearchField
      label="Application"
      placeholder={placeholder}
      of="applications"
      chosen={nameOf(client)}
      find={findClients}
      unknown="No application is called that."
      problem={problem}
      onChange={onChange}
    />
  );
}

interface ApiFieldProps {
  /** The audience that is chosen. */
  readonly api: string | undefined;
  readonly label?: string;
  readonly problem?: string | undefined;
  readonly hint?: string | undefined;
  /** The words for no choice. */
  readonly placeholder?: string;
  readonly onChange: (audience: string | undefined) => void;
}

async function findApis(search: string, limit: number): Promise<Choice[]> {
  const { items } = await bodyOf(adminApi.GET('/v1/resources', { params: { query: { search, limit } } }));
  return items.map(({ audience, name }) => ({ id: audience, name: audience, alias: name }));
}

/** An API by its audience with its name below, found by either; by its audience alone where the operator may not read APIs. */
export function ApiField({ api = '', label = 'API', onChange, ...field }: ApiFieldProps) {
  const mayRead = useMay('clients:read');
  const name = useApiName([api])(api);
  if (!mayRead)
    return (
      <TextField {...field} label={label} value={api} onCommit={(text) => onChange(text || undefined)} />
    );
  return (
    <SearchField
      {...field}
      label={label}
      hint={name === api ? field.hint : name}
      placeholder={field.placeholder ?? 'every API'}
      of="apis"
      chosen={api}
      find={findApis}
      idWord="audience"
      unknown="No API is called that."
      onChange={onChange}
    />
  );
}
