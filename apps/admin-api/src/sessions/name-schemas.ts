import { z } from 'zod';
import { timestamp } from '../contract/wire.js';

/** An actor. */
export const actor = z.object({
  kind: z.enum(['user', 'client', 'administrator', 'policy', 'system']),
  id: z.string().nullable(),
  ip: z.string().nullable(),
  username: z
    .string()
    .nullable()
    .meta({ description: 'The username of a person; null for a client or a deleted account.' }),
});

/** The names that stand beside the ids of a session. */
export const nameMembers = {
  username: z.string().nullable().meta({ description: 'null where the account was deleted.' }),
  ended_by: actor.nullable().meta({ description: 'The actor who ended it; null if it ended by itself.' }),
  end_cause: z.string().nullable().meta({
    description: 'The cause of the end, beyond its reason: the class of a reuse, or the signals that differ.',
  }),
};

/** An entry of a timeline: the event, its actor, and its cause. */
export const timelineEntry = z.object({
  type: z.string(),
  at: timestamp,
  until: timestamp
    .nullable()
    .meta({ description: 'The time of the last one, if several of a kind are summed up.' }),
  count: z.number().int(),
  data: z.record(z.string(), z.unknown()),
  by: actor.nullable(),
  cause: z
    .string()
    .nullable()
    .meta({ description: 'The class of a reuse, the signals that differ, or a cause.' }),
});
