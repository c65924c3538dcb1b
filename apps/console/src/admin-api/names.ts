import { queryOptions, useQuery } from '@tanstack/react-query';
import { useMay } from './caller.js';
import { adminApi, bodyOf } from './client.js';

/** Clients by name, for a choice. */
export const clientsQuery = queryOptions({
  queryKey: ['clients', 'names'],
  staleTime: 60_000,
  queryFn: async () => {
    const { items } = await bodyOf(adminApi.GET('/v1/clients', { params: { query: { limit: 200 } } }));
    return items.map(({ client_id, client_name }) => ({ id: client_id, name: client_name ?? client_id }));
  },
});

/** An account, for its name. */
export const accountQuery = (id: string) =>
  queryOptions({
    queryKey: ['account', id],
    staleTime: 60_000,
    queryFn: () => bodyOf(adminApi.GET('/v1/accounts/{id}', { params: { path: { id } } })),
  });

/** The name of a client beside its id; the id where the name is not known, or not to be read by this operator. */
export function useClientName(): (id: string) => string {
  const mayRead = useMay('clients:read');
  const clients = useQuery({ ...clientsQuery, enabled: mayRead });
  return (id) => clients.data?.find((client) => client.id === id)?.name ?? id;
}

/** The audiences of registered APIs, for a choice. */
export const audiencesQuery = queryOptions({
  queryKey: ['resources', 'audiences'],
  staleTime: 60_000,
  queryFn: async () => {
    const { items } = await bodyOf(adminApi.GET('/v1/resources', { params: { query: { limit: 200 } } }));
    return items.map(({ audience }) => audience);
  },
});
