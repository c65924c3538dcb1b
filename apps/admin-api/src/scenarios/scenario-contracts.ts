import { z } from 'zod';
import { operation } from '../contract/operation.js';
import { timestamp, uuid } from '../contract/wire.js';

/** The states of a play. */
export const playStates = ['playing', 'passed', 'failed', 'stopped', 'broken'] as const;

const step = z.object({
  step: z.string(),
  at: z.number().int().meta({ description: 'Seconds of the clock of the installation since the beginning.' }),
  took_ms: z.number().int(),
  outcome: z.enum(['passed', 'failed', 'left_out']),
  told: z.string().meta({ description: 'The outcome in words.' }),
  session_id: uuid.nullable().meta({ description: 'The session that the step was about.' }),
  denied_after_ms: z
    .number()
    .int()
    .nullable()
    .meta({ description: 'For a token that was denied: the time since the act before it was done.' }),
});

/** A step that was played, as it is kept and shown. */
export type StepOnWire = z.output<typeof step>;

const play = z.object({
  id: uuid,
  scenario: z.string(),
  started_at: timestamp,
  started_by: z
    .object({ kind: z.string(), id: z.string().nullable() })
    .meta({ description: 'The operator or client that asked for it.' }),
  state: z.enum(playStates).meta({
    description:
      '`broken` means that it could not be played to its end for a reason outside the scenario; `detail` says it.',
  }),
  stop_asked: z.boolean(),
  steps: z.array(step).meta({ description: 'The steps that were played so far.' }),
  detail: z.string().nullable(),
});

const scenario = z.object({
  name: z.string(),
  title: z.string(),
  about: z.string(),
  policy: z.record(z.string(), z.unknown()).meta({ description: 'Settings on top of the profile standard.' }),
  moves_clock_seconds: z
    .number()
    .int()
    .meta({ description: 'How far it moves the clock of the whole installation.' }),
  blocks_database: z.boolean(),
  steps: z.array(z.object({ words: z.string(), because: z.string().nullable() })),
});

/** A scenario as it is shown. */
export type ScenarioOnWire = z.output<typeof scenario>;

/** The scenarios, and what was played. */
export const list = operation({
  id: 'listScenarios',
  method: 'get',
  path: '/v1/scenarios',
  tag: 'service',
  summary: 'Lists the built-in scenarios with their steps, and the latest plays.',
  scope: 'sessions:read',
  answers: {
    200: {
      description: 'The scenarios.',
      schema: z.object({
        playable: z.boolean().meta({ description: 'Whether this installation lets scenarios be played.' }),
        clock_movable: z.boolean().meta({
          description: 'Whether scenarios that move the clock or block the database may be played.',
        }),
        items: z.array(scenario),
        plays: z.array(play.omit({ steps: true })).meta({ description: 'The latest first, at most ten.' }),
      }),
    },
  },
});

/** Play one. */
export const start = operation({
  id: 'playScenario',
  method: 'post',
  path: '/v1/scenarios/{name}/plays',
  tag: 'service',
  summary: 'Plays a scenario on this installation.',
  description:
    'It needs CURFEW_SCENARIOS=true. A scenario has an account and clients of its own, which are removed after it; one that lets time pass moves the clock of the whole installation. The player acts with the scopes accounts:read, accounts:write, clients:write, events:read, policies:write, sessions:read and sessions:end, so the caller must have them all. One scenario is played at a time, for at most five minutes.',
  scope: 'sessions:end',
  powerless: true,
  params: z.object({
    name: z.string().regex(/^[a-z0-9-]{1,64}$/, { error: 'must be the name of a scenario' }),
  }),
  idempotent: true,
  answers: { 201: { description: 'The play, which has begun.', schema: play } },
  problems: {
    403: ['beyond_own_scopes'],
    404: ['unknown_scenario'],
    409: ['scenarios_are_off', 'clock_not_movable', 'scenario_is_playing'],
  },
});

const byId = z.object({ id: uuid });

/** Follow one. */
export const show = operation({
  id: 'getScenarioPlay',
  method: 'get',
  path: '/v1/scenario-plays/{id}',
  tag: 'service',
  summary: 'Shows a play with the steps that were played so far.',
  scope: 'sessions:read',
  params: byId,
  answers: { 200: { description: 'The play.', schema: play } },
  problems: { 404: ['unknown_play'] },
});

/** Stop one. */
export const stop = operation({
  id: 'stopScenarioPlay',
  method: 'post',
  path: '/v1/scenario-plays/{id}/stop',
  tag: 'service',
  summary: 'Stops a play after the step under way; what it made is removed.',
  description: 'A play that is over stays as it is.',
  scope: 'sessions:end',
  powerless: true,
  params: byId,
  answers: { 200: { description: 'The play.', schema: play } },
  problems: { 404: ['unknown_play'] },
});
