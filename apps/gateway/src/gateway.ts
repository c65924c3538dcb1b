import type { IncomingMessage, RequestListener } from 'node:http';
import type { BlockList } from 'node:net';
import type { Configuration } from '@curfew/config';
import { answerRefusal } from '@curfew/resource-server';
import { HttpServer, type HttpServerOptions, serveMetrics, startTracing } from '@curfew/web';
import type { Logger } from 'pino';
import { isTrusted } from './asked/forwarded.js';
import { type DecisionHandlers, DecisionMaker } from './decision.js';
import { Entrance } from './entrance.js';
import { Metrics, outcomeOf } from './metrics/metrics.js';
import { ownRefusal, requestIdFor } from './own-refusal.js';
import { ReverseProxy } from './proxy/reverse-proxy.js';
import type { GatewayRules } from './routes/rules.js';
import { TroubleLog } from './trouble-log.js';

/** A running gateway. */
export interface Gateway {
  readonly port: number;
  /** Replaces the rules. */
  use(rules: GatewayRules): void;
  stop(): Promise<void>;
}

const failed = {
  status: 503,
  error: 'temporarily_unavailable',
  description: 'the gateway cannot decide',
  headers: { 'Cache-Control': 'no-store' },
} as const;

/** Milliseconds between two lines about requests that no route takes. */
const unroutedQuietMs = 60_000;

/** Bytes of a request's head: nginx lets clients send 32 KiB, and its questions (auth_request) carry all of it and one more address. */
const maxHeaderSize = 65_536;

/** Counts, traces and logs what is decided. */
const watching = (
  metrics: Metrics,
  tracing: Awaited<ReturnType<typeof startTracing>>,
  troubles: TroubleLog,
): Pick<DecisionHandlers, 'onTrouble' | 'onDecided'> => ({
  onTrouble: (err, api) =>
    troubles.note(`the authorization server could not be asked or followed for ${api}; it is tried again`, {
      err,
    }),
  onDecided(decision, tookMs, message) {
    metrics.decided(decision, tookMs);
    const route = decision.route?.name ?? 'none';
    const attributes = { 'curfew.route': route, 'curfew.outcome': outcomeOf(decision) };
    tracing?.describe(message, { name: `gateway ${route}`, attributes });
  },
});

/** Listens and decides by these rules until stopped. */
export async function startGateway(
  configuration: Configuration,
  first: GatewayRules,
  log: Logger,
): Promise<Gateway> {
  let rules = first;
  const state = { stopping: false, followed: false };
  const troubles = new TroubleLog(log);
  let unrouted = new TroubleLog(log, unroutedQuietMs);
  const onUnrouted: DecisionHandlers['onUnrouted'] = ({ scheme, host, path }) =>
    unrouted.note('no route is for this request', { scheme, host, path: path.slice(0, 200) });
  const tracing = await startTracing(process.env, {
    service: 'curfew-gateway',
    isTrusted: ({ socket }) => isTrusted(socket.remoteAddress, rules.forwarded.proxies),
  });
  const metrics: Metrics = new Metrics(() => decisions);
  const handlers: DecisionHandlers = { ...watching(metrics, tracing, troubles), onUnrouted };
  const decisions: DecisionMaker = new DecisionMaker(rules, handlers, configuration.listen.gateway.port);
  const proxy = new ReverseProxy(
    () => rules,
    (err) => troubles.note('an upstream did not answer', { err }),
  );
  const entrance = new Entrance({
    rules: () => rules,
    decisions,
    proxy,
    traceHeader: (message) => tracing?.parentHeader(message) ?? {},
    publicScheme: new URL(configuration.gatewayUrl).protocol.slice(0, -1),
    isReady() {
      // At the start everything must be followed; later, a gateway that answers 503 to everybody must not be sent requests.
      state.followed ||= decisions.following;
      return state.followed && decisions.deciding && !state.stopping;
    },
    onUnrouted,
    onFault: (fault, message) =>
      troubles.note(`a request could not be understood: ${fault}`, factsOf(message, rules)),
  });
  const { limits } = configuration;
  const answer = answering(entrance, log, () => rules.forwarded.proxies);
  const httpServer = serverFor(tracing?.traced(answer) ?? answer, webSockets(entrance, log), limits);
  const port = await httpServer.open(configuration.listen.gateway);
  const metricsServer = await serveMetrics(metrics.registry, configuration.listen.metrics, log);
  return {
    port,
    use(next) {
      rules = next;
      unrouted = new TroubleLog(log, unroutedQuietMs);
      decisions.use(next);
    },
    async stop() {
      state.stopping = true;
      await httpServer.drain(limits.shutdownDelayMs);
      await Promise.all([proxy.handOver(), httpServer.close(limits.shutdownGraceMs)]);
      await metricsServer?.stop();
      await decisions.close();
      await tracing?.stop();
      proxy.close();
    },
  };
}

const serverFor = (
  answer: RequestListener,
  upgrades: NonNullable<HttpServerOptions['upgrades']>,
  limits: Configuration['limits'],
) => new HttpServer(answer, { ...limits, server: { maxHeaderSize }, upgrades });

/** The facts about a request in a line of the log: its sender, and the id in its refusal. */
const factsOf = (message: IncomingMessage, { forwarded: { proxies } }: GatewayRules) => ({
  from: message.socket.remoteAddress,
  requestId: requestIdFor(message, proxies),
});

/** Whether a request wants a WebSocket (RFC 6455 §4.1), the one protocol that is passed on. */
export const wantsWebSocket = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' && /(^|,)\s*websocket\s*(,|$)/i.test(headers.upgrade ?? '');

/** Lets the entrance answer requests. */
const answering =
  (entrance: Entrance, log: Logger, proxies: () => BlockList): RequestListener =>
  (request, response) => {
    entrance.answer(request, response).catch((err: unknown) => {
      log.error({ err, requestId: requestIdFor(request, proxies()) }, 'answering a request');
      if (response.headersSent) response.destroy();
      else answerRefusal(response, ownRefusal(failed, request, proxies()));
    });
  };

/** Lets the entrance answer requests for a WebSocket. */
const webSockets = (entrance: Entrance, log: Logger): NonNullable<HttpServerOptions['upgrades']> => ({
  wants: wantsWebSocket,
  take(request, socket, head) {
    socket.on('error', () => socket.destroy());
    entrance.upgrade(request, socket, head).catch((err: unknown) => {
      log.error({ err }, 'answering an upgrade');
      socket.destroy();
    });
  },
});
