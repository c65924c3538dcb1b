import { type BindingFault, bindingFaults } from './binding/binding-faults.js';
import { certificateThumbprint } from './binding/certificate.js';
import { DpopProofs } from './binding/dpop-proofs.js';
import { FeedFollower } from './feed/follower.js';
import type { Ends } from './feed/messages.js';
import { AuthorizationServer } from './http/authorization-server.js';
import { type ChallengeContext, type Refusal, refuse, unavailable } from './http/challenges.js';
import { type PresentedCredentials, type RequestHeaders, readCredentials } from './http/credentials.js';
import { metadataUrlOf, type ProtectedResource } from './http/protected-resource.js';
import { JwtAccessTokens } from './jwt/jwt-access-tokens.js';
import { RemoteKeySet } from './jwt/key-set.js';
import { LogoutTokens } from './jwt/logout-tokens.js';
import { LiveAccesses } from './live-access.js';
import { missing, type Requirement } from './requirement.js';
import { ServerClock, steadyNow } from './server-clock.js';
import { readClaims, type TokenFacts } from './token-facts.js';
import { hashToken, revocationName, TokenInquiry } from './token-inquiry.js';
import { VerdictCache } from './verdict-cache.js';
import { checked, maxCacheMs, maxTokensOf, type VerifierOptions } from './verifier-options.js';

/** A request as far as its token is concerned. */
export interface VerifiableRequest {
  /** Lower-case names, as Node has them. */
  readonly headers: RequestHeaders;
  readonly method?: string | undefined;
  /** Path and query as the client sent them, or the whole URL. */
  readonly url?: string | undefined;
  /** The public origin it was sent to, where that is not the configured one. It MUST NOT be taken from the request unchecked. */
  readonly origin?: string | undefined;
  /** The verified certificate of the client (RFC 8705), DER or PEM, from the TLS layer or a proxy that is trusted. */
  readonly certificate?: Uint8Array | string | undefined;
  /** Whether the request had more than one Authorization header. */
  readonly severalTokens?: boolean | undefined;
}

/** The outcome of verifying: the facts about the token, or the refusal to respond with. */
export type Verdict =
  | { readonly kind: 'allowed'; readonly facts: TokenFacts; readonly token: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Milliseconds between two looks at connections that go on. */
const watchIntervalMs = 250;

type PresentedToken = Extract<PresentedCredentials, { kind: 'token' }>;

/** Decides whether requests may pass, by the tokens they carry. */
export class Verifier {
  readonly #options: VerifierOptions;
  readonly #clock = new ServerClock();
  readonly #cache: VerdictCache;
  readonly #feed: FeedFollower;
  readonly #inquiry: TokenInquiry;
  readonly #contexts: Readonly<Record<'Bearer' | 'DPoP' | 'both', ChallengeContext>>;
  /** The resource as its metadata describes it (RFC 9728); undefined where none is offered. */
  readonly resource: ProtectedResource | undefined;
  readonly #proofs: DpopProofs;
  readonly #live = new LiveAccesses();
  readonly #keys: RemoteKeySet;
  #watching: NodeJS.Timeout | undefined;

  constructor(options: VerifierOptions) {
    this.#options = checked(options);
    const { issuer, clientId, clientSecret, clientToken, timeoutMs = 1_500 } = options;
    const server = new AuthorizationServer(
      { issuer, clientId, clientSecret, clientToken, timeoutMs },
      this.#clock,
    );
    this.#keys = new RemoteKeySet(() => server.keys());
    this.#cache = new VerdictCache(maxTokensOf(options));
    this.#feed = new FeedFollower(server, this.#clock, {
      onEnds: (ends) => this.#end(ends),
      onResync: () => this.#cache.resync(this.#clock.latest(steadyNow())),
      onProbe: (session) => this.#learnProbe(session),
      onLost: options.onTrouble,
    });
    this.#inquiry = new TokenInquiry({
      server,
      clock: this.#clock,
      cache: this.#cache,
      feed: this.#feed,
      jwts: options.readJwts ? new JwtAccessTokens(this.#keys, issuer, options.verifySignature) : undefined,
      limits: { cacheForMs: options.cacheForMs ?? 10_000, maxPerQuestion: 100 },
    });
    const { metadata, audience, realm } = options;
    this.resource = metadata && { audience, issuer, takesProofs: options.origin !== undefined, ...metadata };
    const metadataUrl = metadata && metadataUrlOf(audience);
    this.#contexts = {
      Bearer: { realm, metadataUrl, schemes: ['Bearer'] },
      DPoP: { realm, metadataUrl, schemes: ['DPoP'] },
      both: { realm, metadataUrl, schemes: ['Bearer', 'DPoP'] },
    };
    this.#proofs = new DpopProofs(clientSecret);
    this.#feed.start();
  }

  /** Whether what is remembered may be used; otherwise every request is asked about. */
  get following(): boolean {
    return this.#feed.trusted(steadyNow());
  }

  /** Tokens remembered at the moment. */
  get remembered(): number {
    return this.#cache.size;
  }

  /** Whether the feed has told of the end of this session. False says nothing. */
  knowsEnded(sessionId: string): boolean {
    return this.#cache.hasEnded(sessionId, sessionId);
  }

  /** The time at the authorization server, in milliseconds since the epoch. Instants in facts are compared with it. */
  get now(): number {
    return this.#clock.now(steadyNow());
  }

  /** Connections that are ended with their session. */
  get live(): number {
    return this.#live.size;
  }

  /** Stops following the feed; connections that depend on it end. */
  async close(): Promise<void> {
    clearInterval(this.#watching);
    this.#live.endAll();
    await this.#feed.stop();
  }

  /** Verifies the token a request carries. Never rejects its promise: a request that cannot be decided is refused with 503. */
  async verify(request: VerifiableRequest, required: Requirement = {}): Promise<Verdict> {
    const presented = readCredentials(request.headers, request.url, request.severalTokens);
    if (presented.kind !== 'token') return refused(this.#unpresentable(presented, request, required));
    const { maxIdle, maxSessionAge, passive } = required;
    const ofSession = maxIdle !== undefined || maxSessionAge !== undefined;
    try {
      // With `maxIdle` a use may come too late, so it is counted only after it has been allowed.
      const first = { ofSession, passive: passive || maxIdle !== undefined };
      const facts = await this.#inquiry.about(presented.token, first);
      const verdict = this.#judge(facts, presented, request, required);
      if (first.passive && !passive && verdict.kind === 'allowed')
        await this.#inquiry.about(presented.token, { ofSession });
      return verdict;
    } catch (error) {
      this.#options.onTrouble?.(error);
      return refused(unavailable);
    }
  }

  /**
   * Calls `onOver` once, when the access behind a connection that goes on is over: its session ended, its token was
   * revoked, or the feed has been silent for longer than the bound. The returned function forgets the connection.
   */
  watch(token: string, facts: TokenFacts, onOver: () => void): () => void {
    this.#watching ??= setInterval(() => this.#lookAfterLive(), watchIntervalMs).unref();
    const { sessionId } = facts;
    const name = revocationName(token) ?? hashToken(token);
    const forget = this.#live.add({ name, facts, onOver });
    // The end may have come between the verdict and this: nobody would tell of it again.
    if (this.#cache.hasEnded(name, sessionId))
      queueMicrotask(() =>
        this.#live.end({ sessions: sessionId === undefined ? [] : [sessionId], tokens: [name], all: [] }),
      );
    return forget;
  }

  /**
   * Takes a logout token (OpenID Connect Back-Channel Logout) sent to this client; false for anything that is none. The
   * feed says the same, and earlier. Rejects when the keys cannot be read.
   */
  async logOut(token: string, clientId: string): Promise<boolean> {
    const { issuer } = this.#options;
    const { now } = this;
    const out = await new LogoutTokens(this.#keys, issuer, clientId).read(token, now);
    if (!out) return false;
    const { sessionId, subject } = out;
    const all =
      sessionId === undefined && subject ? [{ kind: 'account' as const, target: subject, at: now }] : [];
    this.#end({ sessions: sessionId === undefined ? [] : [sessionId], tokens: [], all });
    return true;
  }

  #end(ends: Ends): void {
    // The next request with such a token is refused without a question to the authorization server.
    this.#inquiry.noteEnded(this.#cache.end(ends, this.now));
    this.#live.end(ends);
  }

  /** A session that is none, known as if a token of it had been asked about: how soon it is denied is how soon any is. */
  #learnProbe(sessionId: string): void {
    const now = this.now;
    const facts = readClaims({
      iss: this.#options.issuer,
      client_id: 'probe',
      sid: sessionId,
      iat: now / 1000,
      exp: now / 1000 + 60,
    });
    const known = { facts, freshUntil: now + maxCacheMs, touched: true, name: undefined };
    this.#cache.set(hashToken(sessionId), known);
  }

  #lookAfterLive(): void {
    const at = steadyNow();
    if (this.#feed.trusted(at)) this.#live.endPast(this.#clock.now(at));
    else this.#live.endAll();
  }

  #judge(
    facts: TokenFacts | null,
    presented: PresentedToken,
    request: VerifiableRequest,
    required: Requirement,
  ): Verdict {
    const { issuer, audience } = this.#options;
    const now = this.#clock.now(steadyNow());
    const context = this.#contextFor(presented.scheme, request);
    const unbound =
      facts && facts.issuer === issuer && facts.audiences.includes(audience) && now < facts.expiresAt
        ? this.#bindingFault(facts, presented, request, now)
        : 'invalid_token';
    if (unbound) return refused(this.#refuseUnbound(unbound, context, now, required));
    const lacks = missing(facts!, required, context, now);
    return lacks ? refused(lacks) : { kind: 'allowed', facts: facts!, token: presented.token };
  }

  /** RFC 9449 §7.1 and RFC 8705 §3: a bound token is worth nothing without its key, and a key is worth nothing to an unbound one. */
  #bindingFault(
    facts: TokenFacts,
    { scheme, token }: PresentedToken,
    request: VerifiableRequest,
    now: number,
  ): BindingFault | undefined {
    const { keyThumbprint, certificateThumbprint: wanted } = facts;
    if (keyThumbprint !== undefined && scheme !== 'DPoP') return 'unproved';
    if (keyThumbprint === undefined && scheme === 'DPoP') return 'invalid_token';
    if (wanted !== undefined && certificateThumbprint(request.certificate) !== wanted) return 'invalid_token';
    if (keyThumbprint === undefined) return undefined;
    const proof = request.headers['dpop'];
    const url = publicUrl(request.url ?? '', this.#originOf(request));
    if (typeof proof !== 'string' || !url || request.method === undefined) return 'missing';
    return this.#proofs.faultOf(proof, { method: request.method, url, token, keyThumbprint }, now);
  }

  /**
   * The challenge to a program that tried DPoP names DPoP alone. Any other names Bearer, and DPoP beside it if the origin of the request is
   * known, because proofs can be checked then (RFC 9449 §7.2).
   */
  #contextFor(scheme: PresentedToken['scheme'], request: VerifiableRequest): ChallengeContext {
    return this.#contexts[scheme === 'Bearer' && this.#originOf(request) !== undefined ? 'both' : scheme];
  }

  #originOf({ origin }: VerifiableRequest): string | undefined {
    return origin ?? this.#options.origin;
  }

  #unpresentable(
    { kind }: Exclude<PresentedCredentials, { kind: 'token' }>,
    request: VerifiableRequest,
    required: Requirement,
  ): Refusal {
    const { authorization } = request.headers;
    const triedDpop = typeof authorization === 'string' && /^\s*dpop(\s|$)/i.test(authorization);
    const context = this.#contextFor(triedDpop ? 'DPoP' : 'Bearer', request);
    if (kind === 'none') return refuse(401, undefined, undefined, context, scopeOf(required));
    const description =
      kind === 'several'
        ? 'more than one access token was sent'
        : 'send the access token in the Authorization header';
    return refuse(400, 'invalid_request', description, context);
  }

  #refuseUnbound(
    fault: BindingFault,
    context: ChallengeContext,
    now: number,
    required: Requirement,
  ): Refusal {
    const { code, description } = bindingFaults[fault];
    const tried = fault === 'unproved' ? this.#contexts.DPoP : context;
    if (code === 'invalid_token') return refuse(401, code, description, tried, scopeOf(required));
    // RFC 9449 §9: a client whose clock is wrong continues with a nonce.
    return refuse(401, code, description, context, {}, { 'DPoP-Nonce': this.#proofs.nonce(now) });
  }
}

/** The URL of a request as its client knows it: the path that was sent, at the public origin. */
function publicUrl(target: string, origin: string | undefined): URL | undefined {
  if (origin === undefined) return undefined;
  const whole = target.startsWith('/') ? `${origin}${target}` : target;
  return URL.canParse(whole) ? new URL(new URL(whole).pathname, origin) : undefined;
}

/** RFC 6750 §3: the scope values that the next token needs, all at once. */
const scopeOf = ({ scopes = [] }: Requirement): { scope?: string } =>
  scopes.length > 0 ? { scope: scopes.join(' ') } : {};

const refused = (refusal: Refusal): Verdict => ({ kind: 'refused', refusal });

/** A verifier that follows the session feed from now on; close it when done. @throws VerifierMisconfigured */
export const createVerifier = (options: VerifierOptions): Verifier => new Verifier(options);
