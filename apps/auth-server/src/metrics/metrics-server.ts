import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Listen, listenerLimits } from '@curfew/config';
import type { Logger } from 'pino';

/** What can be scraped: one process's figures, or those of several. */
export interface Figures {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** A private listener that Prometheus scrapes. */
export interface MetricsServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Serves figures; nothing where no port is configured. Rejects when the port is taken. */
export async function serveMetrics(
  figures: Figures,
  { host, port }: Listen,
  log: Logger,
): Promise<MetricsServer | undefined> {
  if (port === 0) return undefined;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(request.url === '/metrics' ? 405 : 404).end();
      return;
    }
    const text = await figures.metrics();
    response.writeHead(200, { 'Content-Type': figures.contentType, 'Cache-Control': 'no-store' }).end(text);
  };
  const server = createServer(
    listenerLimits({ headersTimeoutMs: 5_000, requestTimeoutMs: 5_000 }),
    (request, response) => {
      answer(request, response).catch((err: unknown) => {
        log.warn({ err }, 'the metrics could not be read');
        // Half the figures would look like figures: none are better.
        response.writeHead(503).end();
      });
    },
  );
  server.maxConnections = 20;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
