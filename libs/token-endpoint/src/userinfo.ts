import { proofAlgorithms } from '@curfew/resource-server/dpop';
import { isUuid, nameOfToken } from '@curfew/tokens';
import {
  authorizationIn,
  type Granted,
  grantedClaims,
  grantedOpenidScope,
  registeredGrant,
  scopesOf,
} from './access.js';
import { claimsAbout, claimsOfScope } from './account-claims.js';
import { type BearerRequest, noToken, type ShownToken, shownToken } from './bearer-token.js';
import { refuseForeignOrigin } from './client/client-authentication.js';
import type { EndpointParts } from './parts.js';
import { shownCertificate } from './proof/proof.js';
import { insufficientScope, invalidRequest, invalidToken, type Refused } from './refused.js';
import { type Answer, challengeOf, type EndpointRequest, parameter, refuseRepeated } from './request.js';

/** RFC 6749 appendix A.4. */
const scopeSyntax = /^[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*$/;

/** OpenID Connect Core §5.3: the claims about the person for whom an access token without an API was issued. @throws Refused */
export async function userinfo(request: BearerRequest, parts: EndpointParts): Promise<Answer> {
  refuseRepeated(request, ['scope', 'access_token']);
  const shown = await shownToken(request, parts);
  const access = await accessOf(shown, request, parts);
  const { claims } = access;
  if (!access.scopes.includes('openid'))
    throw insufficientScope('access token missing openid scope', 'openid');
  refuseOtherCertificate(claims['x5t#S256'], request, parts);
  await refuseOtherKey(claims, shown, request, parts);
  if (claims['aud'] !== undefined) throw invalidToken('access_token_invalid');
  const asked = askedScopes(request, access.scopes);
  request.client = access.client;
  refuseForeignOrigin(request, access.client);
  return { status: 200, json: await claimsOf(access, asked, parts) };
}

/** The token's claims and session, where both stand. */
async function accessOf({ token }: ShownToken, request: BearerRequest, parts: EndpointParts) {
  const { now, signals } = request;
  const claims = parts.accessTokens.open(token);
  if (!claims) {
    request.isToldElsewhere = true;
    parts.sessions.unknownToken('userinfo', null, signals.ip, now);
    throw invalidToken('access_token_invalid');
  }
  const { kind, exp, grantId, clientId, scope } = claims;
  // `exp` is exclusive, to the second (RFC 7519 §4.1.4 without leeway: these are our own clocks).
  const isCurrent = kind === 'AccessToken' && typeof exp === 'number' && exp * 1000 > now;
  if (!isCurrent || typeof grantId !== 'string' || !isUuid(grantId))
    throw invalidToken('access_token_invalid');
  const access = await parts.sessions.access(grantId, nameOfToken(token, claims), now);
  if (access?.decision.kind !== 'active' || access.session.clientId !== clientId)
    throw invalidToken('access_token_invalid');
  // The end of a client ends its sessions; one that is gone has none, whatever a row still says.
  const client = await parts.clients.find(access.session.clientId);
  if (!client) throw invalidToken('access_token_invalid');
  request.isBound = claims['jkt'] !== undefined;
  return { claims, client, session: access.session, scopes: scopesOf(scope as string | undefined) };
}

/** RFC 8705 §3: a token that is bound to a certificate needs it. */
function refuseOtherCertificate(bound: unknown, request: BearerRequest, parts: EndpointParts): void {
  if (bound !== undefined && shownCertificate(request, parts) !== bound) throw invalidToken('key_mismatch');
}

/** RFC 9449 §7.1: a token and a proof go together, by one key, and the proof passes once. */
async function refuseOtherKey(
  { clientId, jkt }: Readonly<Record<string, unknown>>,
  { proof }: ShownToken,
  { now }: BearerRequest,
  { proofs }: EndpointParts,
): Promise<void> {
  if (proof && !(await proofs.isFirst(proof, String(clientId), now))) throw invalidToken('dpop_proof_used');
  if (jkt !== proof?.thumbprint) throw invalidToken('key_mismatch');
}

/** The scope values that the response is for: those of the request, or all of the token. */
function askedScopes(request: BearerRequest, held: readonly string[]): readonly string[] {
  const asked = parameter(request, 'scope');
  if (asked === undefined) return held;
  if (!scopeSyntax.test(asked)) throw invalidRequest('scope contains invalid characters', 'scope_invalid');
  const missing = asked.split(' ').filter((scope) => !held.includes(scope));
  if (missing.length > 0) throw insufficientScope('access token missing requested scope', missing.join(' '));
  return asked.split(' ');
}

type Access = Awaited<ReturnType<typeof accessOf>>;

/** `sub` always (§5.3.2); the claims of each scope value, and those asked for one by one (§5.5), that were granted and the account has. */
async function claimsOf(
  { claims, client, session }: Access,
  asked: readonly string[],
  { accounts }: EndpointParts,
): Promise<Record<string, unknown>> {
  const { grant } = authorizationIn(session);
  const granted = registeredGrant(grant as Granted, client);
  const rejected = new Set(granted.rejected?.openid?.claims);
  const byScope = grantedOpenidScope(granted)
    .filter((scope) => asked.includes(scope))
    .flatMap(claimsOfScope);
  const one = (claims['claims'] as { userinfo?: object | null } | undefined)?.userinfo;
  const names = [...byScope, ...grantedClaims(Object.keys(one ?? {}), granted)].filter(
    (name) => !rejected.has(name),
  );
  return { sub: session.accountId, ...(await claimsAbout(session.accountId, names, accounts)) };
}

/** RFC 6750 §3, RFC 9449 §7.1: how a token is to be presented. A request without one is told both ways. */
export function bearerChallenge(
  issuer: string,
  refused: Refused,
  request: EndpointRequest,
): string | string[] {
  const { description, scope } = refused.particulars;
  const algs = proofAlgorithms.join(' ');
  if (refused === noToken)
    return [challengeOf('Bearer', { realm: issuer }), challengeOf('DPoP', { realm: issuer, algs })];
  const isProof =
    (request as BearerRequest).isBound ||
    request.request.headers['dpop'] !== undefined ||
    /dpop/i.test(description ?? '');
  return challengeOf(isProof ? 'DPoP' : 'Bearer', {
    realm: issuer,
    error: refused.error,
    error_description: description,
    scope,
    algs: isProof ? algs : undefined,
  });
}
