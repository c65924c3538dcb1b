import { z } from 'zod';
import { timestamp } from '../contract/wire.js';

/** Who did something. */
export const actor = z.object({
  kind: z.enum(['user', 'client', 'administrator', 'policy', 'system']),
  id: z.string().nullable(),
  ip: z.string().nullable(),
  username: z
    .string()
    .nullable()
    .meta({ description: 'Of a person; null for a client or a deleted account.' }),
});

/** The names that stand beside the ids of a session. */
export const nameMembers = {
  username: z.string().nullable().meta({ description: 'null where the account was deleted.' }),
  ended_by: actor.nullable().meta({ description: 'Who ended it; null where the service found the end due.' }),
  end_cause: z.string().nullable().meta({
    description: 'What the end came of, beyond its reason: the class of a reuse, or the signals that differ.',
  }),
};

/** An entry of a timeline: what happened, by whom, and what it came of. */
export const timelineEntry = z.object({
  type: z.string(),
  at: timestamp,
  until: timestamp
    .nullable()
    .meta({ description: 'Of the last one, where several of a kind are summed up.' }),
  count: z.number().int(),
  data: z.record(z.string(), z.unknown()),
  by: actor.nullable(),
  cause: z
    .string()
    .nullable()
    .meta({ description: 'The class of a reuse, the signals that differ, or a cause.' }),
});
