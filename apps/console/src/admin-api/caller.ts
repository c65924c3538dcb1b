import { queryOptions, useQuery } from '@tanstack/react-query';
import type { operations } from '../generated/admin-api.js';
import { adminApi, bodyOf } from './client.js';
import { noteServerTime } from './server-time.js';

/** The operator who uses the console, as the admin API sees them. */
export type Caller = operations['getCaller']['responses'][200]['content']['application/json'];

/** A scope of the admin API. */
export type Scope = Caller['scopes'][number];

/** The question who asks; its answer also tells the time of the installation. */
export const callerQuery = queryOptions({
  queryKey: ['caller'],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async () => {
    const caller = await bodyOf(adminApi.GET('/v1/caller'));
    noteServerTime(caller.now);
    return caller;
  },
});

/** The operator who uses the console. */
export const useCaller = (): Caller | undefined => useQuery(callerQuery).data;

/** Whether the operator has a scope; true until it is known, since the admin API decides anyway. */
export const useMay = (scope: Scope): boolean => useCaller()?.scopes.includes(scope) ?? true;
