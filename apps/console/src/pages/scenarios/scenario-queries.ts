import { queryOptions } from '@tanstack/react-query';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { noteServerTime } from '../../admin-api/server-time.js';
import type { operations } from '../../generated/admin-api.js';

/** The scenarios with the latest plays. */
export type Scenarios = operations['listScenarios']['responses'][200]['content']['application/json'];

/** A scenario with its steps. */
export type Scenario = Scenarios['items'][number];

/** A play with the steps that were played so far. */
export type Play = operations['getScenarioPlay']['responses'][200]['content']['application/json'];

/** A step that was played. */
export type Step = Play['steps'][number];

/** A play is asked for so often while it goes on. Each question counts as activity, so that a moved clock signs nobody out. */
const followedEveryMs = 400;

/** The scenarios. */
export const scenariosQuery = queryOptions({
  queryKey: ['scenarios'],
  queryFn: () => bodyOf(adminApi.GET('/v1/scenarios')),
});

/** One play, followed until it is over. */
export const playQuery = (id: string) =>
  queryOptions({
    queryKey: ['scenario play', id],
    retry: false,
    queryFn: async () => {
      const play = await bodyOf(adminApi.GET('/v1/scenario-plays/{id}', { params: { path: { id } } }));
      // The scenario may have moved the clock of the installation.
      noteServerTime((await bodyOf(adminApi.GET('/v1/clock'))).now);
      return play;
    },
    refetchInterval: ({ state: { data } }) => (data && data.state !== 'playing' ? false : followedEveryMs),
    refetchIntervalInBackground: true,
  });

/** The session that a scenario is about, as it stands now. */
export const playedSessionQuery = (id: string, isPlaying: boolean) =>
  queryOptions({
    queryKey: ['scenario session', id],
    retry: false,
    queryFn: () => bodyOf(adminApi.GET('/v1/sessions/{id}', { params: { path: { id } } })),
    refetchInterval: isPlaying ? 1_000 : false,
  });
