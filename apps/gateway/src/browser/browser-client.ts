/** The client by which the gateway signs people in at one or more hosts. */
export interface BrowserClient {
  readonly name: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Scope values that are asked for. */
  readonly scopes: readonly string[];
  /** The audience of the access tokens that are asked for (RFC 8707). */
  readonly audience: string;
  /** Secrets of the cookie key: the first one seals, and all of them open. */
  readonly cookieSecrets: readonly string[];
  /** The path of the same host to which a person is sent after signing out. */
  readonly afterSignOut: string;
}

/** The sealed content of a signed-in browser's cookie. Instants are milliseconds since the epoch, by the authorization server's clock. */
export interface BrowserTokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly accessExpiresAt: number;
  /** When the person came back from signing in; absent once the tokens have been refreshed. */
  readonly signedInAt?: number | undefined;
  /** The context classes that this sign-in was asked for, where it was for some. */
  readonly askedFor?: string | undefined;
}

/** The folder of the gateway's own paths on every host with browser mode. */
export const ownFolder = '/.curfew';

/** Paths of the gateway's own on every host with browser mode. */
export const ownPaths = {
  callback: '/.curfew/callback',
  session: '/.curfew/session',
  signIn: '/.curfew/sign-in',
  signOut: '/.curfew/sign-out',
  backchannelLogout: '/.curfew/backchannel-logout',
} as const;

/** The parameter of the sign-in address that names the path and query to come back to. */
export const returnParameter = 'return_to';

/** Whether a path is the gateway's own. */
export const isOwnPath = (path: string): boolean => path.startsWith(`${ownFolder}/`);
