import type { IncomingMessage, ServerResponse } from 'node:http';
import { Throttle, throttleKey } from '@curfew/accounts';
import { type IdentityProvider, IdentityProviders } from '@curfew/accounts/identity-providers';
import { ArtifactStore, type UpstreamOrigin } from '@curfew/artifacts';
import { Clock } from '@curfew/clock';
import { isDatabaseUnavailable } from '@curfew/persistence';
import { earliest, type Instant, instant, latest, plus, seconds } from '@curfew/session-policy';
import type { AuthenticationContext, AuthenticationMethod } from '@curfew/session-policy/authentication';
import { SessionQueries, SessionService } from '@curfew/sessions';
import { SignalsReader } from '@curfew/signals';
import { Injectable } from '@nestjs/common';
import {
  classesFor,
  methodsOf,
  type OpenedProvider,
  originOf,
  type UpstreamClaims,
  UpstreamParts,
  UpstreamPeople,
  type UpstreamRequest,
  type UpstreamSignedIn,
} from '../upstream/index.js';
import { dropCookie, freshValue, readCookieText, setCookie } from './cookies.js';
import { type FormProblem, problemOfError } from './form-problem.js';
import { PageLog } from './page-log.js';
import { PageSettings } from './page-settings.js';
import { SignIn } from './sign-in.js';

/** The demands of a page on a sign-in elsewhere. */
export interface UpstreamWish {
  /** Whether the person must prove anew who they are, whatever the settings of the provider. */
  readonly isFresh: boolean;
  readonly context: AuthenticationContext | null;
}

/** A person who is signed in and links the sign-in elsewhere to their account. */
export interface LinkWish {
  readonly accountId: string;
  readonly browserSessionUid: string;
  /** Names the authenticators that they have shown. */
  readonly version: string;
}

/** The page from which a sign-in elsewhere began, to which it returns. */
export interface UpstreamPlace {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly address: string;
  readonly binding: string;
  readonly links?: LinkWish | undefined;
}

/** A sign-in elsewhere that is under way, as the browser's own cookie keeps it. */
interface Begun extends UpstreamRequest {
  readonly provider: string;
  /** A response is taken for the issuer that was asked alone (RFC 9700 §4.4.2). */
  readonly issuer: string;
  readonly address: string;
  readonly binding: string;
  readonly at: number;
  readonly maxAge: number;
  readonly links?: LinkWish | undefined;
}

/** The outcome of a sign-in elsewhere, as the page from which it began is told it. */
export type UpstreamNotice =
  | { readonly linked: true }
  | { readonly problem: FormProblem }
  | { readonly upstream: UpstreamProof };

/** A person whom another identity provider has signed in: their account here, and what was proved. */
export interface UpstreamProof {
  readonly provider: string;
  readonly accountId: string;
  readonly methods: readonly AuthenticationMethod[];
  readonly provedAt: Instant;
  readonly upstream: UpstreamOrigin;
}

/** Seconds that a person may take at the other provider. */
const within = seconds(900);

const failed = { problem: { code: 'upstream_failed' } } as const;

/** The cause in the log where a provider is switched off or gone, or where its secret does not open any more. */
const notOpen = { name: 'ProviderNotOpen' };

/** The cause where the session there is over already, or its end is no instant. */
const sessionOver = { name: 'SessionExpiry' };

/** Faults of a response that somebody may have made. A provider that is away is no sign of that. */
const suspicious: ReadonlySet<unknown> = new Set([
  'OAUTH_AUTHORIZATION_RESPONSE_ERROR',
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_RESPONSE_BODY_ERROR',
]);

/**
 * Sign-ins with other identity providers. A browser keeps its own state, nonce and PKCE verifier, sealed, in a cookie of its own for each
 * sign-in: another browser's response opens nothing, and one that was used is used up on every node.
 */
@Injectable()
export class UpstreamSignIn {
  constructor(
    private readonly parts: UpstreamParts,
    private readonly providers: IdentityProviders,
    private readonly people: UpstreamPeople,
    private readonly artifacts: ArtifactStore,
    private readonly sessions: SessionService,
    private readonly queries: SessionQueries,
    private readonly throttle: Throttle,
    private readonly signals: SignalsReader,
    private readonly signIn: SignIn,
    private readonly settings: PageSettings,
    private readonly log: PageLog,
    private readonly clock: Clock,
  ) {}

  /** The address to which the browser goes, or why it does not. */
  async begin(place: UpstreamPlace, id: string, wish: UpstreamWish): Promise<URL | FormProblem> {
    const { request, response, address, binding, links } = place;
    const { headers, socket } = request;
    const { prefix } = this.signals.read({ socketAddress: socket.remoteAddress, headers });
    const verdict = await this.throttle.take(throttleKey('upstream', prefix ?? 'unknown'), this.parts.limit);
    if (!verdict.allowed) return { code: 'throttled', retryAfter: verdict.retryAfter };
    const opened = await this.providers.opened(id);
    if (!opened) return this.#failed(id, notOpen).problem;
    const isFresh = wish.isFresh || !opened.provider.singleSignOn;
    const maxAge = isFresh ? 0 : (await this.sessions.everyonesPolicy()).absoluteLifetime;
    const asked = { state: freshValue(), nonce: freshValue(), verifier: freshValue() };
    const { issuer } = opened.provider;
    const at = this.clock.now();
    const begun: Begun = { ...asked, provider: id, issuer, address, binding, at, maxAge, links };
    const acrValues = classesFor(wish.context, opened.provider);
    try {
      const url = await this.parts.client.begin(opened, asked, { maxAge, acrValues });
      const value = Buffer.from(this.parts.seal.close(JSON.stringify(begun), asked.state)).toString(
        'base64url',
      );
      setCookie(response, this.settings, cookieOf(asked.state), {
        ...{ value, maxAge: within, path: this.#path(id) },
      });
      return url;
    } catch (error) {
      return this.#failed(id, error).problem;
    }
  }

  /** The sign-in that this browser began and that a response is for; undefined where it began none such. Its cookie goes. */
  begun(request: IncomingMessage, response: ServerResponse, id: string, query: URLSearchParams) {
    const state = query.get('state') ?? '';
    if (!/^[\w-]{43}$/.test(state)) return undefined;
    const [purpose, path] = [cookieOf(state), this.#path(id)];
    const text = readCookieText(request, this.settings, purpose, path);
    if (text === undefined) return undefined;
    dropCookie(response, this.settings, purpose, path);
    const opened = this.parts.seal.open(Buffer.from(text, 'base64url'), state);
    const begun = opened === undefined ? undefined : (JSON.parse(opened) as Begun);
    const isOurs = begun?.provider === id && this.clock.now() - begun.at < within * 1000;
    return isOurs ? begun : undefined;
  }

  /** Takes the response: whom the provider has signed in, or why nobody is. */
  async finish(request: IncomingMessage, begun: Begun, query: string): Promise<UpstreamNotice> {
    const { provider: id, state } = begun;
    const now = this.clock.now();
    // In parallel and on every node, one response is taken for one state.
    const key = { kind: 'UpstreamSignIn', id: state };
    if (!(await this.artifacts.insertOnce(key, now, plus(now, within)))) return failed;
    const opened = await this.providers.opened(id);
    if (opened?.provider.issuer !== begun.issuer) return this.#failed(id, notOpen);
    if (new URLSearchParams(query).get('error') === 'access_denied')
      return { problem: { code: 'upstream_denied' } };
    let signedIn: UpstreamSignedIn;
    try {
      const elapsed = Math.ceil((now - begun.at) / 1000);
      signedIn = await this.parts.client.finish(opened, query, begun, begun.maxAge + elapsed);
    } catch (error) {
      return this.#refused(request, id, error);
    }
    try {
      return await this.#recognised(request, begun, opened, signedIn);
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error;
      return this.#refused(request, id, error);
    }
  }

  #refused(request: IncomingMessage, id: string, error: unknown): typeof failed {
    if (suspicious.has((error as { code?: unknown }).code))
      this.signIn.tellFailedAt(request, 'upstream_refused');
    return this.#failed(id, error);
  }

  /** Whether everything of the account was ended since this proof: it signs nobody in any more, and a new one does. */
  isOver({ accountId, provedAt }: UpstreamProof): Promise<boolean> {
    return this.queries.isEndedSince(accountId, provedAt);
  }

  async #recognised(
    request: IncomingMessage,
    begun: Begun,
    { provider }: OpenedProvider,
    signedIn: UpstreamSignedIn,
  ): Promise<UpstreamNotice> {
    const { claims } = signedIn;
    if (begun.links) return this.#linked(begun.links, provider, claims);
    const now = this.clock.now();
    const upstream = originOf(claims, provider.issuer, now);
    if (!upstream) return this.#failed(provider.id, sessionOver);
    const account = await this.people.accountOf(signedIn, provider);
    this.log.note(account ? 'upstream_ok' : 'upstream_unknown', {
      provider: provider.id,
      accountId: account?.id ?? null,
    });
    if (!account) {
      this.signIn.tellFailedAt(request, 'unknown_identity');
      return { problem: { code: 'upstream_unknown' } };
    }
    const provedAt = provedThere(claims, begun, now);
    const methods = methodsOf(claims, provider);
    return { upstream: { provider: provider.id, accountId: account.id, methods, provedAt, upstream } };
  }

  async #linked(
    { accountId, version }: LinkWish,
    { id: provider, issuer }: IdentityProvider,
    { sub: subject }: UpstreamClaims,
  ): Promise<UpstreamNotice> {
    try {
      await this.people.link({ issuer, subject }, accountId, version);
      this.log.note('identity_linked', { provider, accountId });
      return { linked: true };
    } catch (error) {
      return { problem: problemOfError(error) };
    }
  }

  /** The log names the kind of fault alone: errors of the protocol hold codes and tokens. */
  #failed(provider: string, error: unknown): typeof failed {
    const { name = 'Error', code = null } = error as { name?: string; code?: unknown };
    this.log.note('upstream_failed', { provider, cause: name, code: typeof code === 'string' ? code : null });
    return failed;
  }

  #path(id: string): string {
    return `${this.settings.base}/sign-in/upstream/${id}`;
  }
}

/** Tabs that sign in at once have a cookie each. */
const cookieOf = (state: string): string => `upstream_${state.slice(0, 8)}`;

/**
 * When the person proved there who they are: never later than now, and where a new proof was asked for, not before it was; the provider
 * tells whole seconds. The client has refused a proof that is older than was asked.
 */
function provedThere(
  { auth_time: at }: UpstreamClaims,
  { at: begunAt, maxAge }: Begun,
  now: Instant,
): Instant {
  const told = instant(Number(at) * 1000);
  return earliest(now, maxAge === 0 ? latest(instant(begunAt), told) : told);
}
