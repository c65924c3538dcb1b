import type { Jws } from './jws.js';

const backchannelLogout = 'http://schemas.openid.net/event/backchannel-logout';
/** Seconds a logout token may be old when it arrives; deliveries are repeated with new ones. */
export const oldestLogout = 300;

/** The sessions a logout token ends: one, or all of an account at this client. */
export interface LoggedOut {
  readonly sessionId: string | undefined;
  readonly subject: string | undefined;
  /** The id of the token, which its issuer gives to no other. */
  readonly id: string;
}

/**
 * The sessions that a token ends, by what it says alone: its signature is for the caller to check. Undefined for anything that is no logout
 * token of this issuer for this client (OpenID Connect Back-Channel Logout §2.6). `now` in milliseconds.
 */
export function loggedOutBy(
  { header: { typ }, payload }: Jws,
  issuer: string,
  clientId: string,
  now: number,
): LoggedOut | undefined {
  // Other things are signed with the same keys; a type that is stated must be the right one (RFC 8725 §3.11).
  if (typ !== undefined && !/^(application\/)?(logout\+jwt|jwt)$/i.test(String(typ))) return undefined;
  const { iss, aud, iat, jti, events, nonce, sid, sub } = payload;
  if (iss !== issuer || ![aud].flat().includes(clientId) || nonce !== undefined) return undefined;
  if (typeof events !== 'object' || events === null || !(backchannelLogout in events)) return undefined;
  if (typeof iat !== 'number' || Math.abs(now / 1000 - iat) > oldestLogout || typeof jti !== 'string')
    return undefined;
  // No id of anything, and PostgreSQL cannot store it.
  if ([jti, sid, sub].some((value) => typeof value === 'string' && value.includes('\0'))) return undefined;
  const [sessionId, subject] = [nameOf(sid), nameOf(sub)];
  return (sessionId ?? subject) === undefined ? undefined : { sessionId, subject, id: jti };
}

/** A text that names something. An empty one names no session, so that the token is about all of its subject. */
const nameOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
