import { queryOptions } from '@tanstack/react-query';
import { adminApi, answerOf, bodyOf } from '../../admin-api/client.js';
import type { operations } from '../../generated/admin-api.js';

/** A policy in force, with where it is attached. */
export type Policy =
  operations['listPolicies']['responses'][200]['content']['application/json']['items'][number];

/** A policy by itself: with the warnings of the linter, too. */
export type PolicyDetails = operations['getPolicy']['responses'][200]['content']['application/json'];

/** A revision of a policy. */
export type Revision =
  operations['listPolicyRevisions']['responses'][200]['content']['application/json']['items'][number];

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

/** The findings of the linter about settings, saved or not; asking changes nothing. */
export const lintQuery = (settings: Settings) =>
  queryOptions({
    queryKey: ['policy lint', settings],
    queryFn: () =>
      bodyOf(adminApi.POST('/v1/policies/lint', { body: { settings: settings as SettingsBody } })),
  });

/** Every revision of a policy, the latest first. */
export const revisionsQuery = (name: string) =>
  queryOptions({
    queryKey: ['policies', name, 'revisions'],
    queryFn: async () =>
      (await bodyOf(adminApi.GET('/v1/policies/{name}/revisions', { params: { path: { name } } }))).items,
  });

/** The shadow of a policy and its effect so far; both null where there is none. */
export type ShadowAnswer = operations['getPolicyShadow']['responses'][200]['content']['application/json'];

/** The shadow of a policy. */
export const shadowQuery = (name: string) =>
  queryOptions({
    queryKey: ['policies', name, 'shadow'],
    queryFn: () => bodyOf(adminApi.GET('/v1/policies/{name}/shadow', { params: { path: { name } } })),
  });
