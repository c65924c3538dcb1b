import { z } from 'zod';
import { endedAlong } from '../clients/client-schemas.js';
import { operation } from '../contract/operation.js';
import { note, timestamp, uuid } from '../contract/wire.js';

/** A person of an identity provider, as the account shows the link. */
export const identity = z.object({
  issuer: z.string(),
  subject: z.string(),
  created_at: timestamp,
  last_used_at: timestamp.nullable(),
});

const named = (most: number) =>
  z
    .string()
    .min(1, { error: 'must have at least 1 character' })
    .max(most, { error: `must have at most ${most} characters` });

/** Take a link away. */
export const unlink = operation({
  id: 'unlinkIdentity',
  method: 'post',
  path: '/v1/accounts/{id}/unlink-identity',
  tag: 'accounts',
  summary: 'Takes the link to a person of an identity provider away, and ends the sessions of the account.',
  description:
    'No session knows by which way in it began, so that all of them end in the same commit. Where the settings of the provider say so, the person can be linked anew by their address. A link that the person has removed is made by no address, until that removal is forgotten: `allow` does this, and takes no link away.',
  scope: 'accounts:write',
  params: z.object({ id: uuid }),
  body: z.strictObject({
    issuer: named(500).meta({ description: 'As the account shows it.' }),
    subject: named(1_000).meta({ description: 'As the account shows it.' }),
    allow: z.boolean().optional().meta({
      description: 'true forgets that the person has removed the link; a link that is there stays.',
    }),
    note: note.optional(),
  }),
  answers: {
    200: {
      description: 'Taken away, where there was such a link; or allowed, where the person had removed it.',
      schema: z.object({
        unlinked: z.boolean(),
        allowed: z.boolean().meta({ description: 'Whether a removal by the person was forgotten.' }),
        ended: endedAlong.nullable(),
      }),
    },
  },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_account'] },
});
