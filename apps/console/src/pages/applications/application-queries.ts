import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { adminApi, answerOf, bodyOf } from '../../admin-api/client.js';
import { clientInPath } from '../../admin-api/in-path.js';
import type { operations } from '../../generated/admin-api.js';
import type { ApplicationSearch } from './application-search.js';

/** An application in the list. */
export type Application =
  operations['listClients']['responses'][200]['content']['application/json']['items'][number];

/** An application with its secrets, policy and warnings. */
export type ApplicationDetails = operations['getClient']['responses'][200]['content']['application/json'];

/** Applications by their ids, page by page. */
export const applicationsQuery = ({ search = '' }: ApplicationSearch) =>
  infiniteQueryOptions({
    queryKey: ['clients', 'list', search],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      bodyOf(
        adminApi.GET('/v1/clients', {
          params: { query: { search, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** One application with its entity tag, which a change is made from. */
export const applicationQuery = (id: string) =>
  queryOptions({
    queryKey: ['clients', id],
    queryFn: () => answerOf(adminApi.GET('/v1/clients/{id}', { params: { path: { id: clientInPath(id) } } })),
  });

/** The names of the policies that can be attached. */
export const policyNamesQuery = queryOptions({
  queryKey: ['policies', 'names'],
  queryFn: async () => {
    const { items } = await bodyOf(adminApi.GET('/v1/policies', { params: { query: { limit: 200 } } }));
    return items.map(({ name }) => name);
  },
});

/** The ends of an application's sessions by a reused token, with those whose person came back as themselves. */
export const reuseEndsQuery = (client: string) =>
  queryOptions({
    queryKey: ['insight', 'reuse ends', client],
    queryFn: () => bodyOf(adminApi.GET('/v1/insight/reuse-ends', { params: { query: { client } } })),
  });

/** Events that are added up for the number of retries; more are told as "more than". */
const maxRetryEvents = 200;

/** The retries of an application's refreshes, from its latest events. */
export const retriesQuery = (client: string) =>
  queryOptions({
    queryKey: ['events', 'retries', client],
    queryFn: async () => {
      const { items, next_cursor } = await bodyOf(
        adminApi.GET('/v1/events', {
          params: { query: { type: 'session.refresh_retried', client, limit: maxRetryEvents } },
        }),
      );
      const counts = items.map(({ data }) =>
        Number((data as Readonly<Record<string, unknown>>)['count'] ?? 1),
      );
      return {
        retries: counts.reduce((all, count) => all + count, 0),
        since: items.at(-1)?.at,
        isComplete: next_cursor === null,
      };
    },
  });
