import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { adminApi, answerOf, bodyOf } from '../../admin-api/client.js';
import type { operations } from '../../generated/admin-api.js';
import type { ApiSearch, RouteSearch } from './api-search.js';

/** A registered API. */
export type Api =
  operations['listResources']['responses'][200]['content']['application/json']['items'][number];

/** A route that gateways follow. */
export type GatewayRoute =
  operations['listGatewayRoutes']['responses'][200]['content']['application/json']['items'][number];

/** A new route as the admin API takes it. */
export type WrittenRoute = operations['createGatewayRoute']['requestBody']['content']['application/json'];

/** The decision about a request that was tried. */
export type EffectiveRoute = operations['getEffectiveRoute']['responses'][200]['content']['application/json'];

/** Registered APIs by their audiences, page by page. */
export const apisQuery = ({ search }: Pick<ApiSearch, 'search'>) =>
  infiniteQueryOptions({
    queryKey: ['resources', 'list', search ?? ''],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      bodyOf(
        adminApi.GET('/v1/resources', {
          params: {
            query: { limit: 50, ...(search ? { search } : {}), ...(pageParam ? { cursor: pageParam } : {}) },
          },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** Routes in the order they are tried, page by page. */
export const routesQuery = ({ resource }: Pick<RouteSearch, 'resource'>) =>
  infiniteQueryOptions({
    queryKey: ['routes', 'list', resource ?? ''],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      bodyOf(
        adminApi.GET('/v1/gateway-routes', {
          params: {
            query: {
              limit: 100,
              ...(resource ? { resource } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** One route with its entity tag, which a change is made from. */
export const routeQuery = (name: string) =>
  queryOptions({
    queryKey: ['routes', name],
    queryFn: () => answerOf(adminApi.GET('/v1/gateway-routes/{name}', { params: { path: { name } } })),
  });

/** The route that takes a request. */
export const effectiveRouteQuery = ({ url = '', method = 'GET', resource }: RouteSearch) =>
  queryOptions({
    queryKey: ['routes', 'effective', url, method, resource ?? ''],
    enabled: url !== '',
    queryFn: () =>
      bodyOf(
        adminApi.GET('/v1/effective-route', {
          params: { query: { url, method, ...(resource ? { resource } : {}) } },
        }),
      ),
  });
