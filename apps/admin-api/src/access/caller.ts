import type { AdminScope } from '@curfew/config/admin-scopes';
import type { Actor } from '@curfew/session-policy';

/** The caller with a valid access token. */
export interface Caller {
  readonly kind: 'client' | 'person';
  /** The client the token was issued to. */
  readonly clientId: string;
  /** The person behind it, or null for a client's own token. */
  readonly accountId: string | null;
  /** The session behind a person's token. */
  readonly sessionId: string | null;
  readonly scopes: ReadonlySet<AdminScope>;
  /** As events name them. */
  readonly actor: Actor;
}

/** The name under which a caller's own things (idempotency keys, limits) are kept apart from everybody else's. */
export const callerKey = (caller: Caller): string =>
  caller.accountId === null ? `client:${caller.clientId}` : `account:${caller.accountId}:${caller.clientId}`;
