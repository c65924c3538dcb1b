import { infiniteQueryOptions, queryOptions, useQuery } from '@tanstack/react-query';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { noteServerTime } from '../../admin-api/server-time.js';
import type { operations } from '../../generated/admin-api.js';
import type { SessionSearch } from './session-search.js';

/** A session as the list shows it. */
export type Session =
  operations['listSessions']['responses'][200]['content']['application/json']['items'][number];

/** A session with its history. */
export type SessionDetails = operations['getSession']['responses'][200]['content']['application/json'];

const pageSize = 50;

/** The sessions of a search, page by page. */
export const sessionsQuery = (search: SessionSearch) =>
  infiniteQueryOptions({
    queryKey: ['sessions', search],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      bodyOf(
        adminApi.GET('/v1/sessions', {
          params: { query: { ...search, limit: pageSize, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** One session. */
export const sessionQuery = (id: string) =>
  queryOptions({
    queryKey: ['session', id],
    queryFn: () => bodyOf(adminApi.GET('/v1/sessions/{id}', { params: { path: { id } } })),
  });

/** The browser that a session came of, with everything else it signed in; not asked for a session without one. */
export const useBrowserOf = ({ browser }: Pick<SessionDetails, 'browser'>) =>
  useQuery({
    queryKey: ['browser', browser],
    enabled: browser !== null,
    queryFn: () => bodyOf(adminApi.GET('/v1/browsers/{uid}', { params: { path: { uid: browser ?? '' } } })),
  });

/** Tells the console the time of the installation again, after its clock was moved. */
export const clockQuery = queryOptions({
  queryKey: ['clock'],
  queryFn: async () => {
    const clock = await bodyOf(adminApi.GET('/v1/clock'));
    noteServerTime(clock.now);
    return clock;
  },
});
