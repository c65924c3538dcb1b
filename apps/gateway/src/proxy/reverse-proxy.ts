import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, ServerResponse } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Refusal, refusalBody } from '@curfew/resource-server';
import type { AskedRequest } from '@curfew/web';
import { createProxyServer, type ProxyServer } from 'http-proxy-3';
import type { Allowed } from '../decision.js';
import { identityHeaders } from '../identity-headers.js';
import type { GatewayRules } from '../routes/rules.js';
import { isChunked, outgoingHeaders, removeHopByHop } from './outgoing-headers.js';
import { giveUpOnSilence } from './silent-upstream.js';
import { StreamsHandedOver } from './streams-handed-over.js';

/** Milliseconds an upstream may take until it begins to answer. */
const patienceMs = 60_000;

/** A request that may pass: its client, the decision, and the headers to add in both directions. */
export interface Passage {
  readonly asked: AskedRequest;
  readonly allowed: Allowed;
  /** The address the request came from. */
  readonly client: string;
  /** Headers added to the upstream's response. */
  readonly answerHeaders: Readonly<Record<string, string>>;
  /** Headers that the upstream gets besides, lower case. */
  readonly more: Readonly<Record<string, string>>;
  /** `Set-Cookie` values that go with the upstream's own. */
  readonly cookies: readonly string[];
}

/** Methods that may be sent a second time when the upstream was just closing the connection. */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** A request on its way to its upstream. */
interface UnderWay {
  readonly target: URL;
  /** As it was decided on, below the upstream's own path. */
  readonly path: string;
  readonly chunked: boolean;
  readonly cookies: readonly string[];
  sent?: ClientRequest;
  /** The upstream has no say any more. */
  overtaken?: true;
}

/** Milliseconds an idle connection is kept; many servers close theirs after two seconds or more. */
const keptMs = 1_500;

/** Passes requests that were allowed on to their upstream, and cuts what goes on when its session ends. */
export class ReverseProxy {
  readonly #proxy: ProxyServer;
  readonly #underWay = new WeakMap<IncomingMessage, UnderWay>();
  readonly #streams = new StreamsHandedOver();
  readonly #agents = {
    'http:': new HttpAgent({ keepAlive: true, timeout: keptMs }),
    'https:': new HttpsAgent({ keepAlive: true, timeout: keptMs }),
  };

  constructor(
    private readonly rules: () => Pick<GatewayRules, 'clientCertificateHeader' | 'removedHeaders'>,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.#proxy = createProxyServer({ xfwd: false, changeOrigin: false, proxyTimeout: patienceMs });
    this.#proxy.on('proxyReq', (outgoing, request) => this.#send(outgoing, request));
    this.#proxy.on('proxyReqWs', (outgoing, request, socket) => {
      this.#send(outgoing, request);
      // The library connects both sides in the same turn of the event loop, and nothing flows before the next.
      outgoing.once('upgrade', (_, upstream) =>
        process.nextTick(() => this.#streams.webSocket(socket, upstream)),
      );
      giveUpOnSilence(outgoing, patienceMs);
    });
    this.#proxy.on('proxyRes', (answer, request, response) => this.#takeAnswer(answer, request, response));
    this.#proxy.on('error', (error, request, response) => {
      const { overtaken } = this.#underWay.get(request) ?? {};
      if (overtaken || this.#sentAgain(error, request, response)) return;
      this.onFailure(error);
      if (response instanceof ServerResponse) answerBadGateway(response);
      else (response as Socket | undefined)?.destroy();
    });
  }

  /** The library would normalise the path, and give a DELETE with a body in pieces the length 0. */
  #send(outgoing: ClientRequest, request: IncomingMessage): void {
    const underWay = this.#underWay.get(request);
    if (!underWay || underWay.overtaken) {
      outgoing.destroy();
      return;
    }
    underWay.sent = outgoing;
    outgoing.path = underWay.path;
    if (!underWay.chunked) return;
    outgoing.removeHeader('content-length');
    outgoing.setHeader('transfer-encoding', 'chunked');
  }

  #takeAnswer(answer: IncomingMessage, request: IncomingMessage, response: ServerResponse): void {
    const { cookies = [] } = this.#underWay.get(request) ?? {};
    removeHopByHop(answer.headers);
    // The library says of our connection what the request says.
    request.headers.connection = response.shouldKeepAlive ? 'keep-alive' : 'close';
    if (cookies.length > 0) {
      answer.headers['set-cookie'] = [...(answer.headers['set-cookie'] ?? []), ...cookies];
      // No cache on the way may hand these cookies to somebody else, whatever the upstream's headers allow.
      answer.headers['cache-control'] = 'no-store';
    }
    // A response that has begun may pause for any time. A response that breaks off must neither look complete nor wait for ever.
    answer.socket.setTimeout(0);
    this.#streams.answer(answer, response, () => {
      const underWay = this.#underWay.get(request);
      if (underWay) underWay.overtaken = true;
    });
    answer.once('close', () => {
      if (!answer.complete && !this.#underWay.get(request)?.overtaken) response.destroy();
    });
  }

  /** Sends what was lost with a kept connection once more on a new one (RFC 9110 §9.2.2, RFC 9112 §9.3.1). */
  #sentAgain(error: NodeJS.ErrnoException, request: IncomingMessage, response: unknown): boolean {
    const underWay = this.#underWay.get(request);
    if (!(response instanceof ServerResponse) || response.headersSent || !underWay?.sent?.reusedSocket)
      return false;
    const hasBody = underWay.chunked || Number(request.headers['content-length'] ?? 0) > 0;
    if (error.code !== 'ECONNRESET' || hasBody || !idempotent.has(request.method ?? '')) return false;
    this.#proxy.web(request, response, { target: underWay.target });
    return true;
  }

  /**
   * Passes a request on and its answer back. Resolves with `over` when the access ended before anything of the answer
   * was sent: the upstream is stopped then, and somebody else must answer. Half an answer must not look like a whole one:
   * there the connection breaks.
   */
  pass(request: IncomingMessage, response: ServerResponse, passage: Passage): Promise<'passed' | 'over'> {
    const target = this.#prepare(request, passage);
    for (const [name, value] of Object.entries(passage.answerHeaders)) response.setHeader(name, value);
    return new Promise((resolve) => {
      const unwatch = passage.allowed.watch(() => {
        if (!response.headersSent) {
          this.#stop(request);
          clearAnswer(request, response);
          resolve('over');
          return;
        }
        response.destroy();
        request.destroy();
      });
      response.once('close', () => {
        unwatch();
        resolve('passed');
      });
      this.#proxy.web(request, response, {
        target,
        agent: this.#agents[target.protocol as 'http:' | 'https:'],
      });
    });
  }

  /**
   * Passes an upgrade on (RFC 9110 §7.8) and cuts both ways when the access ends; `onOver` is called instead when nothing
   * of an answer was sent yet.
   */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    passage: Passage,
    onOver: () => void,
  ): void {
    const target = this.#prepare(request, passage);
    request.headers.connection = 'upgrade';
    request.headers.upgrade = 'websocket';
    const before = (socket as Socket).bytesWritten;
    const unwatch = passage.allowed.watch(() => {
      if ((socket as Socket).bytesWritten === before) {
        this.#stop(request);
        onOver();
      } else socket.destroy();
    });
    socket.once('close', unwatch);
    this.#proxy.ws(request, socket as Socket, head, { target });
  }

  #stop(request: IncomingMessage): void {
    const underWay = this.#underWay.get(request);
    if (underWay) underWay.overtaken = true;
    const outgoing = underWay?.sent;
    // The library's own error handling would close the client's connection as well.
    outgoing?.removeAllListeners('error').on('error', () => {});
    outgoing?.destroy();
  }

  #prepare(request: IncomingMessage, { asked, allowed, client, more, cookies }: Passage): URL {
    const { upstream, passToken } = allowed.route;
    const { clientCertificateHeader, removedHeaders } = this.rules();
    const added = {
      'X-Forwarded-For': client,
      'X-Forwarded-Proto': asked.scheme,
      'X-Forwarded-Host': asked.host,
      Host: asked.host,
      ...identityHeaders(allowed.facts),
      ...more,
    };
    const chunked = isChunked(request.headers);
    request.headers = outgoingHeaders(request.headers, added, {
      passToken,
      ownCookies: allowed.ownCookies,
      removed: clientCertificateHeader ? [...removedHeaders, clientCertificateHeader] : removedHeaders,
    });
    if (chunked) request.headers['transfer-encoding'] = 'chunked';
    const target = upstream!;
    const path = `${target.pathname.replace(/\/$/, '')}${asked.path}${asked.query}`;
    this.#underWay.set(request, { target, path, chunked, cookies });
    return target;
  }

  /** Ends WebSockets and streams of events, so that their clients connect anew, to another gateway. */
  handOver(): Promise<void> {
    return this.#streams.handOver();
  }

  /** Ends idle connections to upstreams. */
  close(): void {
    this.#proxy.close();
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }
}

/** Takes back what was prepared for an answer of the upstream, and lets go of the rest of the request. */
function clearAnswer(request: IncomingMessage, response: ServerResponse): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.statusMessage = '';
  if (request.complete) return;
  request.unpipe();
  request.resume();
  response.setHeader('Connection', 'close');
}

function answerBadGateway(response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify({ error: 'bad_gateway', error_description: 'the upstream did not answer' });
  response.writeHead(502, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(body);
}

/** Refuses an upgrade: the socket has no response object yet. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const body = refusalBody(refusal);
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...refusal.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${refusal.status} Refused\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}
