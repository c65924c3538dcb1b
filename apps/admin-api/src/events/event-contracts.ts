import { type EventType, eventCatalogue, eventTypes } from '@curfew/session-policy';
import { z } from 'zod';
import { operation } from '../contract/operation.js';
import {
  clientId,
  cursorParameter,
  instantParameter,
  limitParameter,
  pageOf,
  timestamp,
  uuid,
} from '../contract/wire.js';

const type = z.enum(eventTypes as [EventType, ...EventType[]], {
  error: 'must be a type of the closed list',
});

/** An event on the wire. */
export const eventSchema = z.object({
  id: uuid,
  at: timestamp,
  type: z.string().meta({
    description: Object.entries(eventCatalogue)
      .map(([name, { meaning }]) => `${name}: ${meaning}`)
      .join('\n'),
  }),
  session_id: uuid.nullable(),
  account_id: uuid.nullable(),
  client_id: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
  position: z
    .string()
    .meta({ description: 'Its place in the feed; follow from here with `after` or Last-Event-ID.' }),
});

const search = {
  type: z
    .string()
    .max(500)
    .transform((text) => text.split(','))
    .pipe(z.array(type).max(40))
    .optional()
    .meta({ description: 'One or several types, separated by commas.' }),
  session: uuid.optional(),
  account: uuid.optional(),
  client: clientId.optional(),
  since: instantParameter.optional(),
  until: instantParameter.optional(),
};

/** A position as it was handed out: epoch, transaction, event. */
export const positionForm = /^\d{1,9}\.\d{1,20}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const position = z
  .string()
  .max(80)
  .regex(positionForm, { error: 'must be the position of an event' })
  .optional()
  .meta({ description: 'Position of an event: what follows it, in the order of the feed, oldest first.' });

/** The history, or the feed from a position. */
export const list = operation({
  id: 'listEvents',
  method: 'get',
  path: '/v1/events',
  tag: 'events',
  summary: 'Lists events: the latest first, or with `after` those that follow a position.',
  description:
    'With `after`, events come in the order of the feed and only once nothing can come before them any more, so that nothing is missed by reading on from the last position.',
  scope: 'events:read',
  query: z.strictObject({
    ...search,
    after: position,
    limit: limitParameter(100, 500),
    cursor: cursorParameter,
  }),
  answers: { 200: { description: 'A page of events.', schema: pageOf(eventSchema) } },
  problems: { 400: ['invalid_cursor'], 410: ['position_lost'] },
});

/** The live stream. */
export const stream = operation({
  id: 'followEvents',
  method: 'get',
  path: '/v1/events/stream',
  tag: 'events',
  summary: 'Follows events as they happen, as server-sent events.',
  description:
    'Each message has the event as data, its type as event and its position as id. A client that comes back with Last-Event-ID misses nothing. A comment is sent every few seconds, so that a silent connection shows. The stream ends when the token does.',
  scope: 'events:read',
  query: z.strictObject({ ...search, after: position }),
  answers: { 200: { description: 'text/event-stream', schema: z.string(), mediaType: 'text/event-stream' } },
  problems: { 410: ['position_lost'], 429: ['too_many_streams'] },
});
