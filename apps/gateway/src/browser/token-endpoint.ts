import { createHash } from 'node:crypto';
import { clientBasic } from '@curfew/resource-server/client-basic';
import type { BrowserClient, BrowserTokens } from './browser-client.js';

/** How asking for tokens went. */
export type TokenOutcome =
  | { readonly kind: 'tokens'; readonly tokens: BrowserTokens }
  /** The authorization server says no: sign in again; with `maxAge` it wants a new authentication (RFC 9470). */
  | { readonly kind: 'refused'; readonly maxAge: number | undefined }
  /** It says nothing, or that it cannot say. */
  | { readonly kind: 'unavailable' };

/** Milliseconds an answer may take. */
const patienceMs = 5_000;
/**
 * Milliseconds a refresh is remembered, for requests that were sent before their browser had the new cookie. The cookie
 * comes with an answer, and an upstream may take a minute to begin one.
 */
const rememberedMs = 90_000;
const maxRemembered = 10_000;

/** Gets tokens for browsers (RFC 6749 §4.1.3, §6), each refresh token once however many requests bring it. */
export class TokenEndpoint {
  readonly #refreshes = new Map<string, Promise<TokenOutcome>>();

  constructor(
    private readonly issuer: string,
    private readonly client: BrowserClient,
    private readonly now: () => number,
    private readonly max = maxRemembered,
  ) {}

  /** Redeems an authorization code. */
  redeem(code: string, verifier: string, redirectUri: string): Promise<TokenOutcome> {
    return this.#ask({
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: redirectUri,
      resource: this.client.audience,
    });
  }

  /**
   * Refreshes. Requests that come in parallel, or a little later with the old cookie, get the same outcome: none of them
   * presents a superseded token, which would look like a theft. Another gateway that does so within the session's retry
   * window gets the same successor.
   */
  refresh(refreshToken: string): Promise<TokenOutcome> {
    const key = createHash('sha256').update(refreshToken).digest('base64url');
    const known = this.#refreshes.get(key);
    if (known) return known;
    const oldest = this.#refreshes.size >= this.max ? this.#refreshes.keys().next().value : undefined;
    if (oldest !== undefined) this.#refreshes.delete(oldest);
    const asked = this.#ask({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      resource: this.client.audience,
    }).then((outcome) => {
      const keepMs = outcome.kind === 'tokens' ? rememberedMs : 0;
      setTimeout(() => this.#refreshes.delete(key), keepMs).unref();
      return outcome;
    });
    this.#refreshes.set(key, asked);
    return asked;
  }

  /** Gives a refresh token back, and with it the session (RFC 7009); false when that was not acknowledged. */
  async revoke(refreshToken: string): Promise<boolean> {
    return this.#post('/revocation', { token: refreshToken }).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  async #ask(form: Readonly<Record<string, string>>): Promise<TokenOutcome> {
    try {
      const answer = await this.#post('/token', form);
      const body = (await answer.json()) as Readonly<Record<string, unknown>>;
      if (answer.ok) return { kind: 'tokens', tokens: this.#read(body) };
      if (answer.status >= 500 || answer.status === 429) return { kind: 'unavailable' };
      return { kind: 'refused', maxAge: typeof body['max_age'] === 'number' ? body['max_age'] : undefined };
    } catch {
      return { kind: 'unavailable' };
    }
  }

  #read(body: Readonly<Record<string, unknown>>): BrowserTokens {
    const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn } = body;
    if (typeof accessToken !== 'string' || typeof expiresIn !== 'number')
      throw new TypeError('the token endpoint answered without a token');
    return {
      accessToken,
      refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined,
      accessExpiresAt: this.now() + expiresIn * 1000,
    };
  }

  async #post(path: string, form: Readonly<Record<string, string>>): Promise<Response> {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), patienceMs);
    try {
      const answer = await fetch(`${this.issuer}${path}`, {
        method: 'POST',
        redirect: 'error',
        headers: {
          authorization: clientBasic(this.client.clientId, this.client.clientSecret),
          accept: 'application/json',
        },
        body: new URLSearchParams(form),
        signal: patience.signal,
      });
      // Read to the end while there is patience left for it.
      return new Response(await answer.arrayBuffer(), { status: answer.status, headers: answer.headers });
    } finally {
      clearTimeout(timer);
    }
  }
}
