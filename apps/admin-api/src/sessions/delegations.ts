import { z } from 'zod';
import { timestamp } from '../contract/wire.js';
import type { ExchangeGroup } from './timeline.store.js';

/** Tokens by which the same clients act for the person of a session, at one API and with one scope (RFC 8693). */
export const delegation = z.object({
  actors: z
    .array(z.string())
    .meta({ description: 'Clients that act one for another, the one that acts first.' }),
  resource: z.string(),
  scope: z.string(),
  tokens: z.number().int(),
  first_at: timestamp,
  last_at: timestamp,
  expires_at: timestamp.meta({
    description: 'When the last of these tokens expires; the end of the session ends it before.',
  }),
});

/** A delegation on the wire. */
type Delegation = z.output<typeof delegation>;

/** A group of exchanges on the wire. */
export const delegationOf = (group: ExchangeGroup): Delegation => ({
  actors: [...group.actors],
  resource: group.resource,
  scope: group.scope,
  tokens: group.tokens,
  first_at: group.firstAt.toISOString(),
  last_at: group.lastAt.toISOString(),
  expires_at: group.expiresAt.toISOString(),
});
