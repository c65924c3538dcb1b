import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import type { operations } from '../../generated/admin-api.js';
import type { PeopleSearch } from './people-search.js';

/** A person in the list. */
export type Person =
  operations['listAccounts']['responses'][200]['content']['application/json']['items'][number];

/** A person with what they may do as an operator, and the entity tag of that. */
export type PersonDetails = operations['getAccount']['responses'][200]['content']['application/json'] & {
  readonly etag: string;
};

/** The second factors of a person. */
export type Factors = operations['listFactors']['responses'][200]['content']['application/json'];

/** People by their usernames, page by page. */
export const peopleQuery = ({ prefix = '' }: PeopleSearch) =>
  infiniteQueryOptions({
    queryKey: ['people', prefix],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      bodyOf(
        adminApi.GET('/v1/accounts', {
          params: {
            query: { prefix: prefix.toLowerCase(), limit: 50, ...(pageParam ? { cursor: pageParam } : {}) },
          },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

const ofPerson = (id: string, part: string) => ['account', id, part] as const;

/** The live sessions of a person, the latest first. */
export const personSessionsQuery = (id: string) =>
  queryOptions({
    queryKey: ofPerson(id, 'sessions'),
    queryFn: () =>
      bodyOf(
        adminApi.GET('/v1/accounts/{id}/sessions', {
          params: { path: { id }, query: { state: 'live', limit: 6 } },
        }),
      ),
  });

/** The browsers in which a person is signed in. */
export const personBrowsersQuery = (id: string) =>
  queryOptions({
    queryKey: ofPerson(id, 'browsers'),
    queryFn: () =>
      bodyOf(adminApi.GET('/v1/browsers', { params: { query: { account: id, state: 'live', limit: 20 } } })),
  });

/** The applications that a person allowed something. */
export const personConsentsQuery = (id: string) =>
  queryOptions({
    queryKey: ofPerson(id, 'consents'),
    queryFn: () => bodyOf(adminApi.GET('/v1/accounts/{id}/consents', { params: { path: { id } } })),
  });

/** The question about the second factors of a person. */
export const personFactorsQuery = (id: string) =>
  queryOptions({
    queryKey: ofPerson(id, 'factors'),
    queryFn: () => bodyOf(adminApi.GET('/v1/accounts/{id}/factors', { params: { path: { id } } })),
  });
