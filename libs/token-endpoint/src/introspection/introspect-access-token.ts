import { isPublicClient, type KnownClient } from '@curfew/clients';
import type { Instant } from '@curfew/session-policy';
import { type FoundAccess, type SessionQueries, type SessionService } from '@curfew/sessions';
import { type AccessTokenCodec, isUuid } from '@curfew/tokens';
import type { ClientDirectory } from '../client/client-directory.js';
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
}

/**
 * RFC 7662 for access tokens: exact, by one read of the session's row, or none for what was never a token of ours. Only
 * the API a token is meant for, and the client it was issued to, learn anything (§4).
 */
export async function introspectAccessToken(
  { token, caller, touch, ip }: IntrospectionQuestion,
  { accessTokens, jwts, sessions, queries, clients, issuer }: IntrospectionParts,
  now: Instant,
): Promise<IntrospectionAnswer> {
  const opened = accessTokens.open(token) ?? jwts.open(token);
  const claims = opened as Claims | undefined;
  if (!claims) sessions.unknownToken('introspection', caller.id, ip, now);
  if (!claims || claims.exp * 1000 <= now || !mayKnow(caller, claims)) return inactive;
  if (!(await clients.find(claims.clientId))) return inactive;
  if (claims.kind === 'ClientCredentials') {
    const issuedAt = claims.issuedAtMs as typeof now;
    const stands = await queries.clientStands(claims.clientId, issuedAt, nameOfToken(token, opened!));
    if (!stands) return inactive;
    const policy = await sessions.policyFor(claims.clientId, claims.aud === undefined ? [] : [claims.aud]);
    return { active: true, ...describe(claims, undefined, issuer), cache_max_age: cacheMaxAge(policy) };
  }
  if (claims.kind !== 'AccessToken' || !claims.grantId || !isUuid(claims.grantId)) return inactive;
  const access = await sessions.access(claims.grantId, nameOfToken(token, opened!), now);
  if (access?.decision.kind !== 'active' || access.session.clientId !== claims.clientId) return inactive;
  const session = touch ? await sessions.used(access, now) : access.session;
  const { policy } = access;
  // A literal that begins with a spread and then grows costs the engine a hidden class each time (docs/performance.md).
  return {
    active: true,
    ...describe(claims, access, issuer),
    ...sessionClocks({ session, policy }, access, now),
  };
}

const mayKnow = (caller: KnownClient, { clientId, aud }: Claims): boolean =>
  !isPublicClient(caller) && (clientId === caller.id || (aud !== undefined && caller.resource === aud));

/** The members of an active response in the library's order; JSON leaves out those that are undefined. */
const describe = (claims: Claims, access: FoundAccess | undefined, issuer: string) => ({
  sub: access?.session.accountId,
  client_id: claims.clientId,
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
