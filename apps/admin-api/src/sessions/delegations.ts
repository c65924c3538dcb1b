import type { EventData } from '@curfew/session-policy';
import { z } from 'zod';
import { timestamp, written } from '../contract/wire.js';
import type { TimelineEvent } from './timeline.store.js';

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

/** The delegations of a session by the exchanges of its tokens, oldest first. */
export function delegationsOf(exchanges: readonly TimelineEvent[]): Delegation[] {
  const known = new Map<string, Delegation>();
  for (const { at, data } of exchanges) {
    const { actors, resource, scope, expiresAt } = data as unknown as EventData['token.exchanged'];
    const key = JSON.stringify([actors, resource, scope]);
    const before = known.get(key);
    const expires = written(expiresAt);
    known.set(key, {
      actors: [...actors],
      resource,
      scope,
      tokens: (before?.tokens ?? 0) + 1,
      first_at: before?.first_at ?? at.toISOString(),
      last_at: at.toISOString(),
      expires_at: before && before.expires_at > expires ? before.expires_at : expires,
    });
  }
  return [...known.values()];
}
