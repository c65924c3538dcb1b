import { isPublicClient } from '@curfew/clients';
import type { Transaction } from '@curfew/persistence';
import { accessTokenLifetime, type SessionPolicy, wholeSecond } from '@curfew/session-policy';
import { meetsPolicy } from '@curfew/session-policy/authentication';
import { beginning } from '@curfew/session-policy/lifecycle';
import { clientEvent, type SessionStart } from '@curfew/sessions';
import { AccountGone, AuthorizationEnded, CodeUsed, TooManySessions } from '@curfew/sessions/store';
import { hashOfId, newSecret } from '@curfew/tokens';
import {
  type Access,
  accessFor,
  authorizationOf,
  type Granted,
  registeredGrant,
  registeredScopes,
  scopesOf,
} from '../access.js';
import { accessToken, tokenType } from '../access-token.js';
import { idToken } from '../id-token.js';
import { worthKeeping } from '../origin.js';
import type { EndpointParts } from '../parts.js';
import type { Proof } from '../proof/proof.js';
import { invalidGrant, Refused, strongerSignInRequired } from '../refused.js';
import type { Answer, ClientRequest } from '../request.js';
import { audiencesOf, authenticatedAt, type FoundCode, type StoredGrant } from './code.js';

/** A code that its client may redeem. */
export interface Redemption {
  readonly request: ClientRequest;
  readonly found: FoundCode;
  readonly grant: StoredGrant;
  readonly proof: Proof | undefined;
  readonly certificate: string | undefined;
  readonly gty: 'authorization_code' | 'device_code';
}

/** RFC 6749 §4.1.2: a second use of a code ends what the first one led to. @throws Refused */
export async function refuseUsedCode(
  found: FoundCode,
  request: ClientRequest,
  parts: EndpointParts,
): Promise<void> {
  if (found.isConsumed) throw await usedBefore(found, request, parts);
}

async function usedBefore(
  { code }: FoundCode,
  { client, now, signals }: ClientRequest,
  { sessions }: EndpointParts,
): Promise<Refused> {
  const { grantId } = code;
  if (grantId !== undefined) {
    const data = { presentedBy: client.id, ip: signals.ip };
    const reused = clientEvent(client.id, 'code.reuse_found', data, now);
    const along = { events: [{ ...reused, sessionId: grantId }] };
    await sessions.end([grantId], 'code_reuse', { signals }, now, along);
  }
  return invalidGrant('code_used');
}

/** Starts the session of a code, and answers with its first tokens. The code is used up by the commit that starts the session. */
export async function startSession(redemption: Redemption, parts: EndpointParts): Promise<Answer> {
  const { request, found, grant, proof } = redemption;
  const { client } = request;
  const { code } = found;
  if (grant.accountId !== code.accountId) throw invalidGrant('session_over');
  if (code.dpopJkt !== undefined && !proof) throw invalidGrant('dpop_proof_missing');
  if (proof) await parts.proofs.useUp(proof, client.id, request.now);
  if (code.dpopJkt !== undefined && code.dpopJkt !== proof?.thumbprint) throw invalidGrant('key_mismatch');
  const allowed = registeredGrant(grant, client);
  const scopes = registeredScopes(client, scopesOf(code.scope));
  const authorized = { client, grant: allowed, resource: code.resource };
  const access = await accessFor(request.form['resource'], scopes, authorized, parts.clients);
  const policy = await parts.sessions.policyFor(client.id, audiencesOf(code), code.accountId);
  // The policy may have become stricter since the authorization.
  if (!meetsPolicy(code.amr, policy)) throw strongerSignInRequired(policy.requiredAcr);
  const secret = client.metadata.grant_types.includes('refresh_token') ? newSecret() : null;
  const json = await tokens(redemption, { access, allowed, scopes }, policy, parts);
  await commit(redemption, sessionOf(redemption, secret), policy, parts);
  return {
    status: 200,
    json: {
      access_token: json.token,
      expires_in: json.lifetime,
      id_token: json.id,
      refresh_token: secret ? parts.sessions.refreshToken(code.grantId!, 0, secret) : undefined,
      scope: code.scope ? access.scope : access.scope || undefined,
      token_type: tokenType({ jkt: proof?.thumbprint }),
    },
  };
}

/** The access that a code gives its client, by the registration of the client as it is now. */
interface Allowed {
  readonly access: Access;
  readonly allowed: Granted;
  readonly scopes: readonly string[];
}

async function tokens(
  { request, found, grant, proof, certificate, gty }: Redemption,
  { access, allowed, scopes }: Allowed,
  policy: SessionPolicy,
  parts: EndpointParts,
) {
  const { client, now } = request;
  const { code } = found;
  const proved = { signedInAt: code.madeAtMs, authenticatedAt: authenticatedAt(code) };
  const session = beginning(proved, policy, code.notAfterMs);
  const lifetime = accessTokenLifetime(session, policy, Math.random(), now);
  const facts = {
    kind: 'AccessToken' as const,
    session: { id: code.grantId!, accountId: code.accountId!, signIn: code },
    clientId: client.id,
    resource: access.resource,
    scope: access.scope,
    claims: code.claims,
    jkt: proof?.thumbprint,
    certificate,
    gty,
    lifetime,
  };
  const isForUserinfo = access.resource === undefined;
  // The session that the code becomes has the id of its grant, and every ID token names it.
  const authorization = { grant, ...code, sid: code.grantId };
  const { absoluteDeadline } = session;
  const sub = code.accountId!;
  const about = {
    client,
    sub,
    authorization,
    grant: allowed,
    scopes,
    isForUserinfo,
    absoluteDeadline,
    now,
  };
  const token = await accessToken(facts, now, parts);
  const id = scopes.includes('openid') ? await idToken(about, parts) : undefined;
  return { token, lifetime, id };
}

function sessionOf(
  { request, found, grant, proof, certificate, gty }: Redemption,
  refreshTokenSecret: Buffer | null,
): SessionStart {
  const { client, signals } = request;
  const { code } = found;
  // RFC 9449 §5, RFC 8705 §4: the refresh tokens of a public client are bound to the key; others are bound to their client.
  const isBound = refreshTokenSecret !== null && isPublicClient(client);
  const bound = isBound ? { jkt: proof?.thumbprint, 'x5t#S256': certificate } : {};
  const provedAt = authenticatedAt(code);
  const source = { gty: refreshTokenSecret ? gty : undefined, ...bound, ...code, sid: code.grantId };
  return {
    facts: {
      id: code.grantId!,
      accountId: code.accountId!,
      clientId: client.id,
      resources: [...audiencesOf(code)],
      signedInAt: code.madeAtMs,
      authenticatedAt: provedAt === wholeSecond(code.madeAtMs) ? null : provedAt,
      keyThumbprint: bound.jkt ?? bound['x5t#S256'] ?? null,
      baseline: signals,
    },
    // A device is not the browser in which it was approved: signing out there must not sign the device out.
    browserSessionUid: gty === 'authorization_code' ? (code.sessionUid ?? null) : null,
    offline: scopesOf(code.scope).includes('offline_access'),
    authorization: authorizationOf(
      source,
      grant as Readonly<Record<string, unknown>>,
      worthKeeping(code.origin, signals),
    ),
    authenticatedAt: provedAt,
    notAfter: code.notAfterMs ?? null,
    refreshTokenSecret,
  };
}

async function commit(
  redemption: Redemption,
  start: SessionStart,
  policy: SessionPolicy,
  parts: EndpointParts,
): Promise<void> {
  const { request, found } = redemption;
  const code = { kind: found.key.kind, idHash: hashOfId(found.key.id) };
  const alongside = (transaction: Transaction | undefined) => useUp(redemption, start, parts, transaction);
  try {
    await parts.sessions.start(start, policy, request.now, alongside, code);
  } catch (error) {
    if (error instanceof CodeUsed) throw await usedBefore(found, request, parts);
    if (error instanceof AccountGone) throw invalidGrant('account_gone');
    if (error instanceof AuthorizationEnded) throw invalidGrant('session_over');
    if (error instanceof TooManySessions)
      throw new Refused('invalid_grant', 'session_limit', { description: 'too many sessions' });
    throw error;
  }
}

/** The same in a transaction, where a start takes more than one statement: room for the session, or a step-up that others wait for. */
async function useUp(
  { request, found }: Redemption,
  { facts, browserSessionUid }: SessionStart,
  { accounts, artifacts, browserSessions }: EndpointParts,
  transaction: Transaction | undefined,
): Promise<void> {
  const { now, client } = request;
  const account = await accounts.findById(facts.accountId);
  if (!account || account.disabledAt !== null) throw new AccountGone();
  if (!(await artifacts.consume(found.key, now, transaction))) throw new CodeUsed();
  // An end of the browser session waits for this start or is seen here: a code does not outlive the browser session it was made in.
  if (browserSessionUid && !(await browserSessions.hold(browserSessionUid, client.id, now, transaction)))
    throw new AuthorizationEnded('logout');
}
