import { type EventType } from '@curfew/session-policy';
import { eventCatalogue, eventTypes } from '@curfew/session-policy/event-catalogue';
import { z } from 'zod';
import { operation } from '../contract/operation.js';
import {
  clientId,
  cursorParameter,
  instantParameter,
  limitParameter,
  networkParameter,
  pageOf,
  timestamp,
  uuid,
} from '../contract/wire.js';
import { actor } from '../sessions/name-schemas.js';

const type = z.enum(eventTypes as [EventType, ...EventType[]], {
  error: 'must be a type of the closed list',
});

/** An event on the wire. */
export const eventSchema = z.object({
  id: uuid,
  at: timestamp,
  type: z.string().meta({
    examples: eventTypes,
    description: Object.entries(eventCatalogue)
      .map(([name, { meaning }]) => `${name}: ${meaning}`)
      .join('\n'),
  }),
  session_id: uuid.nullable(),
  account_id: uuid.nullable(),
  username: z
    .string()
    .nullable()
    .meta({ description: 'The username of the account; null if it was deleted.' }),
  client_id: z.string().nullable(),
  by: actor.nullable().meta({ description: 'The actor, with their username.' }),
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
  ip: networkParameter.optional().meta({
    description:
      'Address of the request, of the actor or of what was counted, or a network in CIDR notation.',
  }),
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
  .meta({
    description:
      'The position of an event; the response has the events after it, in the order of the feed, oldest first.',
  });

/** The history, or the feed from a position. */
export const list = operation({
  id: 'listEvents',
  method: 'get',
  path: '/v1/events',
  tag: 'events',
  summary: 'Lists events: the latest first, or with `after` those that follow a position.',
  description:
    'With `after`, events come in the order of the feed and only once nothing can come before them any more, so that nothing is missed by reading on from the last position. A page of a search for an address may be shorter than `limit`, or empty: each request looks through 20,000 events. The search is over where `next_cursor` is null.',
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

/** The events of a search as a file. */
export const exportEvents = operation({
  id: 'exportEvents',
  method: 'get',
  path: '/v1/events/export',
  tag: 'events',
  summary: 'Hands out the events of a search as a file: one JSON object on each line, the latest first.',
  description:
    'The file is written while it is read, and ends after `limit` events. A file with exactly so many may be cut: go on with `until`, the time of its last event.',
  scope: 'events:read',
  query: z.strictObject({ ...search, limit: limitParameter(100_000, 100_000) }),
  answers: { 200: { description: 'JSON lines.', schema: z.string(), mediaType: 'application/jsonl' } },
});

/** The chain over all events. */
export const integrity = operation({
  id: 'checkEventIntegrity',
  method: 'get',
  path: '/v1/events/integrity',
  tag: 'events',
  summary: 'Compares recorded events with their seals, part by part.',
  description:
    'Looks at some seals from `from` on and stops after a second or two; `next` says where to go on, null that the end was reached. Every problem is a sign that somebody changed, added or removed events. Keep `head` somewhere else: given again as `known_seal` and `known_hash`, it shows that nothing before it was made anew.',
  scope: 'events:read',
  query: z.strictObject({
    from: z.coerce
      .number({ error: 'must be the number of a seal' })
      .int({ error: 'must be the number of a seal' })
      .min(1, { error: 'must be at least 1' })
      .max(Number.MAX_SAFE_INTEGER, { error: 'must be the number of a seal' })
      .default(1)
      .meta({ description: 'The seal to begin with.' }),
    limit: limitParameter(200, 1_000),
    known_seal: z.coerce
      .number({ error: 'must be the number of a seal' })
      .int({ error: 'must be the number of a seal' })
      .min(1, { error: 'must be at least 1' })
      .max(Number.MAX_SAFE_INTEGER, { error: 'must be the number of a seal' })
      .optional()
      .meta({ description: 'A seal whose hash was kept elsewhere.' }),
    known_hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/, { error: 'must be 64 hexadecimal digits' })
      .optional()
      .meta({ description: 'Its hash.' }),
  }),
  answers: {
    200: {
      description: 'The result of the check.',
      schema: z.object({
        checked: z.object({
          from: z.number().int(),
          through: z.number().int().nullable().meta({ description: 'null where there is no such seal.' }),
          events: z.number().int(),
        }),
        problems: z.array(z.object({ seal: z.number().int(), problem: z.string() })),
        known_matches: z
          .boolean()
          .nullable()
          .meta({ description: 'Whether the known seal is still as it was; null where none was given.' }),
        next: z.number().int().nullable(),
        head: z.object({ seal: z.number().int(), hash: z.string() }).nullable(),
      }),
    },
  },
});

/** The live stream. */
export const stream = operation({
  id: 'followEvents',
  method: 'get',
  path: '/v1/events/stream',
  tag: 'events',
  summary: 'Follows events as they happen, as server-sent events.',
  description:
    'Each message has the event as data, its type as event and its position as id. A client that comes back with Last-Event-ID misses nothing. The position where the stream begins is in the header Event-Position. A comment is sent every few seconds, so that a silent connection shows. The stream ends when the token does. A process that stops ends it with a message of type elsewhere, whose id is where to go on, after the milliseconds of its retry.',
  scope: 'events:read',
  query: z.strictObject({ ...search, after: position }),
  answers: { 200: { description: 'text/event-stream', schema: z.string(), mediaType: 'text/event-stream' } },
  problems: { 410: ['position_lost'], 429: ['too_many_streams'] },
});
