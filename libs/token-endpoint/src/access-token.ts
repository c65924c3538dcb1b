import type { KnownResource } from '@curfew/clients';
import { type Instant, type Seconds } from '@curfew/session-policy';
import { contextOf } from '@curfew/session-policy/authentication';
import type { KeySet } from '@curfew/tokens';
import { type AccessTokenCodec, newId, signJwt } from '@curfew/tokens';

/** Whole seconds, as JWTs and oidc-provider count. */
export const epochSeconds = (at: Instant): number => Math.floor(at / 1000);

/** How the person of a session signed in (RFC 9068 §2.2.1). */
interface SignIn {
  readonly authTime?: number | undefined;
  readonly amr?: readonly string[] | undefined;
}

/** The client that acts for the person, and the one for which it does, if there is one (RFC 8693 §4.1). */
export interface Acting {
  readonly sub: string;
  readonly act?: Acting | undefined;
}

/** The clients that act one for another, the one that acts now first. */
export const actorsOf = (acting: Acting | undefined): readonly string[] =>
  acting ? [acting.sub, ...actorsOf(acting.act)] : [];

/** The facts that an access token states. */
export interface AccessTokenFacts {
  readonly kind: 'AccessToken' | 'ClientCredentials';
  /** The session of the token; without one, the token is the client's own. */
  readonly session?: { readonly id: string; readonly accountId: string; readonly signIn: SignIn };
  readonly clientId: string;
  readonly resource: KnownResource | undefined;
  readonly scope: string | undefined;
  /** Claims that were asked for one by one, for the userinfo endpoint. */
  readonly claims?: unknown;
  /** Thumbprint of the key of a DPoP proof (RFC 9449 §6). */
  readonly jkt: string | undefined;
  /** Thumbprint of a certificate (RFC 8705 §3). */
  readonly certificate: string | undefined;
  readonly gty?: string | undefined;
  readonly lifetime: Seconds;
  /** Set where the token was exchanged for another one (RFC 8693). */
  readonly act?: Acting | undefined;
}

/** The parts with which access tokens are made. */
interface AccessTokenParts {
  readonly issuer: string;
  readonly accessTokens: AccessTokenCodec;
  readonly signingKeys: () => KeySet;
}

/** Makes an access token in the format of its API: opaque, or a JWT (RFC 9068). */
export function accessToken(
  facts: AccessTokenFacts,
  now: Instant,
  parts: AccessTokenParts,
): string | Promise<string> {
  return facts.resource?.tokenFormat === 'jwt' ? jwt(facts, now, parts) : opaque(facts, now, parts);
}

/** `Bearer`, or `DPoP` for a token that is bound to the key of a proof. */
export const tokenType = ({ jkt }: Pick<AccessTokenFacts, 'jkt'>): string => (jkt ? 'DPoP' : 'Bearer');

function opaque(facts: AccessTokenFacts, now: Instant, { accessTokens }: AccessTokenParts): string {
  const { kind, session, clientId, resource, scope, claims, jkt, certificate, gty, lifetime, act } = facts;
  const iat = epochSeconds(now);
  return accessTokens.seal({
    kind,
    grantId: session?.id,
    clientId,
    aud: resource?.audience,
    scope,
    claims: resource ? undefined : claims,
    jkt,
    'x5t#S256': certificate,
    gty,
    act,
    // A client's own token has no session whose sign-in could be compared with a not-before, so it carries its instant. That of an
    // exchanged one is compared with the last change of those who act by it.
    issuedAtMs: session && !act ? undefined : now,
    iat,
    exp: iat + lifetime,
  });
}

async function jwt(
  facts: AccessTokenFacts,
  now: Instant,
  { issuer, signingKeys }: AccessTokenParts,
): Promise<string> {
  const { session, clientId, resource, scope, jkt, certificate, lifetime, act } = facts;
  const { authTime, amr } = session?.signIn ?? {};
  const iat = epochSeconds(now);
  const payload = {
    sid: session?.id,
    auth_time: authTime,
    acr: contextOf(amr),
    amr,
    jti: newId(now),
    sub: session?.accountId ?? clientId,
    iat,
    exp: iat + lifetime,
    scope: scope || undefined,
    client_id: clientId,
    act,
    iss: issuer,
    aud: resource?.audience,
    cnf: jkt || certificate ? { 'x5t#S256': certificate, jkt } : undefined,
  };
  return signJwt(signingKeys(), resource?.signingAlg ?? 'ES256', 'at+jwt', payload);
}
