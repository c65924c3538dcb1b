import type { AccountService } from '@curfew/accounts';
import type { KnownClient } from '@curfew/clients';
import type { Instant } from '@curfew/session-policy';
import { contextOf, contextToTell } from '@curfew/session-policy/authentication';
import type { KeySet } from '@curfew/tokens';
import { signJwt } from '@curfew/tokens';
import { type Authorization, type Granted, grantedClaims, grantedOpenidScope } from './access.js';
import { epochSeconds } from './access-token.js';
import { claimsAbout, claimsOfScope } from './account-claims.js';
import { askedOf } from './acr-request.js';
import { lifetimes } from './lifetimes.js';

/** The facts that an ID token states (OpenID Connect Core §2, §12.2). */
export interface IdTokenFacts {
  readonly client: KnownClient;
  readonly sub: string;
  readonly authorization: Authorization;
  readonly grant: Granted;
  /** The scope values of the request, or all that were authorized. */
  readonly scopes: readonly string[];
  /** The access token beside it is for the userinfo endpoint, which gives the claims of the person (§5.4). */
  readonly isForUserinfo: boolean;
  /** The instant after which no token of the session is valid, whatever is done in it. */
  readonly absoluteDeadline: Instant;
  readonly now: Instant;
}

/** The parts with which ID tokens are made. */
interface IdTokenParts {
  readonly issuer: string;
  readonly accounts: AccountService;
  readonly signingKeys: () => KeySet;
}

/** Signs an ID token with the key of its client's algorithm. */
export async function idToken(facts: IdTokenFacts, parts: IdTokenParts): Promise<string> {
  const { client, sub, authorization, absoluteDeadline, now } = facts;
  const { amr, authTime, nonce, sid } = authorization;
  const iat = epochSeconds(now);
  const asked = await askedClaims(facts, parts);
  const payload = {
    sub,
    ...asked,
    acr: contextToTell(contextOf(amr), askedOf(authorization.claims)),
    amr,
    auth_time: authTime,
    nonce,
    sid,
    // IPSIE SL1 §3.2.1: after this instant the application lets the person prove again who they are.
    session_expiry: epochSeconds(absoluteDeadline),
    aud: client.id,
    exp: iat + lifetimes.idToken,
    iat,
    iss: parts.issuer,
  };
  return signJwt(parts.signingKeys(), client.metadata.id_token_signed_response_alg, undefined, payload);
}

/** Claims that the scope or the request asks for; most requests ask for none. The account is read where they are about the person. */
async function askedClaims(
  { sub, authorization, grant, scopes, isForUserinfo }: IdTokenFacts,
  { accounts }: IdTokenParts,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const one = (authorization.claims as { id_token?: Record<string, unknown> } | undefined)?.id_token;
  const personal = isForUserinfo ? [] : grantedOpenidScope(grant).filter((scope) => scopes.includes(scope));
  const byScope = personal.flatMap(claimsOfScope);
  if (!one && byScope.every((name) => name === 'sub')) return undefined;
  const rejected = new Set(grant.rejected?.openid?.claims);
  const names = [...byScope, ...grantedClaims(Object.keys(one ?? {}), grant)].filter(
    (name) => !rejected.has(name),
  );
  return claimsAbout(sub, names, accounts);
}
