import type { KnownResource } from '@curfew/clients';
import {
  allowsDepth,
  type ExchangeRight,
  exchangeRightFor,
  scopesWithin,
} from '@curfew/clients/token-exchange';
import { accessTokenLifetime, instant, type Seconds, seconds } from '@curfew/session-policy';
import { type FoundAccess, sessionEvent } from '@curfew/sessions';
import { authorizationIn, scopesAt, scopesOf, within } from '../access.js';
import { type Acting, accessToken, actorsOf, epochSeconds, tokenType } from '../access-token.js';
import { type StandingToken, standingToken } from '../introspection.js';
import type { EndpointParts } from '../parts.js';
import { type Proof, requiredCertificate, requireProof } from '../proof/proof.js';
import {
  invalidRequest,
  invalidScope,
  invalidTarget,
  Refused,
  strongerSignInRequired,
  tooManyRequests,
} from '../refused.js';
import { type ClientRequest, parameter, requireParameters } from '../request.js';
import type { GrantHandler } from './grant-type.js';

/** RFC 8693 §3. */
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

/** The API that is asked for, and the client's right to exchange for it. */
interface Target {
  readonly resource: KnownResource;
  readonly right: ExchangeRight;
}

/** A subject token that the client may exchange: a token of a person, with its session. */
interface Subject extends StandingToken {
  readonly access: FoundAccess;
}

/** The new token, except for the keys to which it is bound. */
interface Delegation {
  readonly act: Acting;
  readonly scope: string;
  readonly lifetime: Seconds;
}

/**
 * RFC 8693: an access token of a person becomes one for another API, in the same session. It never has a scope value that the first has
 * not, never lives longer, and there is no refresh token; so whatever ends the session ends it.
 */
export const tokenExchange: GrantHandler = {
  parameters: [
    'subject_token',
    'subject_token_type',
    'actor_token',
    'actor_token_type',
    'requested_token_type',
    'resource',
    'audience',
    'scope',
  ],
  repeatable: ['resource', 'audience'],
  answer: async (request, parts) => {
    requireParameters(request, 'subject_token', 'subject_token_type');
    refuseOtherTypes(request);
    const proof = await parts.proofs.read(request);
    const target = await targetOf(request, parts);
    const subject = await subjectOf(request, parts);
    await refuseOtherActor(request, parts);
    const delegation = await delegationOf(request, subject, target, parts);
    refuseTooMany(request, subject, parts);
    const own = subject.claims.clientId === request.client.id ? subject.claims : undefined;
    const certificate = requiredCertificate(request, request.client, parts, own?.['x5t#S256']);
    requireProof(proof, request.client);
    if (proof) await parts.proofs.useUp(proof, request.client.id, request.now);
    refuseOtherKeys(own, proof, certificate);
    const { session } = subject.access;
    const facts = {
      kind: 'AccessToken' as const,
      session: { id: session.id, accountId: session.accountId, signIn: authorizationIn(session) },
      clientId: request.client.id,
      resource: target.resource,
      jkt: proof?.thumbprint,
      certificate,
      ...delegation,
    };
    const token = await accessToken(facts, request.now, parts);
    await record(request, subject, target, delegation, parts);
    return issued(token, delegation, tokenType(facts));
  },
};

const issued = (token: string, { scope, lifetime }: Delegation, type: string) => ({
  status: 200,
  json: {
    access_token: token,
    issued_token_type: accessTokenType,
    expires_in: lifetime,
    scope,
    token_type: type,
  },
});

/** RFC 8693 §2.1: access tokens are exchanged for access tokens. A type comes with its token, and never alone. */
function refuseOtherTypes(request: ClientRequest): void {
  const refuse = (name: string) => {
    throw invalidRequest(`${name} must be ${accessTokenType}`, 'parameter_invalid');
  };
  for (const name of ['subject_token_type', 'requested_token_type', 'actor_token_type'])
    if ((parameter(request, name) ?? accessTokenType) !== accessTokenType) refuse(name);
  const isActing = parameter(request, 'actor_token') !== undefined;
  if (isActing !== (parameter(request, 'actor_token_type') !== undefined))
    throw invalidRequest('actor_token and actor_token_type come together', 'parameter_missing');
}

/** Spellings of one API that a request may name; each of them is looked for. */
const maxIndicators = 8;

/** The API, named by `resource` or `audience`; a client without a right learns no more of it than of one that does not exist. */
async function targetOf({ client, form }: ClientRequest, { clients }: EndpointParts): Promise<Target> {
  const named = [...new Set([form['resource'] ?? [], form['audience'] ?? []].flat().flat().filter(Boolean))];
  if (named.length > maxIndicators) throw invalidTarget('the token is for a single API');
  const [first, ...others] = await Promise.all(named.map((indicator) => clients.resource(indicator)));
  const right = first && exchangeRightFor(client, first.audience);
  if (!first || !right)
    throw new Refused('invalid_target', 'exchange_not_allowed', {
      description: 'the client may not exchange tokens for this API',
    });
  if (others.some((other) => other?.audience !== first.audience))
    throw invalidTarget('the token is for a single API');
  return { resource: first, right };
}

/** RFC 8693 §2.2.2: the error for a token that is invalid or not acceptable. Every reason looks the same from outside. */
const invalidToken = (name: 'subject_token' | 'actor_token') =>
  new Refused('invalid_request', `${name}_invalid`, {
    description: `the ${name} is not valid, or not one that the client may use`,
  });

/**
 * The subject token by the rules of introspection: it lives, and is meant for the client or was issued to it. A client's own token has
 * nobody for whom somebody could act, and an API that was deleted authorizes nobody. @throws Refused
 */
async function subjectOf(request: ClientRequest, parts: EndpointParts): Promise<Subject> {
  const standing = await standingAs(request, 'subject_token', parts);
  const { claims, access } = standing ?? {};
  const isKnown = claims?.aud === undefined || (await parts.clients.resource(claims.aud)) !== undefined;
  const mayAct = isActor(claims?.may_act, request.client.id, parts.issuer);
  if (!claims || !access || !isKnown || !mayAct) throw invalidToken('subject_token');
  return { claims, access };
}

/** RFC 8693 §4.4: the client that a token names as the one that may act. A name that another issuer gave is somebody else's. */
const isActor = (named: StandingToken['claims']['may_act'], clientId: string, issuer: string): boolean =>
  named === undefined || (named?.sub === clientId && (named.iss === undefined || named.iss === issuer));

/** RFC 8693 §2.1: the client that authenticated is the actor, and a token of its own may say so again. @throws Refused */
async function refuseOtherActor(request: ClientRequest, parts: EndpointParts): Promise<void> {
  if (parameter(request, 'actor_token') === undefined) return;
  const actor = await standingAs(request, 'actor_token', parts);
  if (!actor || actor.access || actor.claims.clientId !== request.client.id)
    throw invalidToken('actor_token');
}

const standingAs = (
  request: ClientRequest,
  name: 'subject_token' | 'actor_token',
  parts: EndpointParts,
): Promise<StandingToken | undefined> => {
  const { client: caller, now } = request;
  return standingToken({ token: parameter(request, name)!, caller, from: request }, parts, now);
};

/** A token that was bound to a key of the client itself is exchanged with that key only (RFC 9449 §6, RFC 8705 §3). An API never has it. */
function refuseOtherKeys(
  own: StandingToken['claims'] | undefined,
  proof: Proof | undefined,
  certificate: string | undefined,
): void {
  const isOther =
    (own?.jkt !== undefined && own.jkt !== proof?.thumbprint) ||
    (own?.['x5t#S256'] !== undefined && own['x5t#S256'] !== certificate);
  if (isOther)
    throw new Refused('invalid_request', 'key_mismatch', {
      description: 'the subject_token is bound to another key',
    });
}

/** Each exchange is an event of the session, so a client makes so many of them for a session in a while, and no more. @throws Refused */
function refuseTooMany(
  { client, now }: ClientRequest,
  { access }: Subject,
  { exchanges }: EndpointParts,
): void {
  const wait = exchanges.take(`${client.id} ${access.session.id}`, now);
  if (wait !== null) throw tooManyRequests(wait);
}

/** The scope, the actors and the lifetime of the new token. @throws Refused */
async function delegationOf(
  request: ClientRequest,
  subject: Subject,
  target: Target,
  parts: EndpointParts,
): Promise<Delegation> {
  const act: Acting = { sub: request.client.id, act: subject.claims.act };
  if (!allowsDepth(target.right, actorsOf(act).length))
    throw new Refused('invalid_request', 'exchange_too_deep', {
      description: 'more clients would act one for another than is allowed',
    });
  const scope = scopeOf(request, subject, target);
  return { act, scope, lifetime: await lifetimeOf(request, subject, target, parts) };
}

/** The scope values of the new token: those asked for, or all that it may have. @throws Refused */
function scopeOf(request: ClientRequest, { claims }: Subject, { resource, right }: Target): string {
  const atApi = new Set(scopesAt(resource, request.client));
  const allowed = within(scopesWithin(right, scopesOf(claims.scope)), atApi);
  const asked = parameter(request, 'scope')?.split(' ') ?? allowed;
  const missing = asked.filter((one) => !allowed.includes(one));
  if (missing.length > 0) throw invalidScope('the scope is wider than may be delegated', missing.join(' '));
  if (asked.length === 0) throw invalidScope('none of the scope values may be delegated');
  return [...new Set(asked)].join(' ');
}

/**
 * At most the rest of the subject token, the bound of the right, and the lifetime that the policies allow: those of the session, which the
 * API's is one of from now on, and of the client that acts. @throws Refused
 */
async function lifetimeOf(
  { client, now }: ClientRequest,
  { claims, access }: Subject,
  { resource, right }: Target,
  { sessions }: EndpointParts,
): Promise<Seconds> {
  const there = await sessions.alsoAt(access, resource.audience, now);
  if (there.decision.kind === 'too_weak') throw strongerSignInRequired(there.policy.requiredAcr);
  if (there.decision.kind !== 'active') throw invalidToken('subject_token');
  const own = await sessions.policyFor(client.id, [resource.audience], access.session.accountId);
  const left = claims.exp - epochSeconds(now);
  const allowed = accessTokenLifetime(there.session, there.policy, Math.random(), now);
  return seconds(Math.min(left, allowed, own.accessTokenLifetime, right.max_lifetime ?? left));
}

/** The event stands before the token leaves: nobody acts for a person without a trace. */
async function record(
  { client, now }: ClientRequest,
  { access }: Subject,
  { resource }: Target,
  { act, scope, lifetime }: Delegation,
  { sessions }: EndpointParts,
): Promise<void> {
  const { id, accountId } = access.session;
  const expiresAt = instant((epochSeconds(now) + lifetime) * 1000);
  const data = { actors: actorsOf(act), resource: resource.audience, scope, expiresAt };
  await sessions.record(sessionEvent({ id, accountId, clientId: client.id }, 'token.exchanged', data, now));
}
