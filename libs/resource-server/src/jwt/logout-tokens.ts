import { isSignedBy, readJws } from '../jws.js';
import { type LoggedOut, loggedOutBy } from '../logout-claims.js';
import type { RemoteKeySet } from './key-set.js';

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
    const loggedOut = loggedOutBy(jwt, this.issuer, this.clientId, now);
    if (!loggedOut) return undefined;
    const { kid, alg } = jwt.header;
    const key = await this.keys.find(kid, alg);
    return key && isSignedBy(key, String(alg), jwt) ? loggedOut : undefined;
  }
}
