import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Listen } from '@curfew/config';
import type { Logger } from 'pino';
import { HttpServer } from './http-server.js';

/** Figures for a scrape: those of one process, or of several. */
export interface Figures {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** A private server that Prometheus scrapes. */
export interface MetricsServer {
  readonly port: number;
  stop(): Promise<void>;
}

const limits = {
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 5_000,
  sendTimeoutMs: 10_000,
  maxConnections: 20,
};

/** Serves figures; nothing where no port is configured. Rejects when the port is taken. */
export async function serveMetrics(
  figures: Figures,
  address: Listen,
  log: Logger,
): Promise<MetricsServer | undefined> {
  if (address.port === 0) return undefined;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(request.url === '/metrics' ? 405 : 404).end();
      return;
    }
    const text = await figures.metrics();
    response.writeHead(200, { 'Content-Type': figures.contentType, 'Cache-Control': 'no-store' }).end(text);
  };
  const httpServer = new HttpServer((request, response) => {
    answer(request, response).catch((err: unknown) => {
      log.warn({ err }, 'the metrics could not be read');
      // Half the figures would look like figures: none are better.
      response.writeHead(503).end();
    });
  }, limits);
  return { port: await httpServer.open(address), stop: () => httpServer.close(0) };
}
