import { isSignedBy, readJws } from '../jws.js';
import type { RemoteKeySet } from './key-set.js';

const backchannelLogout = 'http://schemas.openid.net/event/backchannel-logout';
/** Seconds a logout token may be old when it arrives; deliveries are repeated with new ones. */
const oldest = 300;

/** The sessions a logout token ends: one, or all of an account at this client. */
export interface LoggedOut {
  readonly sessionId: string | undefined;
  readonly subject: string | undefined;
}

/**
 * Logout tokens (OpenID Connect Back-Channel Logout §2.6). One that comes again ends nothing new: deliveries are repeated
 * until they are answered, and what has ended stays ended.
 */
export class LogoutTokens {
  constructor(
    private readonly keys: RemoteKeySet,
    private readonly issuer: string,
    private readonly clientId: string,
  ) {}

  /** Reads a logout token; undefined for anything that is not one for this client. `now` in milliseconds. */
  async read(token: string, now: number): Promise<LoggedOut | undefined> {
    const jwt = readJws(token);
    if (!jwt) return undefined;
    const { typ, kid, alg } = jwt.header;
    // Other things are signed with the same keys; a type that is stated must be the right one (RFC 8725 §3.11).
    if (typ !== undefined && !/^(application\/)?(logout\+jwt|jwt)$/i.test(String(typ))) return undefined;
    const key = await this.keys.find(kid, alg);
    if (!key || !isSignedBy(key, String(alg), jwt)) return undefined;
    const { iss, aud, iat, jti, events, nonce, sid, sub } = jwt.payload;
    if (iss !== this.issuer || ![aud].flat().includes(this.clientId) || nonce !== undefined) return undefined;
    if (typeof events !== 'object' || events === null || !(backchannelLogout in events)) return undefined;
    if (typeof iat !== 'number' || Math.abs(now / 1000 - iat) > oldest || typeof jti !== 'string')
      return undefined;
    const sessionId = typeof sid === 'string' ? sid : undefined;
    const subject = typeof sub === 'string' ? sub : undefined;
    if ((sessionId ?? subject) === undefined) return undefined;
    return { sessionId, subject };
  }
}
