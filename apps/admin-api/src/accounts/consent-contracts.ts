import { z } from 'zod';
import { operation } from '../contract/operation.js';
import { clientInPath, note, timestamp, uuid } from '../contract/wire.js';

const byId = z.object({ id: uuid });
const why = z.strictObject({ note: note.optional() });

const consent = z.object({
  client_id: z.string(),
  granted_at: timestamp,
  scopes: z.array(z.string()),
  claims: z.array(z.string()),
  resources: z.record(z.string(), z.array(z.string())),
});

/** Its consents. */
export const consents = operation({
  id: 'listConsents',
  method: 'get',
  path: '/v1/accounts/{id}/consents',
  tag: 'accounts',
  summary: 'Lists what an account allowed clients, the latest first.',
  scope: 'accounts:read',
  params: byId,
  answers: { 200: { description: 'At most 500 consents.', schema: z.object({ items: z.array(consent) }) } },
  problems: { 404: ['unknown_account'] },
});

/** Withdraw one. */
export const withdraw = operation({
  id: 'withdrawConsent',
  method: 'delete',
  path: '/v1/accounts/{id}/consents/{client_id}',
  tag: 'accounts',
  summary: 'Takes back what an account allowed a client, and ends the sessions it has with it.',
  scope: 'accounts:write',
  params: z.object({ id: uuid, client_id: clientInPath }),
  query: why,
  answers: {
    200: {
      description: 'Withdrawn.',
      schema: z.object({ withdrawn: z.boolean(), sessions_ended: z.number().int() }),
    },
  },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_account'] },
});
