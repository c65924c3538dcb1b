import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Listen, listenerLimits } from '@curfew/config';
import type { Registry } from 'prom-client';

/** A private listener that Prometheus scrapes. */
export interface MetricsServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Serves the metrics of this process; nothing where no port is configured. Rejects when the port is taken. */
export async function serveMetrics(
  registry: Registry,
  { host, port }: Listen,
): Promise<MetricsServer | undefined> {
  if (port === 0) return undefined;
  const server = createServer(
    listenerLimits({ headersTimeoutMs: 5_000, requestTimeoutMs: 5_000 }),
    (request, response) => {
      if (request.method !== 'GET' || request.url !== '/metrics') {
        response.writeHead(404).end();
        return;
      }
      registry.metrics().then(
        (text) => response.writeHead(200, { 'Content-Type': registry.contentType }).end(text),
        () => response.writeHead(503).end(),
      );
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
