import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  answerDespiteExpectations,
  type Configuration,
  listenerLimits,
  unaskedConnections,
} from '@curfew/config';
import { answerRefusal } from '@curfew/resource-server';
import type { Logger } from 'pino';
import { isTrusted } from './asked/forwarded.js';
import { type DecisionHandlers, DecisionMaker } from './decision.js';
import { Entrance } from './entrance.js';
import { ignoreUpgrade, wantsWebSocket } from './ignored-upgrade.js';
import { Metrics } from './metrics/metrics.js';
import { serveMetrics } from './metrics/metrics-server.js';
import { startTracing } from './metrics/tracing.js';
import { ReverseProxy } from './proxy/reverse-proxy.js';
import type { GatewayRules } from './routes/rules.js';
import { TroubleLog } from './trouble-log.js';

/** A running gateway. */
export interface Gateway {
  readonly port: number;
  /** Goes by other rules from now on. */
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

/** Bytes of a request's head: nginx lets clients send 32 KiB, and asks with all of it and an address of its own. */
const maxHeaderSize = 65_536;

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
  const tracing = await startTracing(process.env, ({ socket }) =>
    isTrusted(socket.remoteAddress, rules.forwarded.proxies),
  );
  const metrics: Metrics = new Metrics(() => decisions);
  const handlers: DecisionHandlers = {
    onTrouble: (err, api) =>
      troubles.note(`the authorization server could not be asked or followed for ${api}; it is tried again`, {
        err,
      }),
    onUnrouted,
    onDecided(decision, tookMs, message) {
      metrics.decided(decision, tookMs);
      tracing?.decided(message, decision);
    },
  };
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
    onFault: (fault, { socket }) =>
      troubles.note(`a request could not be understood: ${fault}`, { from: socket.remoteAddress }),
  });
  const latest = new WeakMap<Duplex, ServerResponse>();
  const answer = answering(entrance, latest, log);
  const { limits } = configuration;
  const server = createServer(
    { ...listenerLimits(limits), maxHeaderSize },
    tracing?.traced(answer) ?? answer,
  );
  const upgraded = takeUpgrades(server, entrance, latest, log);
  answerDespiteExpectations(server);
  server.maxConnections = limits.maxConnections;
  const closeUnasked = unaskedConnections(server);
  const port = await open(server, configuration.listen.gateway);
  const metricsServer = await serveMetrics(metrics.registry, configuration.listen.metrics);
  return {
    port,
    use(next) {
      rules = next;
      unrouted = new TroubleLog(log, unroutedQuietMs);
      decisions.use(next);
    },
    async stop() {
      state.stopping = true;
      await close(server, upgraded, closeUnasked, limits.shutdownGraceMs);
      await metricsServer?.stop();
      await decisions.close();
      await tracing?.stop();
      proxy.close();
    },
  };
}

/** Lets the entrance answer requests; `latest` is told which answer is the last one of a connection. */
const answering =
  (entrance: Entrance, latest: WeakMap<Duplex, ServerResponse>, log: Logger): RequestListener =>
  (request, response) => {
    latest.set(request.socket, response);
    entrance.answer(request, response).catch((err: unknown) => {
      log.error({ err }, 'answering a request');
      if (response.headersSent) response.destroy();
      else answerRefusal(response, failed);
    });
  };

/** Lets the entrance answer upgrades; the connections that were upgraded and are still there. */
function takeUpgrades(
  server: Server,
  entrance: Entrance,
  latest: WeakMap<Duplex, ServerResponse>,
  log: Logger,
): ReadonlySet<Duplex> {
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (request, socket, head) => {
    if (!wantsWebSocket(request)) {
      ignoreUpgrade(server, request, socket, head, latest.get(socket));
      return;
    }
    upgraded.add(socket);
    socket.on('error', () => socket.destroy()).once('close', () => upgraded.delete(socket));
    entrance.upgrade(request, socket, head).catch((err: unknown) => {
      log.error({ err }, 'answering an upgrade');
      socket.destroy();
    });
  });
  return upgraded;
}

function open(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

/** Takes no more connections and lets the requests under way finish, but not for ever; what was upgraded never does by itself. */
async function close(
  server: Server,
  upgraded: ReadonlySet<Duplex>,
  closeUnasked: () => void,
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  closeUnasked();
  const late = setTimeout(() => {
    server.closeAllConnections();
    // Node does not count these among its connections, and waits for them all the same.
    for (const socket of upgraded) socket.destroy();
  }, graceMs);
  await closed;
  clearTimeout(late);
}
