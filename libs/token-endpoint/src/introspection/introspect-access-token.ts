import { isPublicClient, type KnownClient } from '@curfew/clients';
import { allowsDepth, exchangeRightFor, mayStillAct, scopesWithin } from '@curfew/clients/token-exchange';
import type { Instant, SessionId } from '@curfew/session-policy';
import { type FoundAccess, type SessionQueries, type SessionService } from '@curfew/sessions';
import { type AccessTokenCodec, isUuid } from '@curfew/tokens';
import { type Acting, actorsOf } from '../access-token.js';
import type { ClientDirectory } from '../client/client-directory.js';
import { scopesOf } from '../session-payload.js';
import { type JwtAccessTokens, nameOfToken } from './jwt-access-tokens.js';
import { cacheMaxAge, sessionClocks } from './session-clocks.js';

/** The response of an introspection (RFC 7662 §2.2), with this product's members beside the standard's. */
export type IntrospectionAnswer = { readonly active: boolean } & Readonly<Record<string, unknown>>;

/** The parts that introspection needs. */
export interface IntrospectionParts {
  readonly issuer: string;
  readonly accessTokens: AccessTokenCodec;
  readonly jwts: JwtAccessTokens;
  readonly sessions: SessionService;
  readonly queries: SessionQueries;
  readonly clients: ClientDirectory;
}

/** The client that asks, and whether the question counts as use of the session. */
export interface IntrospectionQuestion {
  readonly token: string;
  readonly caller: KnownClient;
  readonly touch: boolean;
  /** The address that the question came from, for the count of tokens that nobody ever issued. */
  readonly ip: string | null;
}

const inactive = { active: false } as const;

interface Claims {
  readonly kind: string;
  readonly grantId?: string;
  readonly clientId: string;
  readonly aud?: string;
  readonly scope?: string;
  readonly iat: number;
  readonly exp: number;
  readonly issuedAtMs?: number;
  readonly jkt?: string;
  readonly 'x5t#S256'?: string;
  readonly act?: Acting;
  readonly may_act?: { readonly sub?: unknown };
}

/** An access token that stands, and the session that it names; a client's own token names none. */
export interface StandingToken {
  readonly claims: Claims;
  readonly access: FoundAccess | undefined;
}

/** The members of an introspection response about an access token (RFC 7662 §2.2). */
export async function introspectAccessToken(
  question: IntrospectionQuestion,
  parts: IntrospectionParts,
  now: Instant,
): Promise<IntrospectionAnswer> {
  const standing = await standingToken(question, parts, now);
  if (!standing) return inactive;
  const { claims, access } = standing;
  const { sessions, issuer } = parts;
  if (!access) {
    const policy = await sessions.policyFor(claims.clientId, claims.aud === undefined ? [] : [claims.aud]);
    return { active: true, ...describe(claims, undefined, issuer), cache_max_age: cacheMaxAge(policy) };
  }
  // A client that acts for the person shows nothing of the person's presence.
  const isUse = question.touch && claims.act === undefined;
  const session = isUse ? await sessions.used(access, now) : access.session;
  const { policy } = access;
  // A literal that begins with a spread and then grows costs the engine a hidden class each time (docs/performance.md).
  return {
    active: true,
    ...describe(claims, access, issuer),
    ...sessionClocks({ session, policy }, access, now),
  };
}

/**
 * The token, if it stands: exact, by one read of the session's row, or none for what was never a token of ours. Only the API a token is
 * meant for, and the client it was issued to, learn anything (RFC 7662 §4).
 */
export async function standingToken(
  { token, caller, ip }: Omit<IntrospectionQuestion, 'touch'>,
  { accessTokens, jwts, sessions, queries, clients }: IntrospectionParts,
  now: Instant,
): Promise<StandingToken | undefined> {
  const opened = accessTokens.open(token) ?? jwts.open(token);
  const claims = opened as Claims | undefined;
  if (!claims) sessions.unknownToken('introspection', caller.id, ip, now);
  if (!claims || claims.exp * 1000 <= now || !mayKnow(caller, claims)) return undefined;
  if (!(await clients.find(claims.clientId))) return undefined;
  const name = nameOfToken(token, opened!);
  if (claims.kind === 'ClientCredentials') {
    const stands = await queries.clientStands(claims.clientId, claims.issuedAtMs as typeof now, name);
    return stands ? { claims, access: undefined } : undefined;
  }
  if (claims.kind !== 'AccessToken' || !claims.grantId || !isUuid(claims.grantId)) return undefined;
  if (claims.act !== undefined) return delegated(claims, claims.grantId, name, { clients, sessions }, now);
  const access = await sessions.access(claims.grantId, name, now);
  const isOwn = access?.decision.kind === 'active' && access.session.clientId === claims.clientId;
  return isOwn ? { claims, access } : undefined;
}

/**
 * RFC 8693: a token that was exchanged stands while its session does, under the policy of its own API too, and while the rights by which it
 * was exchanged are what they were (ADR 99), which memory answers; and until everything of a client that acts by it is ended, which the read
 * of the session tells.
 */
async function delegated(
  claims: Claims,
  sessionId: SessionId,
  name: Uint8Array,
  { clients, sessions }: Pick<IntrospectionParts, 'clients' | 'sessions'>,
  now: Instant,
): Promise<StandingToken | undefined> {
  const { act, aud, scope } = claims;
  const actorIds = actorsOf(act);
  const actors = await Promise.all(actorIds.map((id) => clients.find(id)));
  const right = actors[0] && aud !== undefined ? exchangeRightFor(actors[0], aud) : undefined;
  if (!right || aud === undefined) return undefined;
  const issuedAt = claims.issuedAtMs as typeof now;
  const scopes = scopesOf(scope);
  const isCovered = allowsDepth(right, actors.length) && scopesWithin(right, scopes).length === scopes.length;
  if (!isCovered || !actors.every((actor) => actor && mayStillAct(actor, issuedAt))) return undefined;
  const found = await sessions.access(sessionId, name, now, { ids: actorIds, issuedAt });
  if (found?.decision.kind !== 'active') return undefined;
  // An API without a policy of its own changes nothing about the session's.
  const api = await clients.resource(aud);
  const access = api && api.policy !== null ? await sessions.alsoAt(found, aud, now) : found;
  return access.decision.kind === 'active' ? { claims, access } : undefined;
}

const mayKnow = (caller: KnownClient, { clientId, aud }: Claims): boolean =>
  !isPublicClient(caller) && (clientId === caller.id || (aud !== undefined && caller.resource === aud));

/** The members of an active response in the library's order; JSON leaves out those that are undefined. */
const describe = (claims: Claims, access: FoundAccess | undefined, issuer: string) => ({
  sub: access?.session.accountId,
  client_id: claims.clientId,
  act: claims.act,
  // The token ends with this client's sessions, and followers hear of such ends by client.
  session_client_id: claims.act && access?.session.clientId,
  exp: claims.exp,
  iat: claims.iat,
  sid: access?.session.id,
  iss: issuer,
  aud: claims.aud,
  scope: claims.scope || undefined,
  cnf: confirmation(claims),
  token_type: claims.jkt ? 'DPoP' : 'Bearer',
});

const confirmation = ({ jkt, 'x5t#S256': x5t }: Claims) =>
  jkt || x5t ? { 'x5t#S256': x5t, jkt } : undefined;
