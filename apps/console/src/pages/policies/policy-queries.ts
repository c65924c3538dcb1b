import { queryOptions } from '@tanstack/react-query';
import { adminApi, answerOf, bodyOf } from '../../admin-api/client.js';
import type { operations } from '../../generated/admin-api.js';

/** A policy in force, with where it is attached. */
export type Policy =
  operations['listPolicies']['responses'][200]['content']['application/json']['items'][number];

/** A policy by itself: with the warnings of the linter, too. */
export type PolicyDetails = operations['getPolicy']['responses'][200]['content']['application/json'];

/** A target of a policy. */
export type Target = Policy['attached_to'][number];

/** The settings of a policy as they are written. */
export type Settings = Readonly<Record<string, unknown>>;

/** Settings as the admin API takes them. */
export type SettingsBody =
  operations['createPolicy']['requestBody']['content']['application/json']['settings'];

/** Every policy: ready profiles and those of one's own. */
export const policiesQuery = queryOptions({
  queryKey: ['policies'],
  queryFn: async () =>
    (await bodyOf(adminApi.GET('/v1/policies', { params: { query: { limit: 200 } } }))).items,
});

/** One policy with its entity tag, which a change is made from. */
export const policyQuery = (name: string) =>
  queryOptions({
    queryKey: ['policies', name],
    queryFn: () => answerOf(adminApi.GET('/v1/policies/{name}', { params: { path: { name } } })),
  });

/** Every revision of a policy, the latest first. */
export const revisionsQuery = (name: string) =>
  queryOptions({
    queryKey: ['policies', name, 'revisions'],
    queryFn: async () =>
      (await bodyOf(adminApi.GET('/v1/policies/{name}/revisions', { params: { path: { name } } }))).items,
  });
