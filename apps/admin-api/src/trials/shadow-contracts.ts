import { endReasons } from '@curfew/session-policy';
import { z } from 'zod';
import { operation } from '../contract/operation.js';
import { cursorParameter, limitParameter, pageOf, timestamp, uuid } from '../contract/wire.js';
import { lengthOf } from '../insight/insight-schemas.js';
import { policyName } from '../policies/schemas.js';

const byName = z.object({ name: policyName });

const shadow = z.object({
  policy: z.string(),
  inactivity_timeout: z.number().int().meta({ description: 'Seconds.' }),
  absolute_lifetime: z
    .number()
    .int()
    .nullable()
    .meta({ description: 'Seconds; null for that of the policy.' }),
  since: timestamp.meta({ description: 'Sessions are judged from then on.' }),
  of_canary: z.boolean().meta({
    description: 'Whether it is the shorter timeout of a canary, tried on the sessions of the longer one.',
  }),
});

/** Sets the shadow of a policy. */
export const set = operation({
  id: 'setPolicyShadow',
  method: 'put',
  path: '/v1/policies/{name}/shadow',
  tag: 'policies',
  summary: 'Tries shorter timeouts on the sessions of a policy without ending any.',
  description:
    'From now on each session is marked at the first moment at which these timeouts would have ended it. Other timeouts forget the marks that were made before.',
  scope: 'policies:write',
  params: byName,
  body: z
    .strictObject({
      inactivity_timeout: lengthOf('inactivityTimeout'),
      absolute_lifetime: lengthOf('absoluteLifetime'),
    })
    .refine(({ inactivity_timeout: idle, absolute_lifetime: absolute }) => (idle ?? absolute) !== undefined, {
      error: 'must be given, or absolute_lifetime in its place',
      path: ['inactivity_timeout'],
    }),
  answers: { 200: { description: 'The shadow.', schema: shadow } },
  problems: { 400: ['invalid_policy'], 403: ['beyond_own_scopes'], 404: ['unknown_policy'] },
});

/** Removes it. */
export const remove = operation({
  id: 'removePolicyShadow',
  method: 'delete',
  path: '/v1/policies/{name}/shadow',
  tag: 'policies',
  summary: 'Ends the shadow of a policy and forgets its marks.',
  scope: 'policies:write',
  params: byName,
  answers: { 204: { description: 'There is none any more.' } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_policy'] },
});

const outcome = z.object({
  marked: z.number().int().meta({ description: 'Sessions that it would have ended.' }),
  used_again: z.number().int().meta({ description: 'Of those, the ones that were used after that.' }),
  live: z.number().int(),
  ended: z
    .record(z.string(), z.number().int())
    .meta({ description: 'The others, by the reason of their end.' }),
  complete: z.boolean().meta({ description: 'false where there are more sessions than are counted.' }),
});

/** The effect that it would have had. */
export const show = operation({
  id: 'getPolicyShadow',
  method: 'get',
  path: '/v1/policies/{name}/shadow',
  tag: 'policies',
  summary: 'Shows the shadow of a policy and how many sessions it would have ended.',
  scope: 'policies:read',
  params: byName,
  answers: {
    200: {
      description: 'The shadow and its effect; both null where there is none.',
      schema: z.object({ shadow: shadow.nullable(), would_have_ended: outcome.nullable() }),
    },
  },
  problems: { 404: ['unknown_policy'] },
});

/** Which sessions. */
export const sessions = operation({
  id: 'listShadowedSessions',
  method: 'get',
  path: '/v1/policies/{name}/shadow/sessions',
  tag: 'policies',
  summary: 'Lists the sessions that the shadow of a policy would have ended, with what they did afterwards.',
  description:
    'A session is marked when it is used again, ends, or is looked at by the sweeper; one that is silent at this moment may not be marked yet.',
  scope: 'sessions:read',
  params: byName,
  query: z.strictObject({ limit: limitParameter(), cursor: cursorParameter }),
  answers: {
    200: {
      description: 'A page of sessions, the earliest sign-in first.',
      schema: pageOf(
        z.object({
          id: uuid,
          account_id: uuid,
          client_id: z.string(),
          would_have_ended_at: timestamp,
          used_again_after_seconds: z
            .number()
            .int()
            .nullable()
            .meta({ description: 'null where it was not used again.' }),
          last_active_at: timestamp,
          ended_at: timestamp.nullable(),
          end_reason: z.enum(endReasons).nullable(),
        }),
      ),
    },
  },
  problems: { 400: ['invalid_cursor'], 404: ['unknown_policy'] },
});
