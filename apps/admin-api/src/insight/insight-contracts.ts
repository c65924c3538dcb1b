import { parseDuration, settingOf } from '@curfew/session-policy';
import { z } from 'zod';
import { operation } from '../contract/operation.js';
import { clientId, instantParameter, timestamp } from '../contract/wire.js';
import { policyName } from '../policies/schemas.js';
import { type RiskRule, riskRules } from './what-if-rules.js';

/** The length of a setting, as a query or a body writes it, in seconds. */
export const lengthOf = (setting: 'inactivityTimeout' | 'absoluteLifetime' | 'retryWindow') => {
  const { min, max } = settingOf(setting).shape as { min: number; max: number };
  const error = `must be a duration such as 15m, between ${min} and ${max} seconds`;
  return z
    .string()
    .max(40, { error })
    .transform((text, context) => {
      const length = parseDuration(/^\d+$/.test(text) ? Number(text) : text);
      if (length !== null && length >= min && length <= max) return Number(length);
      context.addIssue({ code: 'custom', message: error });
      return z.NEVER;
    })
    .optional();
};

const stricterActions = ['step_up', 'end'] as const;
const stricterAction = z.enum(stricterActions, { error: 'must be step_up or end' }).optional();

const asked = {
  client: clientId.optional(),
  policy: policyName.optional().meta({ description: 'The clients this policy is attached to.' }),
  from: instantParameter.optional().meta({ description: 'From this day on; 28 days ago by default.' }),
  to: instantParameter.optional().meta({ description: 'Up to and with this day; today by default.' }),
};

const isOneSubject = ({ client, policy }: { client?: string | undefined; policy?: string | undefined }) =>
  client === undefined || policy === undefined;
const oneSubject = { error: 'must not be given together with client', path: ['policy'] };
const isInOrder = ({ from, to }: { from?: number | undefined; to?: number | undefined }) =>
  from === undefined || to === undefined || from <= to;
const inOrder = { error: 'must not be before from', path: ['to'] };

const estimate = z
  .object({ value: z.number(), low: z.number(), high: z.number() })
  .meta({ description: 'A figure with its 95 % interval.' });

const evidence = z.object({
  from: timestamp,
  to: timestamp,
  days: z.number().int().meta({ description: 'Days on which something was counted.' }),
  silences: z.number().int(),
  visits: z.number().int(),
  inactivity_timeouts: z.array(z.number().int()).meta({ description: 'Seconds, as they were in force.' }),
  resolution_seconds: z.number().int().meta({ description: 'Shorter silences are not seen.' }),
  give_up_share: z.object({ low: z.number(), high: z.number(), measured: z.boolean() }),
  unknown: z.array(z.string()).meta({ description: 'What these figures do not know.' }),
});

const missing = z.array(
  z.object({
    of: z.enum(['days', 'silences', 'visits', 'folds']),
    have: z.number(),
    need: z.number(),
    days: z
      .number()
      .nullable()
      .meta({ description: 'Until then, at the present rate; null where nothing comes in.' }),
  }),
);

/** An answer from evidence: what was found, or what is missing for it. */
const answerOf = <Found extends z.ZodType>(found: Found) =>
  z.object({
    evidence,
    missing: missing.meta({ description: 'Empty where there is enough data.' }),
    found: found.nullable().meta({ description: 'null where data is missing.' }),
  });

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
  query: z.strictObject(asked).refine(isOneSubject, oneSubject).refine(isInOrder, inOrder),
  answers: {
    200: {
      description: 'The figures, or what is missing for them.',
      schema: answerOf(
        z.object({
          curve: z.array(
            z.object({ from_seconds: z.number(), returned: z.number().int(), came_back: z.number().int() }),
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
  summary: 'Estimates what another timeout, lifetime, retry window or risk rule would do. Changes nothing.',
  scope: 'policies:read',
  query: z
    .strictObject({
      ...asked,
      inactivity_timeout: lengthOf('inactivityTimeout'),
      absolute_lifetime: lengthOf('absoluteLifetime'),
      retry_window: lengthOf('retryWindow'),
      ip_change: stricterAction,
      device_mismatch: stricterAction,
      tls_fingerprint_change: stricterAction,
    })
    .refine(isOneSubject, oneSubject)
    .refine(isInOrder, inOrder)
    .refine(
      ({ client: _, policy: __, from: ___, to: ____, ...candidates }) =>
        Object.values(candidates).some((candidate) => candidate !== undefined),
      {
        error: `must be given, or one of absolute_lifetime, retry_window, ${Object.keys(riskRules).join(', ')} in its place`,
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

/** Unattended, usable time. */
export const exposure = operation({
  id: 'getInsightExposure',
  method: 'get',
  path: '/v1/insight/exposure',
  tag: 'insight',
  summary: 'Shows for how many hours a day sessions are alive while nobody has been active for two minutes.',
  scope: 'policies:read',
  query: z.strictObject(asked).refine(isOneSubject, oneSubject).refine(isInOrder, inOrder),
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
          last_change: z
            .object({
              policy: z.string(),
              version: z.number().int(),
              at: timestamp,
              before: estimate,
              predicted: estimate,
              after: estimate,
            })
            .nullable()
            .meta({
              description: 'Of the policy asked about; null without one, or without a change in the window.',
            }),
        }),
      ),
    },
  },
  problems: { 404: ['unknown_client', 'unknown_policy'] },
});
