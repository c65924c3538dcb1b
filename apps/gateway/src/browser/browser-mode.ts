import type { IncomingMessage } from 'node:http';
import type { Refusal } from '@curfew/resource-server';
import type { AskedRequest } from '@curfew/web';
import { cookieNames, readCookie } from '@curfew/web';
import { type BrowserClient, type BrowserTokens, ownPaths, returnParameter } from './browser-client.js';
import { CookieSeal } from './cookie-seal.js';
import { cookieName, writeCookie } from './cookies.js';
import { isForgeable, isNavigation } from './page-requests.js';
import { returnAddress } from './return-address.js';
import {
  type DemandedAuthentication,
  type Redirect,
  type ReturnedCode,
  redirectUri,
  SignIn,
} from './sign-in.js';
import { TokenEndpoint, type TokenOutcome } from './token-endpoint.js';

/** Milliseconds before its expiry from which an access token is replaced. */
const refreshAheadMs = 15_000;

/** Milliseconds after a sign-in in which another one would end as this one did. */
const freshSignInMs = 10_000;

/** The longest cookie that browsers are sure to keep (RFC 6265 §6.1), name and attributes included. */
const maxCookieLength = 4_096;

/** The tokens are too long for a cookie; a browser would drop it without a word, and the person would sign in for ever. */
export class CookieTooLong extends RangeError {
  override readonly name = 'CookieTooLong';

  constructor(length: number) {
    super(
      `the cookie would have ${length} bytes, and browsers keep ${maxCookieLength}: use opaque access tokens`,
    );
  }
}

/** The result of reading a browser's request, before the decision about it. */
export type BrowserRequest =
  /** Decide with this token; `cookies` go with the answer. */
  | { readonly kind: 'token'; readonly accessToken: string; readonly cookies: readonly string[] }
  /** Nobody is signed in; `cookies` go with the answer. */
  | { readonly kind: 'nobody'; readonly cookies: readonly string[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Signs people in at one or more hosts and keeps their tokens in a sealed cookie, where no script can reach them. */
export class BrowserMode {
  readonly tokens: TokenEndpoint;
  readonly signIn: SignIn;
  readonly #seal: CookieSeal;

  constructor(
    issuer: string,
    readonly client: BrowserClient,
    now: () => number,
  ) {
    this.#seal = new CookieSeal(client.cookieSecrets);
    this.tokens = new TokenEndpoint(issuer, client, now);
    this.signIn = new SignIn(issuer, client, this.#seal);
    this.#now = now;
  }

  readonly #now: () => number;

  /** The names of the gateway's cookies in this request; the upstream gets none of them. */
  ownCookies(request: IncomingMessage): readonly string[] {
    return cookieNames(request).filter((name) => /^(__Host-)?curfew_(gateway|way_[\w-]+)$/.test(name));
  }

  /** The tokens in the cookie of a signed-in browser, if there are any. */
  read(request: IncomingMessage, asked: AskedRequest): BrowserTokens | undefined {
    const name = this.#cookie(asked);
    return this.#seal.open<BrowserTokens>(readCookie(request, name), `${name} ${asked.host}`);
  }

  /**
   * Finds the token for a request, refreshing it where it is about to expire. Requests that are passive do not refresh:
   * a refresh counts as activity, and polling must not keep a session alive.
   */
  async tokenFor(
    request: IncomingMessage,
    asked: AskedRequest,
    { passive, isUpgrade }: { readonly passive: boolean; readonly isUpgrade: boolean },
  ): Promise<BrowserRequest> {
    const tokens = this.read(request, asked);
    if (!tokens) return { kind: 'nobody', cookies: [] };
    if (isForgeable(request, asked, isUpgrade)) return { kind: 'refused', refusal: forgeable };
    const left = tokens.accessExpiresAt - this.#now();
    if (left > refreshAheadMs || (passive && left > 0) || !tokens.refreshToken)
      return { kind: 'token', accessToken: tokens.accessToken, cookies: [] };
    return passive ? { kind: 'nobody', cookies: [] } : this.refresh(tokens.refreshToken, asked);
  }

  /** Redeems the code a person came back with. */
  async redeem(
    { code, verifier, askedFor }: Pick<ReturnedCode, 'code' | 'verifier' | 'askedFor'>,
    { scheme, host }: AskedRequest,
  ): Promise<TokenOutcome> {
    const outcome = await this.tokens.redeem(code, verifier, redirectUri(scheme, host));
    if (outcome.kind !== 'tokens') return outcome;
    return { kind: 'tokens', tokens: { ...outcome.tokens, signedInAt: this.#now(), askedFor } };
  }

  /** Whether the person has only just signed in for this demand: sending them there again would go round in circles. */
  hasJustSignedIn(
    request: IncomingMessage,
    asked: AskedRequest,
    { acrValues }: DemandedAuthentication = {},
  ): boolean {
    const { signedInAt, askedFor } = this.read(request, asked) ?? {};
    const isForThis = acrValues === undefined || acrValues === askedFor;
    return isForThis && signedInAt !== undefined && this.#now() - signedInAt < freshSignInMs;
  }

  /** Refreshes, and keeps what comes of it. */
  async refresh(refreshToken: string, asked: AskedRequest): Promise<BrowserRequest> {
    const outcome = await this.tokens.refresh(refreshToken);
    switch (outcome.kind) {
      case 'tokens':
        return {
          kind: 'token',
          accessToken: outcome.tokens.accessToken,
          cookies: [this.keep(outcome.tokens, asked)],
        };
      case 'refused':
        return { kind: 'nobody', cookies: [this.forget(asked)] };
      case 'unavailable':
        return { kind: 'refused', refusal: cannotRefresh };
    }
  }

  /** Sends a person to sign in, if it is one who asks; undefined for a script, which is to be told 401. */
  sendToSignIn(
    request: IncomingMessage,
    asked: AskedRequest,
    demanded: DemandedAuthentication = {},
  ): Redirect | undefined {
    if (!isNavigation(request, asked)) return undefined;
    return this.signIn.begin(request, asked, `${asked.path}${asked.query}`, demanded);
  }

  /**
   * Leads a person to the address at this host where their sign-in begins, for a proxy that cannot hand on cookies with its refusals;
   * undefined for a script. The proxy named the host, and a route has it, so the address leads nowhere else.
   */
  leadToSignIn(request: IncomingMessage, asked: AskedRequest): Redirect | undefined {
    if (!isNavigation(request, asked)) return undefined;
    const { scheme, host, path, query } = asked;
    const parameters = new URLSearchParams({ [returnParameter]: returnAddress(`${path}${query}`) });
    return { location: `${scheme}://${host}${ownPaths.signIn}?${parameters}`, cookies: [] };
  }

  /** The cookie that keeps tokens. @throws CookieTooLong */
  keep(tokens: BrowserTokens, asked: AskedRequest): string {
    const name = this.#cookie(asked);
    const cookie = writeCookie(name, this.#seal.close(tokens, `${name} ${asked.host}`), asked.scheme);
    if (cookie.length > maxCookieLength) throw new CookieTooLong(cookie.length);
    return cookie;
  }

  /** The cookie that forgets them. */
  forget(asked: AskedRequest): string {
    return writeCookie(this.#cookie(asked), '', asked.scheme, 0);
  }

  #cookie({ scheme }: AskedRequest): string {
    return cookieName('curfew_gateway', scheme);
  }
}

const forgeable: Refusal = {
  status: 403,
  error: 'invalid_request',
  description: 'the request may come from another site',
  headers: { 'Cache-Control': 'no-store' },
};

const cannotRefresh: Refusal = {
  status: 503,
  error: 'temporarily_unavailable',
  description: 'the authorization server cannot be asked at the moment',
  headers: { 'Retry-After': '1', 'Cache-Control': 'no-store' },
};
