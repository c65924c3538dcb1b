/*
 * Introspection (RFC 7662): the endpoint, and its answers about access tokens and refresh tokens, with the clocks of their session.
 */
import { isPublicClient, type KnownClient } from '@curfew/clients';
import { allowsDepth, exchangeRightFor, mayStillAct, scopesWithin } from '@curfew/clients/token-exchange';
import {
  elapsedMs,
  type Instant,
  type RequestSignals,
  type SessionId,
  type SessionPolicy,
  secondsUntil,
} from '@curfew/session-policy';
import { contextOf } from '@curfew/session-policy/authentication';
import { deadlines, idleWarningAt } from '@curfew/session-policy/standing';
import type { FoundAccess, SessionQueries, SessionService } from '@curfew/sessions';
import { type AccessTokenCodec, isUuid, nameOfToken } from '@curfew/tokens';
import { type Authorization, authorizationIn, registeredScopes, scopesOf } from './access.js';
import { type Acting, actorsOf, epochSeconds } from './access-token.js';
import { type ClientDirectory, clientParameters } from './client/client-authentication.js';
import type { JwtAccessTokens } from './introspection/jwt-access-tokens.js';
import { mayPreferJwt, signedAnswer } from './introspection/signed-answer.js';
import type { EndpointParts } from './parts.js';
import { tooManyRequests } from './refused.js';
import { type Answer, type ClientRequest, parameter, refuseRepeated, requireParameters } from './request.js';

/** RFC 7662 §2: the introspection endpoint, for a caller that has authenticated. @throws Refused */
export async function introspection(request: ClientRequest, parts: EndpointParts): Promise<Answer> {
  refuseRepeated(request, ['token', 'token_type_hint', 'touch', ...clientParameters]);
  requireParameters(request, 'token');
  const { now } = request;
  const wait = parts.introspections.take(asker(request), now);
  if (wait !== null) throw tooManyRequests(wait);
  const answer = await verdict(request, parts);
  const { accept } = request.request.headers;
  const text =
    accept && mayPreferJwt.test(accept) && (await signedAnswer(answer, { accept, request }, parts));
  return text ? { status: 200, text } : { status: 200, json: answer };
}

/** The name under which questions are counted. Anybody can ask as a public client, so each network has its own count. */
const asker = (request: ClientRequest): string =>
  isPublicClient(request.client) ? `${request.client.id} ${request.signals.prefix}` : request.client.id;

/**
 * The facts about the token. A client that has not authenticated is told nothing (RFC 7662 §2.1); a public one authorizes its question
 * about a refresh token by a proof of the key to which that is bound (RFC 9449 §5, ADR 103). Tokens are told apart by their form, whatever
 * `token_type_hint` says (§2.1).
 */
async function verdict(request: ClientRequest, parts: EndpointParts) {
  const { client: caller, form, now } = request;
  const value = parameter(request, 'token')!;
  const thumbprint = isPublicClient(caller) ? await provenKey(request, parts) : undefined;
  const refreshToken = parts.accessTokens.hasForm(value)
    ? undefined
    : await introspectRefreshToken(value, { client: caller, thumbprint }, parts, now);
  if (refreshToken) return refreshToken;
  const question = { token: value, caller, touch: form['touch'] !== 'false', from: request };
  return introspectAccessToken(question, parts, now);
}

/** The key that a public client holds; undefined without a proof, which passes once. @throws Refused */
async function provenKey(request: ClientRequest, { proofs }: EndpointParts): Promise<string | undefined> {
  const proof = await proofs.read(request);
  if (proof) await proofs.useUp(proof, request.client.id, request.now);
  return proof?.thumbprint;
}

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
  /** The request that asks, for the count of tokens that nobody ever issued: its address is read only for them. Null where none asks. */
  readonly from: { readonly signals: Pick<RequestSignals, 'ip'> } | null;
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
  readonly may_act?: { readonly sub?: unknown; readonly iss?: unknown } | null;
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
  { token, caller, from }: Omit<IntrospectionQuestion, 'touch'>,
  { accessTokens, jwts, sessions, queries, clients }: IntrospectionParts,
  now: Instant,
): Promise<StandingToken | undefined> {
  const opened = accessTokens.open(token) ?? jwts.open(token);
  const claims = opened as Claims | undefined;
  if (!claims) sessions.unknownToken('introspection', caller.id, from?.signals.ip ?? null, now);
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

const confirmation = ({ jkt, 'x5t#S256': x5t }: Pick<Authorization, 'jkt' | 'x5t#S256'>) =>
  jkt || x5t ? { 'x5t#S256': x5t, jkt } : undefined;

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
async function introspectRefreshToken(
  token: string,
  { client: caller, thumbprint }: RefreshTokenAsker,
  { issuer, sessions, clients }: Pick<IntrospectionParts, 'issuer' | 'sessions' | 'clients'>,
  now: Instant,
): Promise<IntrospectionAnswer | undefined> {
  const opened = await sessions.openRefreshToken(token);
  if (!opened) return undefined;
  const { id, clientId } = opened.session;
  const authorization = authorizationIn(opened.session);
  const { scope, jkt } = authorization;
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
    cnf: confirmation(authorization),
    ...sessionClocks({ session, policy }, access, now),
  };
}

const wholeSeconds = (ms: number): number => Math.floor(ms / 1000);

/** Seconds for which whoever asked may keep the verdict (RFC 7662 §4 leaves it open): 0 asks each time. */
export const cacheMaxAge = ({ introspectionCache }: SessionPolicy): number => introspectionCache;

/**
 * The members of an introspection response about the session, beside the standard's; `before` is the session as it stood before this use.
 * Lengths are relative, in seconds, because clocks of clients and APIs are often wrong.
 */
const sessionClocks = (
  { session, policy }: Pick<FoundAccess, 'session' | 'policy'>,
  before: Pick<FoundAccess, 'session'>,
  now: Instant,
) => {
  const ends = deadlines(session, policy);
  const { amr, authTime } = session.authorization as { amr?: string[]; authTime?: number };
  return {
    auth_time: authTime,
    acr: contextOf(amr),
    amr,
    idle_expires_in: secondsUntil(ends.idle, now),
    idle_warning_in: secondsUntil(idleWarningAt(session, policy, ends), now),
    absolute_expires_in: secondsUntil(ends.absolute, now),
    session_age: wholeSeconds(elapsedMs(session.signedInAt, now)),
    idle_for: wholeSeconds(elapsedMs(before.session.lastActiveAt, now)),
    cache_max_age: cacheMaxAge(policy),
  };
};
