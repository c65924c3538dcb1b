import { parseDuration } from '@curfew/session-policy';
import { z } from 'zod';
import { devices, networks } from './network.js';

/** One step makes at most so many requests at once. */
const maxAtOnce = 100;

export const oneOf = <const T extends readonly [string, ...string[]]>(names: T) =>
  z.enum(names, { error: `must be one of ${names.join(', ')}` });
export const text = (max: number) =>
  z.string({ error: 'must be a text' }).max(max, { error: `must have at most ${max} characters` });
export const holder = z
  .string({ error: 'must be the name of who holds the tokens' })
  .regex(/^[a-z][a-z0-9-]{0,30}$/, { error: 'must be a name such as laptop: a–z, 0–9 and -' })
  .meta({ description: 'The holder of the tokens: a name of your choice, such as laptop or thief.' });
const duration = z
  .string({ error: 'must be a duration with a unit, such as 16m' })
  .refine((written) => (parseDuration(written) ?? 0) > 0, {
    error: 'must be a duration with a unit, such as 16m',
  })
  .transform((written) => parseDuration(written) ?? 0)
  .meta({ description: 'A duration such as 30s, 16m or 8h.' });
const timesFault = `must be a whole number between 1 and ${maxAtOnce}`;
export const settings = z.record(z.string(), z.unknown(), { error: 'must be settings of a policy' });
const within = duration
  .optional()
  .meta({ description: 'How soon this must be so; the published bound of 2 seconds unless given.' });
const from = {
  network: oneOf(networks).optional(),
  device: oneOf(Object.keys(devices) as [keyof typeof devices, ...(keyof typeof devices)[]]).optional(),
};

/** A kind of step: its description, its members, and the member that may be written alone (`refresh: laptop`). */
interface StepKind<T extends z.ZodType> {
  readonly about: string;
  readonly schema: T;
  readonly short: string | null;
}

const members = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, { error: (issue) => strictFault(issue, Object.keys(shape)) });
const step = <T extends z.ZodRawShape>(about: string, short: (keyof T & string) | null, shape: T) => ({
  about,
  short,
  schema: members(shape),
});
const plain = <T extends z.ZodType>(about: string, schema: T) => ({ about, short: null, schema });

/** An unknown member is named, with those that there are. */
export function strictFault(
  issue: { code?: string; keys?: readonly string[] },
  known: readonly string[],
): string {
  return issue.code === 'unrecognized_keys'
    ? `has the unknown member ${issue.keys?.join(', ')}; it may have ${known.join(', ')}`
    : `must have members: ${known.join(', ')}`;
}

/** Every step there is. */
export const stepKinds = {
  'sign-in': step('A person signs in through the pages, in the browser of this holder.', 'holder', {
    holder,
    ...from,
    offline: z.boolean({ error: 'must be true or false' }).optional(),
  }),
  'sign-in-silently': step(
    'The application asks for a session without a page (prompt=none) in that browser.',
    'holder',
    { holder, expect: oneOf(['signed-in', 'login-required']).default('signed-in') },
  ),
  'step-up': step(
    'The person proves who they are again, in the browser of this holder; its session goes on.',
    'holder',
    { holder },
  ),
  refresh: step('The client uses its refresh token.', 'holder', {
    holder,
    ...from,
    times: z
      .int({ error: timesFault })
      .min(1, { error: timesFault })
      .max(maxAtOnce, { error: timesFault })
      .default(1)
      .meta({ description: 'The number of simultaneous requests with one refresh token.' }),
    'clock-ahead': duration.optional().meta({
      description: 'How far the clock of the client is ahead; for clients that sign what they send.',
    }),
    expect: oneOf([
      'new-token',
      'same-token',
      'access-token-only',
      'refused',
      'step-up',
      'unavailable',
    ]).default('new-token'),
  }),
  'lose-answer': step('The client uses its refresh token, and the answer never arrives.', 'holder', {
    holder,
    ...from,
  }),
  steal: step('Somebody copies the tokens that a holder has now.', null, {
    from: holder,
    as: holder,
    ...from,
  }),
  wait: plain('Time passes, on the virtual clock.', duration),
  use: step('The access token is used at the API or at the gateway in front of it.', 'holder', {
    holder,
    at: oneOf(['api', 'gateway']).default('api'),
    expect: oneOf(['allowed', 'denied']).default('allowed'),
    within,
  }),
  session: step('An administrator looks at the session.', 'of', {
    of: holder,
    is: oneOf(['live', 'ended']).default('live'),
    reason: text(40).optional(),
    within,
  }),
  end: step('An administrator ends the session and signs its browser out.', 'session', {
    session: holder,
    only: z.boolean({ error: 'must be true or false' }).optional(),
    note: text(200).optional(),
  }),
  'change-password': plain('The person sets a new password, in the browser of this holder.', holder),
  'change-policy': plain('An administrator changes these settings of the policy.', settings),
  database: plain(
    'The table of sessions is locked, so that the database gives no answer; or it is free again.',
    oneOf(['blocked', 'free']),
  ),
} as const satisfies Readonly<Record<string, StepKind<z.ZodType>>>;

/** The name of a step. */
export type StepName = keyof typeof stepKinds;
/** The value of a step. */
export type StepValue<S extends StepName> = z.output<(typeof stepKinds)[S]['schema']>;
/** A step as it was read. */
export type Step = { [S in StepName]: { readonly name: S; readonly value: StepValue<S> } }[StepName] & {
  /** The author's remark about the step. */
  readonly because: string | null;
};

/** The name of the holder that a step is about; null where it is about nobody. */
export function holderOf({ name, value }: Step): string | null {
  switch (name) {
    case 'steal':
      return value.as;
    case 'session':
      return value.of;
    case 'end':
      return value.session;
    case 'change-password':
      return value;
    case 'wait':
    case 'change-policy':
    case 'database':
      return null;
    default:
      return value.holder;
  }
}
