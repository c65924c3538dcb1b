import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerMetadata, answerRefusal, isMetadataPath, type Refusal } from '@curfew/resource-server';
import type { AskedRequest } from '@curfew/web';
import { isOwnPath } from './browser/browser-client.js';
import { answerOwnPage, type OwnPagesParts, redirect } from './browser/own-pages.js';
import { decideRequest, type PersonDecision } from './browser/person-request.js';
import { type DecisionHandlers, type DecisionMaker, noRoute } from './decision.js';
import { answerForwardAuth, faultWords } from './forward-auth/forward-auth.js';
import { ownRefusal } from './own-refusal.js';
import { certificateOf, forwardedFor, readProxied } from './proxied-request.js';
import { type ReverseProxy, refuseUpgrade } from './proxy/reverse-proxy.js';
import type { GatewayRules } from './routes/rules.js';
import { sessionHeaders } from './session-headers.js';

/** The upstream was stopped when the access ended, but by now the request would pass again: it is to be sent again. */
const overtaken: Refusal = {
  status: 503,
  error: 'temporarily_unavailable',
  description: 'the access ended while the request was under way',
  headers: { 'Retry-After': '1', 'Cache-Control': 'no-store' },
};

/** RFC 9112 §3.2: with two hosts, another program could choose the other one. */
const severalHosts: Refusal = {
  status: 400,
  error: 'invalid_request',
  description: 'the request names more than one host',
  headers: { 'Cache-Control': 'no-store', Connection: 'close' },
};

const forwardAuthPath = '/forward-auth';
const noStore = { 'Cache-Control': 'no-store' };

/** The handlers behind the entrance. */
export interface EntranceParts {
  readonly rules: () => GatewayRules;
  readonly decisions: DecisionMaker;
  readonly proxy: ReverseProxy;
  /** The headers that tell upstreams the trace of a request. */
  readonly traceHeader: (message: IncomingMessage) => Readonly<Record<string, string>>;
  /** The scheme of the gateway's public address. */
  readonly publicScheme: string;
  readonly isReady: () => boolean;
  readonly onUnrouted: DecisionHandlers['onUnrouted'];
  /** A request came of which it is not known, or in doubt, what it asks for. */
  readonly onFault: (fault: string, message: IncomingMessage) => void;
}

/** A request that was understood, or the refusal of one that was not. */
type Understood = { readonly asked: AskedRequest } | { readonly refusal: Refusal };

/**
 * Every request comes in here. Requests to a host that a route sends to an upstream are passed on, whatever their path;
 * on every other host the gateway answers for itself: health, and what other proxies ask.
 */
export class Entrance {
  constructor(private readonly parts: EntranceParts) {}

  /** Answers a request. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (hasSeveralHosts(request)) return this.#refuse(response, severalHosts);
    const resource = isMetadataPath(request.url ?? '') ? this.#metadataFor(request) : undefined;
    if (resource) return answerMetadata(request, response, resource);
    if (this.#isPassedOn(request)) return this.#passOn(request, response);
    const path = pathOf(request);
    if (path === '/health/live') return answerHealth(response, true);
    if (path === '/health/ready') return answerHealth(response, this.parts.isReady());
    if (isForwardAuth(path)) return this.#answerForwardAuth(request, response);
    if (isOwnPath(path)) {
      // Another proxy sends them here from a host whose other requests it only asks about.
      const understood = this.#understand(request);
      if ('refusal' in understood) return this.#refuse(response, understood.refusal);
      const own = this.#ownPages(understood.asked);
      if (own) return answerOwnPage(request, response, understood.asked, own);
    }
    const { publicScheme: scheme, onUnrouted } = this.parts;
    onUnrouted({ scheme, host: request.headers.host ?? '', path });
    return this.#refuse(response, noRoute);
  }

  /** Answers an upgrade. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (hasSeveralHosts(request)) return this.#refuseUpgrade(request, socket, severalHosts);
    // Caddy asks about an upgrade by asking for one; all it wants is the answer.
    if (!this.#isPassedOn(request) && isForwardAuth(pathOf(request))) {
      const response = new ServerResponse(request);
      response.assignSocket(socket as Socket);
      response.shouldKeepAlive = false;
      response.once('finish', () => socket.end());
      return this.#answerForwardAuth(request, response);
    }
    const understood = this.#isPassedOn(request) ? this.#understand(request) : { refusal: noRoute };
    if ('refusal' in understood) return this.#refuseUpgrade(request, socket, understood.refusal);
    const { asked } = understood;
    const headers = { ...request.headers };
    const decision = await this.#decide(asked, request, { isUpgrade: true });
    if (decision.kind !== 'allowed')
      return this.#refuseUpgrade(request, socket, decision.kind === 'refused' ? decision.refusal : noRoute);
    if (!decision.allowed.route.upstream) return this.#refuseUpgrade(request, socket, noRoute);
    const refuse = (again: PersonDecision) =>
      this.#refuseUpgrade(request, socket, again.kind === 'refused' ? again.refusal : overtaken);
    this.parts.proxy.upgrade(request, socket, head, this.#passage(request, asked, decision), () => {
      request.headers = headers;
      this.#decide(asked, request, { isUpgrade: true }).then(refuse, () => socket.destroy());
    });
  }

  #metadataFor(request: IncomingMessage) {
    const asked = readProxied(request, this.parts.rules(), this.parts.publicScheme);
    return typeof asked === 'string' ? undefined : this.parts.decisions.metadataFor(asked);
  }

  #answerForwardAuth(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = (request.url ?? '').slice(forwardAuthPath.length);
    return answerForwardAuth(request, response, target, { ...this.parts, rules: this.parts.rules() });
  }

  #answerNo(response: ServerResponse, decision: Exclude<PersonDecision, { kind: 'allowed' }>): void {
    if (decision.kind === 'redirect') {
      redirect(response, decision.redirect.location, decision.redirect.cookies);
      return;
    }
    if (decision.cookies.length > 0) response.setHeader('Set-Cookie', [...decision.cookies]);
    this.#refuse(response, decision.refusal);
  }

  #refuse(response: ServerResponse, refusal: Refusal): void {
    answerRefusal(response, ownRefusal(refusal, response.req, this.parts.rules().forwarded.proxies));
  }

  #refuseUpgrade(request: IncomingMessage, socket: Duplex, refusal: Refusal): void {
    refuseUpgrade(socket, ownRefusal(refusal, request, this.parts.rules().forwarded.proxies));
  }

  #isPassedOn({ headers }: IncomingMessage): boolean {
    const host = headers.host?.toLowerCase();
    return host !== undefined && this.parts.decisions.passesOn(host);
  }

  async #passOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const understood = this.#understand(request);
    if ('refusal' in understood) return this.#refuse(response, understood.refusal);
    const { asked } = understood;
    const { decisions, proxy } = this.parts;
    const own = this.#ownPages(asked);
    if (own) return answerOwnPage(request, response, asked, own);
    const preflight = decisions.preflight(asked, request);
    if (preflight) {
      response.writeHead(204, preflight).end();
      return;
    }
    const headers = { ...request.headers };
    const decision = await this.#decide(asked, request);
    if (decision.kind !== 'allowed') return this.#answerNo(response, decision);
    if (!decision.allowed.route.upstream) return this.#refuse(response, noRoute);
    const outcome = await proxy.pass(request, response, this.#passage(request, asked, decision));
    if (outcome === 'passed') return;
    // Its access ended while the upstream was working. The response is that of a new request with the same token.
    request.headers = headers;
    const again = await this.#decide(asked, request);
    this.#answerNo(
      response,
      again.kind === 'allowed' ? { kind: 'refused', refusal: overtaken, cookies: again.cookies } : again,
    );
  }

  /** The parts of the gateway's own pages, if this is a request for one at a host where people are signed in. */
  #ownPages(asked: AskedRequest): OwnPagesParts | undefined {
    const { decisions, rules } = this.parts;
    const browser = isOwnPath(asked.path) ? decisions.browserOf(asked, true) : undefined;
    const verifier = browser && decisions.verifierFor(browser);
    return browser && verifier && { rules: rules(), browser, verifier, decisions };
  }

  #decide(
    asked: AskedRequest,
    request: IncomingMessage,
    options: { readonly isUpgrade?: boolean } = {},
  ): Promise<PersonDecision> {
    return decideRequest(asked, this.#asking(request), this.parts.decisions, options);
  }

  #understand(request: IncomingMessage): Understood {
    const asked = readProxied(request, this.parts.rules(), this.parts.publicScheme);
    if (typeof asked !== 'string') return { asked };
    const description = faultWords[asked];
    this.parts.onFault(description, request);
    // RFC 9110 §15.5.15.
    const status = asked === 'target_too_long' ? 414 : 400;
    return { refusal: { status, error: 'invalid_request', description, headers: noStore } };
  }

  #asking(message: IncomingMessage) {
    return { message, certificate: certificateOf(message, this.parts.rules()) };
  }

  #passage(
    request: IncomingMessage,
    asked: AskedRequest,
    { allowed, cookies }: Extract<PersonDecision, { kind: 'allowed' }>,
  ) {
    const answerHeaders = sessionHeaders(allowed.facts, allowed.now);
    const client = forwardedFor(request, this.parts.rules());
    return { asked, allowed, client, answerHeaders, cookies, more: this.parts.traceHeader(request) };
  }
}

const hasSeveralHosts = ({ rawHeaders }: IncomingMessage): boolean =>
  rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length > 1;

const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?', 1)[0]!;

const isForwardAuth = (path: string): boolean =>
  path === forwardAuthPath || path.startsWith(`${forwardAuthPath}/`);

function answerHealth(response: ServerResponse, good: boolean): void {
  const body = JSON.stringify({ status: good ? 'ok' : 'unavailable' });
  response.writeHead(good ? 200 : 503, { ...noStore, 'Content-Type': 'application/json' });
  response.end(body);
}
