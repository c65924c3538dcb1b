import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** The parts of a request that an upstream saw. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * An application behind a proxy: says what it saw, goes on for ever below /stream, never begins to answer below /slow,
 * breaks off below /half, has 32 MiB to say at a path that ends with /large, and echoes on a WebSocket.
 */
export interface Upstream {
  readonly url: string;
  readonly port: number;
  /** Everything it has seen. */
  readonly seen: readonly Seen[];
  /** Paths of requests whose headers have arrived; their bodies may still be on the way. */
  readonly begun: readonly string[];
  /** Paths of requests that were taken back before they were answered. */
  readonly abandoned: readonly string[];
  /** Closes connections on which nothing is asked at the moment, without a word. */
  closeIdle(): void;
  stop(): Promise<void>;
}

/** Starts one on a free port. */
export async function startUpstream(): Promise<Upstream> {
  const seen: Seen[] = [];
  const begun: string[] = [];
  const abandoned: string[] = [];
  const server = createServer((incoming, response) => {
    begun.push(incoming.url ?? '');
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(one);
      response.on('close', () => {
        if (!response.writableEnded) abandoned.push(url);
      });
      if (url === '/stream/of-known-length') response.setHeader('content-length', '1000000000');
      if (url.startsWith('/stream')) return goOn(response);
      if (url.startsWith('/slow')) return;
      if (url.startsWith('/half')) {
        response.writeHead(200, { 'content-length': '100' }).write('half of it', () => response.destroy());
        return;
      }
      if (url.endsWith('/large')) return void response.end(Buffer.alloc(32 * 1024 * 1024));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(one));
    });
  });
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket) => {
    seen.push({ method: 'GET', url: incoming.url ?? '', headers: incoming.headers, body: '' });
    if (incoming.url?.startsWith('/slow')) {
      socket.on('error', () => {}).on('close', () => abandoned.push(incoming.url!));
      socket.resume().on('end', () => socket.end());
      return;
    }
    const key = `${incoming.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on('error', () => {}).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    begun,
    abandoned,
    closeIdle: () => server.closeIdleConnections(),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function goOn(response: import('node:http').ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const timer = setInterval(() => response.write('data: on\n\n'), 20);
  response.on('close', () => clearInterval(timer));
}

/** An answer, with headers as they came. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request whose headers are not corrected by anybody: any spelling, any number. */
export function send(
  url: string,
  headers: Readonly<Record<string, string | string[]>>,
  { method = 'GET', path, body }: { method?: string; path?: string; body?: string } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, ...(path === undefined ? {} : { path }) }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Opens a WebSocket without speaking its frames; resolves with the socket, or with the status of a refusal. */
export function upgrade(url: string, headers: Readonly<Record<string, string>>): Promise<Socket | number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    });
    outgoing.on('upgrade', (_answer, socket) => resolve(socket));
    outgoing.on('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
