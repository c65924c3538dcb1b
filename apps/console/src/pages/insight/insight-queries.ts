import { type QueryClient, queryOptions } from '@tanstack/react-query';
import { callerQuery } from '../../admin-api/caller.js';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { serverNow } from '../../admin-api/server-time.js';
import type { operations } from '../../generated/admin-api.js';
import type { InsightSearch } from './insight-search.js';

type Timeouts = operations['getInsightTimeouts']['responses'][200]['content']['application/json'];
type Exposure = operations['getInsightExposure']['responses'][200]['content']['application/json'];

/** The figures of timeouts, once there are enough counts. */
export type FoundTimeouts = NonNullable<Timeouts['found']>;

/** The figures of exposure, once there are enough counts. */
export type FoundExposure = NonNullable<Exposure['found']>;

/** The evidence that an answer rests on. */
export type Evidence = Timeouts['evidence'];

/** Ends for a reused token. */
export type ReuseEnds = operations['getInsightReuseEnds']['responses'][200]['content']['application/json'];

const presetDays = 28;

/** The question as the admin API takes it; days count back from the time of the installation, which comes with the caller. */
async function asked({ client, policy, days = presetDays }: InsightSearch, queries: QueryClient) {
  await queries.ensureQueryData(callerQuery);
  const from = new Date(serverNow() - (days - 1) * 86_400_000).toISOString();
  return { query: { from, ...(client ? { client } : {}), ...(policy ? { policy } : {}) } };
}

/** How long sessions are silent, and what the timeouts in force cost and save. */
export const timeoutsQuery = (search: InsightSearch) =>
  queryOptions({
    queryKey: ['insight', 'timeouts', search],
    queryFn: async ({ client }) =>
      bodyOf(adminApi.GET('/v1/insight/timeouts', { params: await asked(search, client) })),
  });

/** The hours in which sessions are alive and nobody is there. */
export const exposureQuery = (search: InsightSearch) =>
  queryOptions({
    queryKey: ['insight', 'exposure', search],
    queryFn: async ({ client }) =>
      bodyOf(adminApi.GET('/v1/insight/exposure', { params: await asked(search, client) })),
  });

/** The ends for a reused token, and how many of them met the person. */
export const reuseEndsQuery = (search: InsightSearch) =>
  queryOptions({
    queryKey: ['insight', 'reuse ends', search],
    queryFn: async ({ client }) =>
      bodyOf(adminApi.GET('/v1/insight/reuse-ends', { params: await asked(search, client) })),
  });
