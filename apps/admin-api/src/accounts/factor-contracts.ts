import { z } from 'zod';
import { endedAlong } from '../clients/client-schemas.js';
import { operation } from '../contract/operation.js';
import { note, timestamp, uuid } from '../contract/wire.js';

const byId = z.object({ id: uuid });

/** The second factors of an account. */
export const factors = operation({
  id: 'listFactors',
  method: 'get',
  path: '/v1/accounts/{id}/factors',
  tag: 'accounts',
  summary: 'Shows the second factors of an account, without their secrets.',
  scope: 'accounts:read',
  params: byId,
  answers: {
    200: {
      description: 'The factors.',
      schema: z.object({
        authenticator_app: z
          .object({ created_at: timestamp, last_used_at: timestamp.nullable() })
          .nullable()
          .meta({ description: 'null where there is none.' }),
        passkeys: z.array(
          z.object({
            id: z.string().meta({ description: 'The credential id, in base64url.' }),
            name: z.string(),
            created_at: timestamp,
            last_used_at: timestamp.nullable(),
            backed_up: z.boolean().meta({ description: 'Whether copies of it are on other devices.' }),
          }),
        ),
        recovery_codes_left: z.number().int(),
        asked_at_every_sign_in: z
          .boolean()
          .meta({ description: 'Otherwise where an application or a policy demands it.' }),
        remembered_browsers: z
          .array(
            z.object({
              browser: z.string().nullable(),
              system: z.string().nullable(),
              created_at: timestamp,
              expires_at: timestamp,
            }),
          )
          .meta({ description: 'Browsers in which no second step is asked for at the sign-in.' }),
      }),
    },
  },
  problems: { 404: ['unknown_account'] },
});

/** Remove them. */
export const removeFactors = operation({
  id: 'removeFactors',
  method: 'delete',
  path: '/v1/accounts/{id}/factors',
  tag: 'accounts',
  summary: 'Removes all second factors of an account, for a person who has lost them.',
  description:
    'Their password alone signs them in afterwards. The policy that ends sessions with a new password ends them here, too.',
  scope: 'accounts:write',
  params: byId,
  query: z.strictObject({ note: note.optional() }),
  answers: {
    200: {
      description: 'Removed.',
      schema: z.object({ removed: z.boolean(), ended: endedAlong.nullable() }),
    },
  },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_account'] },
});

/** Forget the browsers in which the person is spared the second step. */
export const forgetBrowsers = operation({
  id: 'forgetBrowsers',
  method: 'delete',
  path: '/v1/accounts/{id}/remembered-browsers',
  tag: 'accounts',
  summary: 'Has a person asked for the second step in every browser again.',
  scope: 'accounts:write',
  params: byId,
  query: z.strictObject({ note: note.optional() }),
  answers: {
    200: { description: 'Forgotten.', schema: z.object({ forgotten: z.number().int() }) },
  },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_account'] },
});
