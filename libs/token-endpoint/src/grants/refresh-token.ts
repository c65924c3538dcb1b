import type { KnownClient } from '@curfew/clients';
import { accessTokenLifetime, protocolRefusals } from '@curfew/session-policy';
import { deadlines } from '@curfew/session-policy/standing';
import { type OpenedRefreshToken, type RefusedRefresh, type StagedRefresh } from '@curfew/sessions';
import { ProofUsedBefore } from '@curfew/sessions/store';
import {
  type Access,
  type Authorization,
  accessFor,
  authorizationIn,
  type Granted,
  registeredGrant,
  registeredScopes,
  scopesOf,
} from '../access.js';
import { accessToken, tokenType } from '../access-token.js';
import { idToken } from '../id-token.js';
import type { EndpointParts } from '../parts.js';
import {
  type Proof,
  proofUsedBefore,
  refuseEarly,
  requiredCertificate,
  requireProof,
} from '../proof/proof.js';
import { proofRecord } from '../proof/replay-records.js';
import { causeOfRefusedRefresh } from '../refusals/refused-refresh.js';
import {
  invalidGrant,
  invalidScope,
  Refused,
  stepUpRequired,
  strongerSignInRequired,
  tooManyAttempts,
} from '../refused.js';
import { type Answer, type ClientRequest, parameter, requireParameters } from '../request.js';
import type { GrantHandler } from './grant-type.js';

/** A refresh token of ours, as a client that has authenticated presents it. */
interface Presented {
  readonly request: ClientRequest;
  readonly client: KnownClient;
  readonly opened: OpenedRefreshToken;
  readonly authorization: Authorization;
  /** The consent, as far as the client may still use it. */
  readonly grant: Granted;
  /** All scope values that were authorized, as far as the client may still have them. */
  readonly authorizedScopes: readonly string[];
  /** Those of this request. */
  readonly scopes: readonly string[];
  readonly proof: Proof | undefined;
  /** Set once the domain has decided: a refusal then has its event already. */
  isDecided: boolean;
}

/** RFC 6749 §6: one read, one decision, one write, which commits just before the answer leaves. */
export const refreshToken: GrantHandler = {
  parameters: ['refresh_token', 'scope', 'resource'],
  repeatable: ['resource'],
  answer: async (request, parts) => {
    requireParameters(request, 'refresh_token');
    const proof = await parts.proofs.read(request);
    const opened = await openToken(request, parts);
    const presented = presentation(request, opened, proof);
    try {
      return await refreshed(presented, parts);
    } catch (error) {
      if (error instanceof Refused) await noteRefused(presented, error, parts);
      throw error;
    }
  },
};

/** The token with its session. A client that is refused again and again waits, before anything is read for it. */
async function openToken(request: ClientRequest, parts: EndpointParts): Promise<OpenedRefreshToken> {
  const { client, now, signals } = request;
  const { refreshThrottle, sessions } = parts;
  const token = parameter(request, 'refresh_token')!;
  const place = { clientId: client.id, network: signals.prefix, token };
  const unknown = () => sessions.unknownToken('token', client.id, signals.ip, now);
  const wait = refreshThrottle.wait(place, now);
  if (wait !== null) {
    if (!refreshThrottle.isGenuine(token)) unknown();
    throw tooManyAttempts(wait);
  }
  const opened = await sessions.openRefreshToken(token);
  if (opened) return opened;
  unknown();
  refreshThrottle.count(place, true, now);
  throw invalidGrant('refresh_token_unknown');
}

function presentation(
  request: ClientRequest,
  opened: OpenedRefreshToken,
  proof: Proof | undefined,
): Presented {
  const { client } = request;
  const authorization = authorizationIn(opened.session);
  const authorizedScopes = registeredScopes(client, scopesOf(authorization.scope));
  request.isToldElsewhere = true;
  return {
    request,
    client,
    opened,
    authorization,
    grant: registeredGrant(authorization.grant as Granted, client),
    authorizedScopes,
    scopes: parameter(request, 'scope')?.split(' ') ?? authorizedScopes,
    proof,
    isDecided: false,
  };
}

async function refreshed(presented: Presented, parts: EndpointParts): Promise<Answer> {
  const { request, client, opened, authorization, proof } = presented;
  if (opened.session.clientId !== client.id) throw invalidGrant('issued_to_another_client');
  const bound = authorization['x5t#S256'];
  const certificate = requiredCertificate(request, client, parts, bound);
  requireProof(proof, client);
  if (bound !== undefined && bound !== certificate) throw invalidGrant('key_mismatch');
  refuseMoreScope(presented);
  await refuseOtherKey(presented, parts);
  const access = await accessOf(presented, parts);
  const staged = await stage(presented, access, parts);
  if (access instanceof Refused) throw access;
  return committed({ presented, staged, access, certificate }, parts);
}

/** RFC 6749 §6: the scope may become narrower, not wider. */
function refuseMoreScope({ scopes, authorizedScopes }: Presented): void {
  const missing = [...new Set(scopes)].filter((scope) => !authorizedScopes.includes(scope));
  if (missing.length === 0) return;
  const noun = missing.length === 1 ? 'scope' : 'scopes';
  throw invalidScope(`refresh token missing requested ${noun}`, missing.join(' '));
}

/** RFC 9449 §5: a session that is bound to a key needs a proof of that key. A proof of another one is used up all the same. */
async function refuseOtherKey(
  { request, authorization, proof }: Presented,
  parts: EndpointParts,
): Promise<void> {
  const { jkt } = authorization;
  if (proof) refuseEarly(proof);
  if (jkt === undefined || jkt === proof?.thumbprint) return;
  if (proof) await parts.proofs.useUp(proof, request.client.id, request.now);
  throw invalidGrant('key_mismatch');
}

/** The audience and scope values of the access token; their refusal comes after the domain's decision about the refresh token. */
async function accessOf(
  { request, client, authorization, grant, scopes }: Presented,
  { clients }: EndpointParts,
): Promise<Access | Refused> {
  const authorized = { client, grant, resource: authorization.resource };
  return accessFor(request.form['resource'], scopes, authorized, clients).catch((error: unknown) => {
    if (error instanceof Refused) return error;
    throw error;
  });
}

/** The decision of the domain. If the token is used, the same statement records the proof; otherwise it is recorded before the decision. */
async function stage(
  presented: Presented,
  access: Access | Refused,
  { sessions, proofs }: EndpointParts,
): Promise<StagedRefresh> {
  const { request, client, opened, proof } = presented;
  const { now, signals } = request;
  const presenter = { clientId: client.id, keyThumbprint: opened.session.keyThumbprint, signals };
  if (proof && !(access instanceof Refused)) {
    const record = proofRecord(client.id, proof.jti, now);
    const staged = await sessions.stageProven(opened, presenter, record, now);
    if (staged) return staged;
  }
  if (proof) await proofs.useUp(proof, client.id, now);
  presented.isDecided = true;
  const outcome = await sessions.present(opened, presenter, now);
  if (outcome.kind === 'refused') throw refusedRefresh(outcome.decision);
  return outcome.staged;
}

/** A refresh that has been decided, with everything that its answer needs. */
interface Decided {
  readonly presented: Presented;
  readonly staged: StagedRefresh;
  readonly access: Access;
  readonly certificate: string | undefined;
}

async function committed(decided: Decided, parts: EndpointParts): Promise<Answer> {
  const { presented, staged, access } = decided;
  const { authorizedScopes, proof, request } = presented;
  const lifetime = accessTokenLifetime(staged.session, staged.policy, Math.random(), request.now);
  const token = await accessToken(accessFacts(decided, lifetime), request.now, parts);
  const id = await idTokenOf(decided, parts);
  const refresh = await commit(presented, staged);
  const json = {
    access_token: token,
    expires_in: lifetime,
    id_token: id,
    refresh_token: refresh,
    scope: authorizedScopes.length > 0 ? access.scope : access.scope || undefined,
    token_type: tokenType({ jkt: proof?.thumbprint }),
  };
  return { status: 200, json };
}

function accessFacts(
  { presented, staged, access, certificate }: Decided,
  lifetime: ReturnType<typeof accessTokenLifetime>,
) {
  const { authorization, client, proof } = presented;
  const { gty } = authorization;
  return {
    kind: 'AccessToken' as const,
    session: { id: staged.session.id, accountId: staged.session.accountId, signIn: authorization },
    clientId: client.id,
    resource: access.resource,
    scope: access.scope,
    claims: authorization.claims,
    // RFC 9449 §6: asked for with a proof, the access token is used with that key only.
    jkt: proof?.thumbprint,
    certificate,
    gty: gty === undefined || gty.endsWith('refresh_token') ? gty : `${gty} refresh_token`,
    lifetime,
  };
}

async function idTokenOf(
  { presented, staged, access }: Decided,
  parts: EndpointParts,
): Promise<string | undefined> {
  const { client, authorization, grant, scopes, request } = presented;
  if (!scopes.includes('openid')) return undefined;
  const sub = staged.session.accountId;
  const isForUserinfo = access.resource === undefined;
  const { absolute: absoluteDeadline } = deadlines(staged.session, staged.policy);
  const { now } = request;
  const about = { client, sub, authorization, grant, scopes, isForUserinfo, absoluteDeadline, now };
  return idToken(about, parts);
}

/** Writes what was decided, and returns the refresh token that is live then. A sibling gets none (RFC 6749 §6 makes it optional). */
async function commit(presented: Presented, staged: StagedRefresh): Promise<string | undefined> {
  const outcome = await staged.commit().catch((error: unknown) => {
    throw error instanceof ProofUsedBefore ? proofUsedBefore() : error;
  });
  presented.isDecided = true;
  if (outcome.kind === 'refused') throw refusedRefresh(outcome.decision);
  return outcome.refreshToken;
}

/** Every end looks the same from outside; only a step-up tells the client what to do (RFC 9470). */
function refusedRefresh(decision: RefusedRefresh): Refused {
  if (decision.kind === 'step_up') return stepUpRequired();
  if (decision.kind === 'refuse' && decision.required) return strongerSignInRequired(decision.required);
  const { cause, detail } = causeOfRefusedRefresh(decision);
  return invalidGrant(cause, detail);
}

const countedErrors: ReadonlySet<string> = new Set([
  'invalid_grant',
  'invalid_scope',
  'invalid_target',
  'invalid_dpop_proof',
]);

/**
 * Records that a genuine token was refused before the domain was asked, and counts the refusal for the throttle unless it only asks for a
 * new sign-in or a nonce. Once its own client is throttled nothing is recorded, so that no client writes rows without end.
 */
async function noteRefused(
  { request, opened, isDecided }: Presented,
  { error }: Refused,
  { sessions, refreshThrottle }: EndpointParts,
): Promise<void> {
  const { client, now, signals } = request;
  const place = { clientId: client.id, network: signals.prefix, token: parameter(request, 'refresh_token')! };
  const isOwn = client.id === opened.session.clientId;
  const isFlood = isOwn && refreshThrottle.wait({ ...place, token: '' }, now) !== null;
  if (!isDecided && !isFlood) {
    const cause = protocolRefusals.find((known) => known === error) ?? 'refused';
    await sessions.refusedUnasked(opened, { clientId: client.id, keyThumbprint: null, signals }, cause, now);
  }
  if (countedErrors.has(error)) refreshThrottle.count(place, opened.session.ended !== null, now);
}
