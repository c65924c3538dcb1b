import { createHash } from 'node:crypto';
import type { Instant } from '@curfew/session-policy';
import type { Compose, StoredEvent } from './delivery.js';

/** Signs claims as a JWT of a type (RFC 8725 §3.11) with the key of an algorithm that is active now. */
export type SignJwt = (
  type: string,
  algorithm: string,
  claims: Readonly<Record<string, unknown>>,
) => Promise<string>;

/** OpenID Connect Back-Channel Logout 1.0 §2.4. */
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';
/** §4 wants it short: two minutes, which is enough for one attempt and clocks that disagree. */
const lifetime = 120;

/** The id of a token that tells one receiver of one event: the same in every attempt, so that it can be recognised. */
export const tokenId = (receiver: string, event: string): string =>
  createHash('sha256').update(`${receiver}\0${event}`).digest('base64url').slice(0, 27);

/** The claims of a logout token: no nonce, so that it never passes for an ID token (§2.4). */
export function logoutClaims(
  issuer: string,
  receiver: string,
  event: StoredEvent,
  now: Instant,
): Record<string, unknown> {
  const issuedAt = Math.floor(now / 1000);
  return {
    iss: issuer,
    aud: event.clientId,
    iat: issuedAt,
    exp: issuedAt + lifetime,
    jti: tokenId(receiver, event.id),
    events: { [logoutEvent]: {} },
    sub: event.accountId,
    sid: event.sessionId,
  };
}

/** Back-channel logout: one form parameter (§2.5), signed as the client wants its ID tokens signed (§2.6). */
export const composeLogout =
  (issuer: string, sign: SignJwt): Compose =>
  async ({ target, event }, now) => {
    const algorithm = String(target.settings['alg']);
    const token = await sign('logout+jwt', algorithm, logoutClaims(issuer, target.id, event, now));
    return {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: token }).toString(),
    };
  };
