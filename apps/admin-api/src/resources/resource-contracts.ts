import { idTokenAlgs } from '@curfew/clients';
import { textInPath } from '@curfew/clients/client-documents';
import { z } from 'zod';
import { operation } from '../contract/operation.js';
import { cursorParameter, limitParameter, pageOf, timestamp } from '../contract/wire.js';

/** The audience of an API. */
export const audience = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[\x21-\x7e]+$/, { error: 'must be an absolute URI' })
  .meta({ description: 'The audience (RFC 8707).' });
const byAudience = z.object({
  audience: z
    .string()
    .min(1)
    .max(700)
    .regex(/^[\x21-\x7e]+$/, { error: 'must be an absolute URI' })
    .meta({
      description:
        'The audience (RFC 8707), percent-encoded; or in base64url behind `~`, where a gateway stands before: it refuses the `//` of a URI in a path.',
    }),
});

/** The audience that a path names. No URI begins with the `~` that stands before base64url (RFC 3986 §3.1). */
export function audienceIn({ audience: named }: z.output<typeof byAudience>): string {
  const decoded = audience.safeParse(textInPath(named));
  return decoded.success ? decoded.data : named;
}

const etag = { ETag: 'The version; name it in If-Match to change it.' };

const resource = z.object({
  audience: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  default_scopes: z.array(z.string()),
  token_format: z.enum(['opaque', 'jwt']),
  signing_alg: z.string().nullable(),
  policy: z.string().nullable(),
  version: z.number().int(),
  created_at: timestamp,
  updated_at: timestamp,
});

/** The members of an API beside its audience. */
export const members = {
  name: z.string().max(200, { error: 'must have at most 200 characters' }),
  scopes: z.array(z.string().max(128)).max(200),
  default_scopes: z
    .array(z.string().max(128))
    .max(200)
    .optional()
    .meta({ description: 'Those of its scopes that a request gets which names none (RFC 6749 §3.3).' }),
  token_format: z.enum(['opaque', 'jwt'], { error: 'must be opaque or jwt' }).optional(),
  signing_alg: z
    .enum(idTokenAlgs, { error: `must be one of ${idTokenAlgs.join(', ')}` })
    .nullable()
    .optional(),
};

/** The list. */
export const list = operation({
  id: 'listResources',
  method: 'get',
  path: '/v1/resources',
  tag: 'resources',
  summary: 'Lists registered APIs by their audiences.',
  scope: 'clients:read',
  query: z.strictObject({
    search: z.string().max(200).optional().meta({ description: 'Part of the audience or the name.' }),
    audience: z
      .union([audience.transform((one) => [one]), z.array(audience).max(100)])
      .optional()
      .meta({ description: 'Only APIs with this audience; may stand up to 100 times.' }),
    limit: limitParameter(),
    cursor: cursorParameter,
  }),
  answers: { 200: { description: 'A page of APIs.', schema: pageOf(resource) } },
  problems: { 400: ['invalid_cursor'] },
});

/** One. */
export const show = operation({
  id: 'getResource',
  method: 'get',
  path: '/v1/resources/{audience}',
  tag: 'resources',
  summary: 'Shows an API.',
  scope: 'clients:read',
  params: byAudience,
  answers: { 200: { description: 'The API.', schema: resource, headers: etag } },
  problems: { 404: ['unknown_resource'] },
});

/** Register. */
export const create = operation({
  id: 'createResource',
  method: 'post',
  path: '/v1/resources',
  tag: 'resources',
  summary: 'Registers an API.',
  scope: 'clients:write',
  body: z.strictObject({ audience, ...members }),
  idempotent: true,
  answers: { 201: { description: 'The API.', schema: resource, headers: etag } },
  problems: { 400: ['invalid_resource'], 403: ['beyond_own_scopes'], 409: ['resource_exists'] },
});

/** Change. */
export const change = operation({
  id: 'changeResource',
  method: 'patch',
  path: '/v1/resources/{audience}',
  tag: 'resources',
  summary: 'Changes an API; its audience is what it is.',
  scope: 'clients:write',
  params: byAudience,
  body: z.strictObject({ ...members, name: members.name.optional(), scopes: members.scopes.optional() }),
  ifMatch: true,
  answers: { 200: { description: 'The API.', schema: resource, headers: etag } },
  problems: {
    400: ['invalid_resource'],
    403: ['beyond_own_scopes'],
    404: ['unknown_resource'],
    409: ['last_administrator'],
  },
});

/** Delete. */
export const remove = operation({
  id: 'deleteResource',
  method: 'delete',
  path: '/v1/resources/{audience}',
  tag: 'resources',
  summary: 'Deletes an API that no client names any more.',
  scope: 'clients:write',
  params: byAudience,
  answers: { 204: { description: 'Deleted.' } },
  problems: {
    403: ['beyond_own_scopes'],
    404: ['unknown_resource'],
    409: ['resource_in_use', 'last_administrator'],
  },
});
