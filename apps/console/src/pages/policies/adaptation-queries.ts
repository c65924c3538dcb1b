import { queryOptions } from '@tanstack/react-query';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import type { operations } from '../../generated/admin-api.js';

/** The way a policy adapts. */
export type Adaptation = NonNullable<
  operations['getPolicyAdaptation']['responses'][200]['content']['application/json']['adaptation']
>;

/** A step that a person is asked about. */
export type Proposal =
  operations['listPolicyProposals']['responses'][200]['content']['application/json']['items'][number];

/** A step that was taken. */
export type Step =
  operations['listAdaptationSteps']['responses'][200]['content']['application/json']['items'][number];

/** How a policy may adapt, as the admin API takes it. */
export type AdaptationBody = operations['setPolicyAdaptation']['requestBody']['content']['application/json'];

const keyOf = (name: string, part: string) => ['policies', name, 'adaptation', part] as const;

/** The way a policy adapts; null where it does not. */
export const adaptationQuery = (name: string) =>
  queryOptions({
    queryKey: keyOf(name, 'state'),
    queryFn: async () =>
      (await bodyOf(adminApi.GET('/v1/policies/{name}/adaptation', { params: { path: { name } } })))
        .adaptation,
  });

/** The proposals for a policy, the latest first. */
export const proposalsQuery = (name: string) =>
  queryOptions({
    queryKey: keyOf(name, 'proposals'),
    queryFn: async () =>
      (await bodyOf(adminApi.GET('/v1/policies/{name}/proposals', { params: { path: { name } } }))).items,
  });

/** The steps that the adaptation of a policy has taken, the latest first. */
export const stepsQuery = (name: string) =>
  queryOptions({
    queryKey: keyOf(name, 'steps'),
    queryFn: async () =>
      (await bodyOf(adminApi.GET('/v1/policies/{name}/adaptation/steps', { params: { path: { name } } })))
        .items,
  });

/** The releases that hold adaptation back. */
export const releasesQuery = queryOptions({
  queryKey: ['releases'],
  queryFn: async () => (await bodyOf(adminApi.GET('/v1/releases'))).items,
});
