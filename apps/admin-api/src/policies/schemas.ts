import { parseDuration } from '@curfew/session-policy';
import { profileNames, type SettingShape, settingNames, settingOf } from '@curfew/session-policy/settings';
import { z } from 'zod';
import { clientId, pageOf, timestamp } from '../contract/wire.js';

function canarySchema({ min, max, maxShare }: Extract<SettingShape, { kind: 'canary' }>): z.ZodType {
  const error = `must be a share of the accounts between 1% and ${maxShare}%, such as "10%"`;
  const share = z.union(
    [
      z
        .string()
        .regex(/^\d{1,3}%$/, { error })
        .refine((text) => Number.parseInt(text, 10) >= 1 && Number.parseInt(text, 10) <= maxShare, { error }),
      z.int().min(1, { error }).max(maxShare, { error }),
    ],
    { error },
  );
  const timeout = settingSchema({ kind: 'duration', min, max }).refine(
    (written) => {
      const seconds = parseDuration(written);
      return seconds === null || (seconds >= min && seconds <= max);
    },
    { error: `must be between ${min} and ${max} seconds` },
  );
  return z.strictObject({ inactivityTimeout: timeout, share }).nullable();
}

/** The schema of a setting by its bounds; rules between settings are in libs/session-policy. */
function settingSchema(shape: SettingShape): z.ZodType {
  switch (shape.kind) {
    case 'duration': {
      const error = `must be a duration such as "15m", or whole seconds, between ${shape.min} and ${shape.max}`;
      const written = z.string().regex(/^(\d{1,9}d)?(\d{1,9}h)?(\d{1,9}m)?(\d{1,9}s)?$/, { error });
      return z.union([written, z.int().min(shape.min, { error }).max(shape.max, { error })], { error });
    }
    case 'count': {
      const error = `must be a whole number between ${shape.min} and ${shape.max}`;
      const within = z.int({ error }).min(shape.min, { error }).max(shape.max, { error });
      return shape.orUnlimited ? within.nullable() : within;
    }
    case 'choice':
      return z
        .enum(shape.choices as [string, ...string[]], {
          error: `must be one of ${shape.choices.join(', ')}`,
        })
        .meta(shape.words && Object.keys(shape.words).length > 0 ? { 'x-words': shape.words } : {});
    case 'canary':
      return canarySchema(shape);
  }
}

const settings = Object.fromEntries(
  settingNames.map((name) => [name, settingSchema(settingOf(name).shape).optional()]),
);

/** The settings of a policy as they are sent: all of them, or those that differ from a ready profile. */
export const settingsSchema = z
  .strictObject({
    basedOn: z
      .enum(profileNames, {
        error: 'must be the name of a ready profile',
      })
      .optional()
      .meta({ description: 'A ready profile that gives what is left out.' }),
    ...settings,
  })
  .meta({
    id: 'PolicySettings',
    description: 'Every setting, or those that differ from the profile named by `basedOn`.',
  });

/** The name of a policy. */
export const policyName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, { error: 'must have 1 to 63 lower-case letters, digits and hyphens' });

/** The attachments of a policy. */
export const targetSchema = z.union(
  [
    z.strictObject({ kind: z.literal('everyone') }),
    z.strictObject({ kind: z.literal('client'), client_id: clientId }),
    z.strictObject({ kind: z.literal('resource'), audience: z.string().min(1).max(512) }),
  ],
  { error: 'must be everyone, a client (client_id) or a resource (audience)' },
);

/** A target on the wire. */
export type TargetOnWire = z.output<typeof targetSchema>;

const written = z.record(z.string(), z.unknown()).meta({ description: 'Durations with their unit.' });

const warning = z.object({
  code: z.string(),
  setting: z.string(),
  severity: z.enum(['warning', 'note']),
  message: z.string(),
});

/** A policy in force. */
export const policySchema = z.object({
  name: z.string(),
  version: z.number().int().meta({ description: '0 for ready profiles, which never change.' }),
  settings: written,
  profile: z.object({ purpose: z.string(), source: z.string() }).nullable(),
  created_at: timestamp.nullable(),
  created_by: z.string().nullable(),
  attached_to: z.array(targetSchema),
});

/** A page of policies. */
export const policyPage = pageOf(policySchema);

/** A policy with what is worth knowing about it. */
export const policyDetail = z.object({ ...policySchema.shape, warnings: z.array(warning) });

/** Every revision of a policy. */
export const revisionList = z.object({ items: z.array(policySchema.omit({ attached_to: true })) });

/** The response of lint. */
export const lintAnswer = z.object({
  valid: z.boolean(),
  violations: z.array(z.string()),
  warnings: z.array(warning),
  compliance: z.array(
    z.object({
      profile: z.string(),
      timeouts_of: z.string().meta({
        description: 'The parts of the document that are compared: its timeouts, and nothing else.',
      }),
      source: z.string(),
      met: z
        .boolean()
        .meta({ description: 'Whether these timeouts are kept; the document as a whole demands more.' }),
      missed_by: z
        .array(z.string())
        .meta({ description: 'Settings that are laxer than the document allows.' }),
    }),
  ),
});

/** The body of a preview. */
export const previewBody = z.strictObject({
  name: policyName.optional().meta({ description: 'The policy to change, or to attach as it stands.' }),
  settings: settingsSchema.optional(),
  attach_to: targetSchema
    .optional()
    .meta({ description: 'The target it would be attached to; by default its present attachments.' }),
});

/** The response of a preview. */
export const previewAnswer = z.object({
  live: z.number().int(),
  would_end: z.number().int(),
  by_client: z.array(
    z.object({ client_id: z.string(), live: z.number().int(), would_end: z.number().int() }),
  ),
  attached: z.string().nullable().meta({
    description:
      'The policy that is attached to `attach_to` now; null for none, or where no target is named.',
  }),
});

/** Which policies are attached to what. */
export const attachmentPage = pageOf(z.object({ target: targetSchema, policy: z.string() }));
