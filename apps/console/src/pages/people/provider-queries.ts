import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { adminApi, answerOf, bodyOf, passive } from '../../admin-api/client.js';
import type { operations } from '../../generated/admin-api.js';

/** Another identity provider with which people sign in. */
export type Provider =
  operations['listIdentityProviders']['responses'][200]['content']['application/json']['items'][number];

/** A new one, as the admin API takes it. */
export type WrittenProvider =
  operations['createIdentityProvider']['requestBody']['content']['application/json'];

/** The first part of the keys of these queries. */
export const providersKey = 'identity providers';

/** Identity providers by their ids, page by page. */
export const providersQuery = () =>
  infiniteQueryOptions({
    queryKey: [providersKey, 'list'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      bodyOf(
        adminApi.GET('/v1/identity-providers', {
          params: { query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** The names of identity providers by their issuers. */
export const providerNamesQuery = queryOptions({
  queryKey: ['identity providers', 'names'],
  staleTime: 60_000,
  queryFn: async () => {
    const { items } = await bodyOf(
      adminApi.GET('/v1/identity-providers', { ...passive, params: { query: { limit: 200 } } }),
    );
    return new Map(items.map(({ issuer, name }) => [issuer, name]));
  },
});

/** One with its entity tag, which a change is made from. */
export const readProvider = (id: string) =>
  answerOf(adminApi.GET('/v1/identity-providers/{id}', { params: { path: { id } } }));
