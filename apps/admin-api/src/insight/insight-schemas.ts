import { parseDuration } from '@curfew/session-policy';
import { settingOf } from '@curfew/session-policy/settings';
import { z } from 'zod';
import { clientId, instantParameter, timestamp } from '../contract/wire.js';
import { policyName } from '../policies/schemas.js';

/** The length of a setting, as a query or a body writes it, in seconds. */
export const lengthOf = (
  setting: 'inactivityTimeout' | 'absoluteLifetime' | 'retryWindow' | 'siblingWindow',
) => {
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

/** A question to an insight operation: about one client or one policy, and about days in their order. */
export const question = z.strictObject(asked).refine(isOneSubject, oneSubject).refine(isInOrder, inOrder);

/** A figure with its interval. */
export const estimate = z
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

/** An answer from evidence: its figures, or the evidence that is missing for it. */
export const answerOf = <Found extends z.ZodType>(found: Found) =>
  z.object({
    evidence,
    missing: missing.meta({ description: 'Empty where there is enough data.' }),
    found: found.nullable().meta({ description: 'null where data is missing.' }),
  });
