import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AskedRequest } from '../asked/asked-request.js';
import { type BrowserClient, ownPaths } from './browser-client.js';
import type { CookieSeal } from './cookie-seal.js';
import { cookieName, readCookie, writeCookie } from './cookies.js';

/** Seconds a person has to sign in before the way back is forgotten. */
const signInLasts = 1_800;

/** What is remembered of a sign-in under way, sealed in a cookie of its own. */
interface SignInUnderWay {
  readonly state: string;
  readonly verifier: string;
  /** Path and query of this host to which the person wanted. */
  readonly returnTo: string;
}

/** A redirect with a cookie. */
export interface Redirect {
  readonly location: string;
  readonly cookies: readonly string[];
}

/** What the callback's query says, when it belongs to a sign-in that this browser began. */
export type ReturnedSignIn =
  | { readonly kind: 'code'; readonly code: string; readonly verifier: string; readonly returnTo: string }
  | { readonly kind: 'refused'; readonly returnTo: string }
  | { readonly kind: 'unknown' };

/** The way of a person to the authorization server and back (RFC 6749 §4.1, RFC 7636). */
export class SignIn {
  constructor(
    private readonly issuer: string,
    private readonly client: BrowserClient,
    private readonly seal: CookieSeal,
  ) {}

  /** Sends a person there; `maxAge` (seconds) asks for an authentication that is not older (RFC 9470 §4). */
  begin({ scheme, host }: AskedRequest, returnTo: string, maxAge?: number): Redirect {
    const state = randomBytes(16).toString('base64url');
    const verifier = randomBytes(32).toString('base64url');
    const address = new URL(`${this.issuer}/authorize`);
    address.search = new URLSearchParams({
      response_type: 'code',
      client_id: this.client.clientId,
      redirect_uri: redirectUri(scheme, host),
      scope: this.client.scopes.join(' '),
      resource: this.client.audience,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      // OpenID Connect Core §11: offline access needs the person's word each time.
      ...(this.client.scopes.includes('offline_access') ? { prompt: 'consent' } : {}),
      ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
    }).toString();
    const name = this.#cookie(scheme, state);
    const sealed = this.seal.close({ state, verifier, returnTo } satisfies SignInUnderWay, `${name} ${host}`);
    return { location: address.href, cookies: [writeCookie(name, sealed, scheme, signInLasts)] };
  }

  /** Reads what the person came back with, and forgets the way. */
  end(request: IncomingMessage, { scheme, host, query }: AskedRequest): [ReturnedSignIn, readonly string[]] {
    const returned = new URLSearchParams(query);
    const state = returned.get('state') ?? '';
    const name = this.#cookie(scheme, state);
    const underWay = this.seal.open<SignInUnderWay>(readCookie(request, name), `${name} ${host}`);
    if (!underWay || underWay.state !== state) return [{ kind: 'unknown' }, []];
    const cookies = [writeCookie(name, '', scheme, 0)];
    const { verifier, returnTo } = underWay;
    const code = returned.get('code');
    // RFC 9207 §2.4: an answer of another authorization server is none.
    if (returned.get('iss') !== this.issuer || code === null || returned.has('error'))
      return [{ kind: 'refused', returnTo }, cookies];
    return [{ kind: 'code', code, verifier, returnTo }, cookies];
  }

  /** One cookie for each sign-in, so that two tabs do not disturb each other. */
  #cookie(scheme: string, state: string): string {
    const suffix = createHash('sha256').update(state).digest('base64url').slice(0, 12);
    return cookieName(`curfew_way_${suffix}`, scheme);
  }
}

/** Where the authorization server sends people back to. */
export const redirectUri = (scheme: string, host: string): string =>
  `${scheme}://${host}${ownPaths.callback}`;
