import { type QueryClient, queryOptions } from '@tanstack/react-query';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import type { operations } from '../../generated/admin-api.js';

/** A host whose documents introduce applications. */
export type ClientHost =
  operations['listClientHosts']['responses'][200]['content']['application/json']['items'][number];

/** The hosts that are allowed. */
export const hostsQuery = queryOptions({
  queryKey: ['clients', 'hosts'],
  queryFn: () => bodyOf(adminApi.GET('/v1/client-hosts')),
});

/** A host as it is now; undefined where it is not allowed. */
export async function readHost(queries: QueryClient, host: string): Promise<ClientHost | undefined> {
  const { items } = await queries.fetchQuery({ ...hostsQuery, staleTime: 0 });
  return items.find((one) => one.host === host);
}
