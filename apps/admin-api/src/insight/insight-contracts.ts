import { z } from 'zod';
import { operation } from '../contract/operation.js';
import { timestamp } from '../contract/wire.js';
import { answerOf, estimate, lengthOf, question } from './insight-schemas.js';
import { type RiskRule, riskRules } from './what-if-rules.js';

const stricterActions = ['step_up', 'end'] as const;
const stricterAction = z.enum(stricterActions, { error: 'must be step_up or end' }).optional();

const visitFigures = z.object({
  cuts_per_visit: estimate,
  sign_ins_again_per_visit: estimate,
  sign_ins_again_per_person_day: estimate,
  gave_up_per_visit: estimate,
  cut_at_work_per_day: estimate,
  exposure_hours_per_day: estimate,
});

const funnelWindow = z.object({
  within_seconds: z.number().int(),
  ended: z.number().int(),
  shown: z.number().int(),
  proved: z.number().int(),
  resumed: z.number().int(),
});

const lowValue = z.object({
  share: estimate,
  at_seconds: z.number(),
  by_client: z.array(
    z.object({
      client_id: z.string(),
      silences: z.number().int(),
      share: z.number(),
      at_seconds: z.number(),
      advice: z.string(),
    }),
  ),
});

/** The curve of silences and what follows from it. */
export const timeouts = operation({
  id: 'getInsightTimeouts',
  method: 'get',
  path: '/v1/insight/timeouts',
  tag: 'insight',
  summary: 'Shows how long sessions are silent, and what the timeouts in force cost and save.',
  scope: 'policies:read',
  query: question,
  answers: {
    200: {
      description: 'The figures, or what is missing for them.',
      schema: answerOf(
        z.object({
          curve: z.array(
            z.object({
              from_seconds: z.number(),
              to_seconds: z.number().nullable().meta({ description: 'null for the last bucket.' }),
              returned: z.number().int(),
              came_back: z.number().int(),
            }),
          ),
          valley: z.object({ seconds: z.number(), depth: z.number() }).nullable(),
          in_force: visitFigures,
          cut_while_working: estimate.meta({
            description: 'The share of timeouts whose person had a new session within two minutes.',
          }),
          funnel: z.array(funnelWindow),
          low_value: lowValue,
        }),
      ),
    },
  },
  problems: { 404: ['unknown_client', 'unknown_policy'] },
});

/** The effect of another setting. */
export const whatIf = operation({
  id: 'getInsightWhatIf',
  method: 'get',
  path: '/v1/insight/what-if',
  tag: 'insight',
  summary:
    'Estimates what another timeout, lifetime, retry window, window for siblings or risk rule would do. Changes nothing.',
  scope: 'policies:read',
  query: question
    .safeExtend({
      inactivity_timeout: lengthOf('inactivityTimeout'),
      absolute_lifetime: lengthOf('absoluteLifetime'),
      retry_window: lengthOf('retryWindow'),
      sibling_window: lengthOf('siblingWindow'),
      ip_change: stricterAction,
      device_mismatch: stricterAction,
      tls_fingerprint_change: stricterAction,
    })
    .refine(
      ({ client: _, policy: __, from: ___, to: ____, ...candidates }) =>
        Object.values(candidates).some((candidate) => candidate !== undefined),
      {
        error: `must be given, or one of absolute_lifetime, retry_window, sibling_window, ${Object.keys(riskRules).join(', ')} in its place`,
        path: ['inactivity_timeout'],
      },
    ),
  answers: {
    200: {
      description: 'The figures before and after, or what is missing for them.',
      schema: answerOf(
        z.object({
          inactivity_timeout: z
            .object({
              candidate_seconds: z.number().int(),
              before: visitFigures,
              after: visitFigures,
              by_client: z.array(
                z.object({ client_id: z.string(), before: estimate, after: estimate }).meta({
                  description: 'Sign-ins again per visit.',
                }),
              ),
              by_hour_of_week: z
                .array(z.object({ hour: z.number().int(), cuts_per_week: z.number() }))
                .meta({ description: 'Further cuts by hour, from Monday 00:00 UTC.' }),
            })
            .nullable(),
          absolute_lifetime: z
            .object({
              candidate_seconds: z.number().int(),
              reached: estimate.meta({ description: 'The share of sessions that reach it.' }),
              ends_per_session: estimate,
            })
            .nullable(),
          retry_window: z
            .object({
              candidate_seconds: z.number().int(),
              reuse_ends: z.number().int(),
              would_be_retries: z.number().int(),
              share: estimate,
            })
            .nullable(),
          siblings: z
            .object({
              candidate_seconds: z.number().int(),
              distance: z.number().int().meta({ description: 'Generations behind the live token, at most.' }),
              reuse_ends: z.number().int(),
              would_be_siblings: z.number().int(),
              share: estimate,
            })
            .nullable(),
          risk_rules: z
            .array(
              z.object({
                rule: z.enum(Object.keys(riskRules) as [RiskRule, ...RiskRule[]]),
                candidate: z.enum(stricterActions),
                sessions: z
                  .number()
                  .int()
                  .meta({ description: 'Sessions that it would have stepped up or ended.' }),
                came_back_as_themselves: z.number().int().meta({
                  description:
                    'Those of them whose account had a new session of the client, or stepped up, within eight hours from the place that differed.',
                }),
                share: estimate,
                complete: z.boolean().meta({
                  description: 'false where there were so many findings that only the latest were looked at.',
                }),
              }),
            )
            .nullable()
            .meta({ description: 'From findings that were recorded; a rule that is off records none.' }),
        }),
      ),
    },
  },
  problems: { 404: ['unknown_client', 'unknown_policy'] },
});

const reuseEndFigures = {
  ends: z.number().int().meta({ description: 'Sessions that ended because a token was used again.' }),
  came_back_as_themselves: z.number().int().meta({
    description:
      'Those of them whose account had a new session of the client within eight hours, from the place that the token came from: their person was taken for a thief.',
  }),
  share: estimate,
  siblings_served: z.number().int().meta({
    description: 'Superseded tokens that were answered with an access token and no refresh token.',
  }),
  sessions_with_siblings: z.number().int().meta({
    description: 'The sessions that they were of: each would have ended at the first of them.',
  }),
};

/** Ends for a reused token that met the person and no thief. */
export const reuseEnds = operation({
  id: 'getInsightReuseEnds',
  method: 'get',
  path: '/v1/insight/reuse-ends',
  tag: 'insight',
  summary:
    'Shows how many sessions ended for a reused token, in how many their person was no thief, and how many siblings were served.',
  scope: 'policies:read',
  query: question,
  answers: {
    200: {
      description: 'The figures.',
      schema: z.object({
        from: timestamp,
        to: timestamp,
        ...reuseEndFigures,
        complete: z.boolean().meta({
          description: 'false where there were so many ends that only the latest were looked at.',
        }),
        by_client: z
          .array(z.object({ client_id: z.string(), ...reuseEndFigures }))
          .meta({ description: 'The client with the most such ends first.' }),
      }),
    },
  },
  problems: { 404: ['unknown_client', 'unknown_policy'] },
});

const changeOfPolicy = z.object({
  policy: z.string(),
  version: z.number().int(),
  at: timestamp,
  before: estimate,
  predicted: estimate,
  after: estimate,
});

/** Unattended, usable time. */
export const exposure = operation({
  id: 'getInsightExposure',
  method: 'get',
  path: '/v1/insight/exposure',
  tag: 'insight',
  summary: 'Shows for how many hours a day sessions are alive while nobody has been active for two minutes.',
  scope: 'policies:read',
  query: question,
  answers: {
    200: {
      description: 'The figures, or what is missing for them.',
      schema: answerOf(
        z.object({
          now: z
            .object({
              counted_at: timestamp,
              live: z.number().int(),
              unattended: z.number().int().meta({ description: 'Nobody has been active for two minutes.' }),
              usable_hours: z
                .number()
                .meta({ description: 'For so long they stay usable, all together, if nobody comes back.' }),
            })
            .nullable()
            .meta({
              description:
                'Live sessions of the 1,000 clients that have the most; null while they are being counted.',
            }),
          hours_per_day: estimate,
          over_time: z.array(z.object({ from: timestamp, days: z.number().int(), hours_per_day: estimate })),
          last_change: changeOfPolicy.nullable().meta({
            description: 'Of the policy asked about; null without one, or without a change in the window.',
          }),
          changes: z.array(changeOfPolicy).meta({
            description:
              'The latest five changes of the policy in the window, the latest first: hours a day between the change before and this one, what was predicted from them, and hours a day until the next one.',
          }),
        }),
      ),
    },
  },
  problems: { 404: ['unknown_client', 'unknown_policy'] },
});
