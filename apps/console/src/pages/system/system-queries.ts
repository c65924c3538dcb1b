import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import type { operations } from '../../generated/admin-api.js';

/** A process that serves the session feed, with its followers. */
export type FeedNode =
  operations['listFollowers']['responses'][200]['content']['application/json']['items'][number];

/** A receiver of events. */
export type Receiver =
  operations['listReceivers']['responses'][200]['content']['application/json']['items'][number];

/** A delivery that was given up. */
export type DeadLetter =
  operations['listDeadLetters']['responses'][200]['content']['application/json']['items'][number];

/** A signing key. */
export type SigningKey =
  operations['listKeys']['responses'][200]['content']['application/json']['items'][number];

/** A finding of the doctor. */
export type Finding =
  operations['examineInstallation']['responses'][200]['content']['application/json']['items'][number];

/** Whether the admin API can serve: its database answers, and lost nothing. */
export const readyQuery = queryOptions({
  queryKey: ['system', 'ready'],
  queryFn: () => bodyOf(adminApi.GET('/health/ready')),
});

/** The checks of the installation. */
export const doctorQuery = queryOptions({
  queryKey: ['system', 'doctor'],
  queryFn: () => bodyOf(adminApi.GET('/v1/doctor')),
});

/** The processes that serve the feed. */
export const nodesQuery = queryOptions({
  queryKey: ['system', 'nodes'],
  queryFn: async () => (await bodyOf(adminApi.GET('/v1/followers'))).items,
});

/** The receivers, page by page. */
export const receiversQuery = infiniteQueryOptions({
  queryKey: ['system', 'receivers'],
  initialPageParam: undefined as string | undefined,
  queryFn: ({ pageParam }) =>
    bodyOf(
      adminApi.GET('/v1/receivers', {
        params: { query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
      }),
    ),
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

/** The latest dead letters of a receiver. */
export const deadLettersQuery = (id: string) =>
  queryOptions({
    queryKey: ['system', 'dead letters', id],
    queryFn: () =>
      bodyOf(
        adminApi.GET('/v1/receivers/{id}/dead-letters', { params: { path: { id }, query: { limit: 50 } } }),
      ),
  });

/** The signing keys. */
export const keysQuery = queryOptions({
  queryKey: ['system', 'keys'],
  queryFn: async () => (await bodyOf(adminApi.GET('/v1/keys'))).items,
});
