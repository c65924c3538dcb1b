import { z } from 'zod';
import { beforeWords } from '../contract/before.js';
import { operation } from '../contract/operation.js';
import { clientId, clientInPath, cursorParameter, limitParameter, note, uuid } from '../contract/wire.js';
import {
  changedClient,
  clientChangeSchema,
  clientDetail,
  clientPage,
  clientWithSecret,
  endedAlong,
  newSecretAnswer,
  registrationSchema,
} from './client-schemas.js';

const byId = z.object({ id: clientInPath });
const etag = { ETag: 'The version; name it in If-Match to change it.' };
const why = z.strictObject({ note: note.optional() });

/** The list. */
export const list = operation({
  id: 'listClients',
  method: 'get',
  path: '/v1/clients',
  tag: 'clients',
  summary: 'Lists clients by their ids.',
  scope: 'clients:read',
  query: z.strictObject({
    search: z.string().max(200).optional().meta({ description: 'Part of the id or the name.' }),
    id: z
      .union([clientId.transform((one) => [one]), z.array(clientId).max(100)])
      .optional()
      .meta({ description: 'Only clients with this id; may stand up to 100 times.' }),
    limit: limitParameter(),
    cursor: cursorParameter,
  }),
  answers: { 200: { description: 'A page of clients.', schema: clientPage } },
  problems: { 400: ['invalid_cursor'] },
});

/** One. */
export const show = operation({
  id: 'getClient',
  method: 'get',
  path: '/v1/clients/{id}',
  tag: 'clients',
  summary: 'Shows a client.',
  scope: 'clients:read',
  params: byId,
  answers: { 200: { description: 'The client.', schema: clientDetail, headers: etag } },
  problems: { 404: ['unknown_client'] },
});

/** Register. */
export const create = operation({
  id: 'createClient',
  method: 'post',
  path: '/v1/clients',
  tag: 'clients',
  summary: 'Registers a client; a secret is shown once, in the answer.',
  scope: 'clients:write',
  body: registrationSchema,
  idempotent: true,
  answers: { 201: { description: 'The client.', schema: clientWithSecret, headers: etag } },
  problems: {
    400: ['invalid_client_metadata', 'invalid_redirect_uri'],
    403: ['beyond_own_scopes'],
    404: ['unknown_resource'],
    409: ['client_exists'],
  },
});

/** Change. */
export const change = operation({
  id: 'changeClient',
  method: 'patch',
  path: '/v1/clients/{id}',
  tag: 'clients',
  summary: 'Changes members of a client; null takes one back to its default.',
  description:
    'Its sessions end in the same commit where it loses the grant type refresh_token, authenticates in a weaker way than before, or what its tokens are bound to changes.',
  scope: 'clients:write',
  params: byId,
  body: clientChangeSchema,
  ifMatch: true,
  answers: {
    200: {
      description: 'The client, with a secret where the change made one needed.',
      schema: changedClient,
      headers: etag,
    },
  },
  problems: {
    400: ['invalid_client_metadata', 'invalid_redirect_uri'],
    403: ['beyond_own_scopes'],
    404: ['unknown_client', 'unknown_resource'],
    409: ['last_administrator'],
  },
});

const ending = 'Every session it has ends in the same commit, its own access tokens too.';

/** Disable. */
export const disable = operation({
  id: 'disableClient',
  method: 'post',
  path: '/v1/clients/{id}/disable',
  tag: 'clients',
  summary: 'Disables a client and ends its sessions.',
  description: ending,
  scope: 'clients:write',
  params: byId,
  ifMatch: 'optional',
  body: why,
  bodyOptional: true,
  idempotent: true,
  answers: { 200: { description: 'Disabled.', schema: endedAlong } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_client'], 409: ['last_administrator'] },
});

/** Enable. */
export const enable = operation({
  id: 'enableClient',
  method: 'post',
  path: '/v1/clients/{id}/enable',
  tag: 'clients',
  summary: 'Accepts a disabled client again; revives none of its sessions.',
  scope: 'clients:write',
  params: byId,
  ifMatch: 'optional',
  body: why,
  bodyOptional: true,
  answers: { 204: { description: 'Enabled.' } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_client'] },
});

/** Delete. */
export const remove = operation({
  id: 'deleteClient',
  method: 'delete',
  path: '/v1/clients/{id}',
  tag: 'clients',
  summary: 'Deletes a client with its secrets and consents, and ends its sessions.',
  description: ending,
  scope: 'clients:write',
  params: byId,
  ifMatch: 'optional',
  query: why,
  idempotent: true,
  answers: { 200: { description: 'Deleted.', schema: endedAlong } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_client'], 409: ['last_administrator'] },
});

/** Roll over. */
export const rollOver = operation({
  id: 'rollOverClientSecret',
  method: 'post',
  path: '/v1/clients/{id}/secrets',
  tag: 'clients',
  summary: 'Makes a new secret; the newest old one is accepted a while longer.',
  scope: 'clients:write',
  params: byId,
  body: z.strictObject({
    overlap_seconds: z
      .int({ error: 'must be a whole number of seconds' })
      .min(0)
      .max(90 * 86_400)
      .default(86_400)
      .meta({ description: 'How long the old one is accepted; 0 ends it at once.' }),
    before: z
      .array(uuid)
      .max(10)
      .optional()
      .meta({ description: beforeWords('The ids of the secrets in force') }),
  }),
  bodyOptional: true,
  idempotent: true,
  answers: { 201: { description: 'The new secret.', schema: newSecretAnswer } },
  problems: {
    403: ['beyond_own_scopes'],
    404: ['unknown_client'],
    409: ['no_secret_in_use'],
    412: ['version_conflict'],
  },
});

/** End one secret. */
export const endSecret = operation({
  id: 'deleteClientSecret',
  method: 'delete',
  path: '/v1/clients/{id}/secrets/{secret_id}',
  tag: 'clients',
  summary: 'Ends one secret at once.',
  scope: 'clients:write',
  params: z.object({ id: clientInPath, secret_id: uuid }),
  answers: { 204: { description: 'Ended.' } },
  problems: {
    403: ['beyond_own_scopes'],
    404: ['unknown_client', 'unknown_secret'],
    409: ['last_administrator'],
  },
});
