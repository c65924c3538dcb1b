import { receiverKinds } from '@curfew/events/delivery';
import { type EventType } from '@curfew/session-policy';
import { eventTypes } from '@curfew/session-policy/event-catalogue';
import { z } from 'zod';
import { operation } from '../contract/operation.js';
import { clientId, cursorParameter, limitParameter, pageOf, timestamp } from '../contract/wire.js';

const byId = z.object({
  id: z.string().regex(/^[A-Za-z0-9._:~-]{1,128}$/, { error: 'must be the id of a receiver' }),
});
const etag = { ETag: 'The version; name it in If-Match to change it.' };
const statuses = ['enabled', 'paused', 'disabled'] as const;

const receiver = z.object({
  id: z.string(),
  kind: z.enum(receiverKinds).meta({
    description:
      'Webhooks are kept here; logout receivers follow from clients, Shared Signals streams from their APIs.',
  }),
  name: z.string(),
  address: z.string().nullable(),
  client_id: z.string().nullable(),
  event_types: z.array(z.string()).meta({ description: 'None: all.' }),
  status: z.enum(statuses),
  status_reason: z.string().nullable(),
  version: z.number().int(),
  created_at: timestamp,
  updated_at: timestamp,
  waiting: z
    .number()
    .int()
    .meta({ description: 'Deliveries that wait, for their turn or for another attempt.' }),
  dead: z.number().int().meta({ description: 'Deliveries that were given up.' }),
});

const wish = z.strictObject({
  name: z.string().max(200, { error: 'must have at most 200 characters' }),
  address: z.string().max(2_048, { error: 'must have at most 2048 characters' }).meta({ format: 'uri' }),
  event_types: z
    .array(z.enum(eventTypes as [EventType, ...EventType[]], { error: 'must be a type of the closed list' }))
    .max(100)
    .default([])
    .meta({ description: 'None: all of the closed list.' }),
  client_id: clientId.nullable().default(null).meta({ description: 'Only what concerns this client.' }),
  status: z.enum(statuses, { error: `must be one of ${statuses.join(', ')}` }).default('enabled'),
});

const faults = ['invalid_name', 'invalid_address', 'unknown_event_type'];

/** The list. */
export const list = operation({
  id: 'listReceivers',
  method: 'get',
  path: '/v1/receivers',
  tag: 'receivers',
  summary: 'Lists who is told of events, with what waits for each and what was given up.',
  scope: 'events:read',
  query: z.strictObject({ limit: limitParameter(), cursor: cursorParameter }),
  answers: { 200: { description: 'A page of receivers.', schema: pageOf(receiver) } },
  problems: { 400: ['invalid_cursor'] },
});

/** One. */
export const show = operation({
  id: 'getReceiver',
  method: 'get',
  path: '/v1/receivers/{id}',
  tag: 'receivers',
  summary: 'Shows a receiver; never its secret.',
  scope: 'events:read',
  params: byId,
  answers: { 200: { description: 'The receiver.', schema: receiver, headers: etag } },
  problems: { 404: ['unknown_receiver'] },
});

/** A webhook. */
export const create = operation({
  id: 'createWebhook',
  method: 'post',
  path: '/v1/receivers',
  tag: 'receivers',
  summary: 'Registers a webhook for what happens from now on; its secret is shown once, in the answer.',
  description: 'A receiver gets events, so the caller needs events:read as well.',
  scope: 'clients:write',
  body: wish,
  idempotent: true,
  answers: {
    201: {
      description: 'The webhook.',
      schema: z.object({
        ...receiver.shape,
        secret: z.string().meta({ description: 'Shown this once; signatures are made with it.' }),
      }),
      headers: etag,
    },
  },
  problems: { 400: faults, 403: ['beyond_own_scopes'] },
});

/** Change. */
export const change = operation({
  id: 'changeWebhook',
  method: 'put',
  path: '/v1/receivers/{id}',
  tag: 'receivers',
  summary:
    'Replaces the registration of a webhook. A paused webhook keeps its events for later; a disabled one misses them.',
  scope: 'clients:write',
  params: byId,
  body: wish,
  ifMatch: true,
  answers: { 200: { description: 'The webhook.', schema: receiver, headers: etag } },
  problems: { 400: faults, 403: ['beyond_own_scopes'], 404: ['unknown_receiver'], 409: ['not_a_webhook'] },
});

/** A new secret. */
export const rotate = operation({
  id: 'rotateWebhookSecret',
  method: 'post',
  path: '/v1/receivers/{id}/secret',
  tag: 'receivers',
  summary: 'Makes a new secret, shown once; deliveries carry a signature of the one before as well.',
  scope: 'clients:write',
  params: byId,
  idempotent: true,
  answers: { 201: { description: 'The secret.', schema: z.object({ secret: z.string() }) } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_receiver'] },
});

/** Remove. */
export const remove = operation({
  id: 'deleteReceiver',
  method: 'delete',
  path: '/v1/receivers/{id}',
  tag: 'receivers',
  summary: 'Removes a webhook or a stream with everything that waits for it.',
  scope: 'clients:write',
  params: byId,
  answers: { 204: { description: 'Removed.' } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_receiver'] },
});

const deadLetter = z.object({
  id: z.string(),
  event_id: z.string(),
  event_at: timestamp,
  session_id: z.string().nullable(),
  attempts: z.number().int(),
  cause: z.string().nullable(),
  dead_at: timestamp,
});

/** Deliveries that were given up. */
export const deadLetters = operation({
  id: 'listDeadLetters',
  method: 'get',
  path: '/v1/receivers/{id}/dead-letters',
  tag: 'receivers',
  summary: 'Lists deliveries to a receiver that were given up, oldest first.',
  scope: 'events:read',
  params: byId,
  query: z.strictObject({ limit: limitParameter(), cursor: cursorParameter }),
  answers: { 200: { description: 'A page of dead letters.', schema: pageOf(deadLetter) } },
  problems: { 400: ['invalid_cursor'], 404: ['unknown_receiver'] },
});

/** Send again. */
export const redrive = operation({
  id: 'redriveDeadLetters',
  method: 'post',
  path: '/v1/receivers/{id}/redrive',
  tag: 'receivers',
  summary: 'Sends dead letters again, those named or all, from the first attempt.',
  scope: 'clients:write',
  params: byId,
  body: z.strictObject({
    ids: z
      .array(z.string().regex(/^\d{1,18}$/, { error: 'must be ids of dead letters' }))
      .min(1)
      .max(1_000)
      .optional()
      .meta({ description: 'All, unless named.' }),
  }),
  bodyOptional: true,
  idempotent: true,
  answers: { 200: { description: 'How many.', schema: z.object({ redriven: z.number().int() }) } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_receiver'] },
});

const follower = z.object({
  id: z.string(),
  client_id: z.string(),
  since: timestamp,
  acknowledged_at: timestamp.nullable(),
  time_to_deny_ms: z.number().nullable().meta({ description: 'From the last probe to its denial here.' }),
  stale: z
    .boolean()
    .meta({ description: 'Missed its lease or its last probe; it denies by itself meanwhile.' }),
});

/** The followers of the session feed. */
export const followers = operation({
  id: 'listFollowers',
  method: 'get',
  path: '/v1/followers',
  tag: 'receivers',
  summary: 'Lists gateways and APIs that follow the session feed, with how fast each denies what has ended.',
  scope: 'events:read',
  answers: {
    200: {
      description: 'The nodes that serve the feed, with their followers.',
      schema: z.object({
        items: z.array(z.object({ node: z.string(), seen_at: timestamp, followers: z.array(follower) })),
      }),
    },
  },
});
