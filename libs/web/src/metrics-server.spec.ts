import { connect } from 'node:net';
import type { Logger } from 'pino';
import { type MetricsServer, serveMetrics } from './metrics-server.js';

let metrics: MetricsServer;
beforeAll(async () => {
  const figures = { contentType: 'text/plain', metrics: async () => 'figures 1\n' };
  metrics = (await serveMetrics(figures, { host: '127.0.0.1', port: await anyPort() }, {} as Logger))!;
});
afterAll(() => metrics.stop());

/** A port that was free a moment ago: 0 means that no figures are served. */
async function anyPort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The response, byte for byte, to a request that ends its connection. */
const answerTo = (line: string, ...headers: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const lines = [line, 'Host: x', 'Connection: close', ...headers];
    const socket = connect(metrics.port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    let text = '';
    socket.on('data', (chunk) => (text += chunk)).on('error', reject);
    socket.on('close', () => resolve(text));
  });

describe('the figures of a process', () => {
  // RFC 9110 §10.1.1: without a body there is nothing to wait for, and an expectation that is not known may be ignored.
  it.each([
    ['Expect: 100-continue'],
    ['expect: 100-Continue'],
    ['Expect: 100-continue', 'Content-Length: 0'],
    ['Expect: something-else'],
    ['Expect: 100-continue, something-else'],
    ['Expect:'],
  ])('are given whatever a scraper expects: %s', async (...headers) => {
    const answer = await answerTo('GET /metrics HTTP/1.1', ...headers);
    expect(answer).toMatch(/^(HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 200 OK\r\n[\s\S]*figures 1/);
  });

  it.each([
    ['GET /', 404],
    ['GET /metrics/', 404],
    ['GET /metrics?x=1', 404],
    ['POST /metrics', 405],
    ['HEAD /metrics', 405],
  ])('are no answer to %s, which is %d, also with an expectation', async (line, status) => {
    const answer = await answerTo(`${line} HTTP/1.1`, 'Expect: something-else', 'Content-Length: 0');
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).not.toContain('figures');
  });
});
