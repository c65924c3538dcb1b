import type { IncomingMessage } from 'node:http';
import { wallClock } from '@curfew/clock';
import {
  createVerifier,
  isMetadataOf,
  isMetadataPath,
  metadataUrlOf,
  type ProtectedResource,
  type Refusal,
  type TokenFacts,
  type Verifier,
} from '@curfew/resource-server';
import { type AskedRequest, isAmbiguousFor } from '@curfew/web';
import { BrowserMode } from './browser/browser-mode.js';
import { corsHeaders, preflightHeaders, preflightMethod } from './cors.js';
import type { ProtectedApi, Route } from './routes/route.js';
import { RouteTable } from './routes/route-table.js';
import type { GatewayRules } from './routes/rules.js';

/** A request that may pass, by which route and with whose access. */
export interface Allowed {
  readonly kind: 'allowed';
  readonly route: Route;
  /** The facts about the token; null on public routes. */
  readonly facts: TokenFacts | null;
  /** Cookies of the gateway's own that the upstream must not see. */
  readonly ownCookies: readonly string[];
  /** The time at the authorization server, in milliseconds since the epoch. */
  readonly now: number;
  /** Calls `onOver` when what the request passed with is over; the returned function stops that. */
  watch(onOver: () => void): () => void;
}

/** The gateway's decision about a request. */
export type Decision =
  | Allowed
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly route: Route | null };

/** The message that asks, as far as credentials are concerned. */
export interface Asking {
  readonly message: IncomingMessage;
  /** The verified certificate of the client, from a trusted proxy. */
  readonly certificate: string | undefined;
}

/** The refusal where no route leads. */
export const noRoute: Refusal = {
  status: 403,
  error: undefined,
  description: 'no route leads there',
  headers: { 'Cache-Control': 'no-store' },
};

/** The refusal of a path that the upstream may read otherwise, where the route does not allow that. */
const ambiguousPath: Refusal = {
  status: 403,
  error: 'invalid_request',
  description: 'the path may mean something else to the upstream',
  headers: { 'Cache-Control': 'no-store' },
};

/** Callbacks for trouble, requests without a route, and decisions. */
export interface DecisionHandlers {
  readonly onTrouble: (error: unknown, api: string) => void;
  /** A request came that no route is for. */
  readonly onUnrouted: (asked: Pick<AskedRequest, 'host' | 'path'> & { readonly scheme: string }) => void;
  readonly onDecided: (decision: Decision, tookMs: number, message: IncomingMessage) => void;
}

interface Held {
  readonly api: ProtectedApi;
  readonly issuer: string;
  /** The API as its metadata describes it (RFC 9728); undefined where it is not reached at the address that is its audience. */
  readonly resource: ProtectedResource | undefined;
  readonly verifier: Verifier;
}

const never = (): (() => void) => () => {};

/** A page that the route lists can read the refusal, and its challenge. */
function withCors(decision: Decision, message: IncomingMessage): Decision {
  const headers = decision.kind === 'refused' ? corsHeaders(decision.route, message) : undefined;
  if (decision.kind !== 'refused' || !headers) return decision;
  const { refusal } = decision;
  return { ...decision, refusal: { ...refusal, headers: { ...refusal.headers, ...headers } } };
}

/** Decides by the route table and the tokens that requests carry. */
export class DecisionMaker {
  readonly #handlers: DecisionHandlers;
  #held: ReadonlyMap<string, Held> = new Map();
  #browsers: ReadonlyMap<string, BrowserMode> = new Map();
  #table = new RouteTable([]);

  /** `ownPort` is where the gateway listens: hosts may come with it. */
  constructor(
    rules: GatewayRules,
    handlers: DecisionHandlers,
    private readonly ownPort?: number,
  ) {
    this.#handlers = handlers;
    this.use(rules);
  }

  /** Replaces the rules. Verdicts are kept for each API whose settings stay the same. */
  use({ issuer, apis, browsers, routes }: GatewayRules): void {
    const before = this.#held;
    const table = new RouteTable(routes, this.ownPort);
    this.#table = table;
    this.#held = new Map(
      apis.map((api) => {
        const resource = protectedResource(issuer, api, table);
        return [api.name, this.#holding(issuer, api, resource, before.get(api.name))];
      }),
    );
    this.#browsers = new Map(
      browsers.map((client) => {
        const known = this.#browsers.get(client.name);
        const isSame = known !== undefined && JSON.stringify(known.client) === JSON.stringify(client);
        return [client.name, isSame ? known : new BrowserMode(issuer, client, () => this.#now())];
      }),
    );
    const kept = new Set([...this.#held.values()].map(({ verifier }) => verifier));
    for (const { verifier } of before.values()) if (!kept.has(verifier)) void verifier.close();
  }

  /** Whether ends are being followed for every API at the moment. */
  get following(): boolean {
    return [...this.#held.values()].every(({ verifier }) => verifier.following);
  }

  /** Whether any request with a token can be decided on at the moment, or none ever is. */
  get deciding(): boolean {
    return this.#held.size === 0 || [...this.#held.values()].some(({ verifier }) => verifier.following);
  }

  /** The verifiers by the name of their API. */
  get verifiers(): ReadonlyMap<string, Verifier> {
    return new Map([...this.#held].map(([name, { verifier }]) => [name, verifier]));
  }

  /** Whether requests to this host are passed on to upstreams, and not answered by the gateway for itself. */
  passesOn(host: string): boolean {
    return this.#table.passesOn(host);
  }

  /** The browser mode of a request's route, or of its host for the gateway's own pages. */
  browserOf(asked: AskedRequest, ofHost = false): BrowserMode | undefined {
    const route = ofHost ? undefined : this.#table.find(asked);
    if (route && isAmbiguousFor(asked, route)) return undefined;
    const name = ofHost ? this.#table.browserAt(asked.host) : route?.browser;
    return name === undefined ? undefined : this.#browsers.get(name);
  }

  /** The verifier for a browser mode's tokens. */
  verifierFor({ client }: BrowserMode): Verifier | undefined {
    return [...this.#held.values()].find(({ api }) => api.audience === client.audience)?.verifier;
  }

  /** The API whose metadata a request is for (RFC 9728), unless a public route takes such requests on purpose. */
  metadataFor(asked: AskedRequest): ProtectedResource | undefined {
    const target = `${asked.path}${asked.query}`;
    for (const { resource } of this.#held.values()) {
      if (!resource || !isMetadataOf(resource.audience, target)) continue;
      if (!this.#table.isSameHost(new URL(resource.audience).host, asked.host)) continue;
      const route = this.#table.find(asked);
      return route?.api === null && isMetadataPath(route.match.path) ? undefined : resource;
    }
    return undefined;
  }

  /** Whether a request does not count as activity, by its route or by its own word. */
  isPassive(asked: AskedRequest, { headers }: IncomingMessage): boolean {
    return this.#table.find(asked)?.required.passive === true || headers['x-session-activity'] === 'passive';
  }

  /** The answer to a preflight that a route wants answered; undefined for every other request. */
  preflight(asked: AskedRequest, message: IncomingMessage): Record<string, string> | undefined {
    const method = preflightMethod(message, asked.method);
    if (method === undefined) return undefined;
    const route = this.#table.find({ ...asked, method });
    return route && !route.closed && !isAmbiguousFor(asked, route)
      ? preflightHeaders(route, message, method)
      : undefined;
  }

  /** The time at the authorization server. */
  #now(): number {
    const [held] = this.#held.values();
    return held?.verifier.now ?? wallClock();
  }

  /** Decides about a request. */
  async decide(asked: AskedRequest, asking: Asking): Promise<Decision> {
    const began = performance.now();
    const decision = withCors(await this.#decide(asked, asking), asking.message);
    this.#handlers.onDecided(decision, performance.now() - began, asking.message);
    return decision;
  }

  async #decide(asked: AskedRequest, { message, certificate }: Asking): Promise<Decision> {
    const route = this.#table.find(asked);
    if (!route) this.#handlers.onUnrouted(asked);
    if (!route || route.closed) return { kind: 'refused', refusal: noRoute, route: route ?? null };
    if (isAmbiguousFor(asked, route)) return { kind: 'refused', refusal: ambiguousPath, route };
    if (route.api === null)
      return { kind: 'allowed', route, facts: null, ownCookies: [], now: 0, watch: never };
    const { headers, rawHeaders } = message;
    const { verifier } = this.#held.get(route.api)!;
    const passive = this.isPassive(asked, message);
    const origin = `${asked.scheme}://${asked.host}`;
    const severalTokens =
      rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'authorization').length > 1;
    const verdict = await verifier.verify(
      {
        headers,
        method: asked.method,
        url: `${asked.path}${asked.query}`,
        origin,
        certificate,
        severalTokens,
      },
      // Not begun with a spread, because it grows by a property (docs/performance.md); a route's own rules come before `passive`.
      { scopes: route.required.scopes, ...route.required, passive },
    );
    if (verdict.kind === 'refused') return { kind: 'refused', route, refusal: verdict.refusal };
    const { facts, token } = verdict;
    return {
      kind: 'allowed',
      route,
      facts,
      ownCookies: (route.browser && this.#browsers.get(route.browser)?.ownCookies(message)) || [],
      now: verifier.now,
      watch: (onOver) => verifier.watch(token, facts, onOver),
    };
  }

  /** Stops following; connections that depend on it end. */
  async close(): Promise<void> {
    await Promise.all([...this.#held.values()].map(({ verifier }) => verifier.close()));
  }

  #holding(
    issuer: string,
    api: ProtectedApi,
    resource: ProtectedResource | undefined,
    before: Held | undefined,
  ): Held {
    const isSame = before?.issuer === issuer && JSON.stringify(before.api) === JSON.stringify(api);
    if (isSame && (before.resource === undefined) === (resource === undefined))
      return { ...before, resource };
    const { name, ...options } = api;
    const onTrouble = (error: unknown) => this.#handlers.onTrouble(error, name);
    const metadata = resource && {};
    const verifier = createVerifier({ issuer, ...options, metadata, realm: name, onTrouble });
    return { api, issuer, resource, verifier };
  }
}

/**
 * The API as its metadata describes it, with all scope values that its routes ask for. An API without a route for the address that is its
 * audience has none: nobody would answer there.
 */
function protectedResource(
  issuer: string,
  { name, audience }: ProtectedApi,
  table: RouteTable,
): ProtectedResource | undefined {
  const url = metadataUrlOf(audience);
  if (url === undefined || !table.leadsTo(name, new URL(url).host)) return undefined;
  const own = table.routes.filter(({ api }) => api === name);
  const scopes = [...new Set(own.flatMap(({ required }) => required.scopes ?? []))];
  return { audience, issuer, name, scopes, takesProofs: true };
}
