import { isPublicClient, type KnownClient } from '@curfew/clients';
import { type Instant } from '@curfew/session-policy';
import { deadlines } from '@curfew/session-policy/deadlines';
import type { SessionService } from '@curfew/sessions';
import type { ClientDirectory } from '../client/client-directory.js';
import { registeredScopes } from '../client/client-scopes.js';
import { authorizationIn, epochSeconds, scopesOf } from '../session-payload.js';
import type { IntrospectionAnswer } from './introspect-access-token.js';
import { sessionClocks } from './session-clocks.js';

/** The parts that introspection of a refresh token needs. */
interface RefreshIntrospectionParts {
  readonly issuer: string;
  readonly sessions: SessionService;
  readonly clients: ClientDirectory;
}

const inactive = { active: false } as const;
const noAccessToken = new Uint8Array();

/** The client that asks about a refresh token, and the key it has proved to hold where it is public. */
interface RefreshTokenAsker {
  readonly client: KnownClient;
  readonly thumbprint: string | undefined;
}

/**
 * RFC 7662 for refresh tokens, which only their own client is told about, and which its question does not use. A public client is told about
 * one that is bound to the key it proves. Undefined for a text that is no refresh token of ours.
 */
export async function introspectRefreshToken(
  token: string,
  { client: caller, thumbprint }: RefreshTokenAsker,
  { issuer, sessions, clients }: RefreshIntrospectionParts,
  now: Instant,
): Promise<IntrospectionAnswer | undefined> {
  const opened = await sessions.openRefreshToken(token);
  if (!opened) return undefined;
  const { id, clientId } = opened.session;
  const { scope, jkt, 'x5t#S256': x5t } = authorizationIn(opened.session);
  const isProven = !isPublicClient(caller) || (jkt !== undefined && jkt === thumbprint);
  if (opened.matches !== 'current' || clientId !== caller.id || !isProven) return inactive;
  const access = await sessions.access(id, noAccessToken, now);
  if (access?.decision.kind !== 'active' || !(await clients.find(clientId))) return inactive;
  const { session, policy } = access;
  return {
    active: true,
    sub: session.accountId,
    client_id: clientId,
    exp: epochSeconds(deadlines(session, policy).expiresAt),
    iat: epochSeconds(session.rotatedAt ?? session.startedAt),
    sid: session.id,
    iss: issuer,
    scope: registeredScopes(caller, scopesOf(scope)).join(' ') || undefined,
    cnf: jkt || x5t ? { 'x5t#S256': x5t, jkt } : undefined,
    ...sessionClocks({ session, policy }, access, now),
  };
}
