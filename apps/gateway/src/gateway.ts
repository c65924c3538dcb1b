import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Configuration } from '@curfew/config';
import type { Logger } from 'pino';
import { DecisionMaker } from './decision.js';
import { answerForwardAuth, answerRefusal } from './forward-auth/forward-auth.js';
import type { GatewayRules } from './routes/rules.js';

/** A running gateway. */
export interface Gateway {
  readonly port: number;
  stop(): Promise<void>;
}

const forwardAuthPath = '/forward-auth';

/** Listens and decides by these rules until stopped. */
export async function startGateway(
  configuration: Configuration,
  rules: GatewayRules,
  log: Logger,
): Promise<Gateway> {
  const decisions = new DecisionMaker(rules, (err, api) =>
    log.warn({ err, api }, 'the authorization server could not be asked; it is tried again'),
  );
  const state = { stopping: false, followed: false };
  const server = createServer(
    {
      headersTimeout: configuration.limits.headersTimeoutMs,
      requestTimeout: configuration.limits.requestTimeoutMs,
      keepAliveTimeout: 65_000,
    },
    (request, response) => {
      answer(request, response).catch((err: unknown) => {
        log.error({ err }, 'answering a request');
        if (response.headersSent) response.destroy();
        else answerRefusal(request, response, failed);
      });
    },
  );
  server.maxConnections = configuration.limits.maxConnections;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '/';
    const path = url.split('?', 1)[0]!;
    if (path === '/health/live') return answerHealth(response, true);
    if (path === '/health/ready') {
      state.followed ||= decisions.following;
      return answerHealth(response, state.followed && !state.stopping);
    }
    if (path === forwardAuthPath || path.startsWith(`${forwardAuthPath}/`))
      return answerForwardAuth(
        request,
        response,
        url.slice(forwardAuthPath.length),
        rules.forwarded,
        decisions,
      );
    return answerRefusal(request, response, nothingHere);
  }

  const port = await open(server, configuration.listen.gateway);
  return {
    port,
    async stop() {
      state.stopping = true;
      await close(server, configuration.limits.shutdownGraceMs);
      await decisions.close();
    },
  };
}

const noStore = { 'Cache-Control': 'no-store' };
const failed = {
  status: 503,
  error: 'temporarily_unavailable',
  description: 'the gateway cannot decide',
  headers: noStore,
} as const;
const nothingHere = {
  status: 403,
  error: undefined,
  description: 'no route leads there',
  headers: noStore,
} as const;

function answerHealth(response: ServerResponse, good: boolean): void {
  const body = JSON.stringify({ status: good ? 'ok' : 'unavailable' });
  response.writeHead(good ? 200 : 503, { ...noStore, 'Content-Type': 'application/json' });
  response.end(body);
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

/** Takes no more connections and lets the requests under way finish, but not for ever. */
async function close(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(late);
}
