/*
 * The HTTP server of every process, and the limits within which it takes anything from a client: connections, time, the length of a body.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Listen } from '@curfew/config';
import { type ExpressApplication, messagesOf } from './express-messages.js';
import { ignoreUpgrade } from './ignored-upgrade.js';

/** The limits of an HTTP server. */
export interface HttpServerOptions {
  /** Milliseconds a client may take for the head of a request, and for all of it. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Milliseconds in which a client may read nothing of what waits for it. */
  readonly sendTimeoutMs: number;
  /** A connection beyond this many is closed. */
  readonly maxConnections: number;
  /** The Express application that answers behind `handle`, if there is one. */
  readonly application?: ExpressApplication;
  /** Further options of Node's server, such as how long a request's head may be. */
  readonly server?: ServerOptions;
  /** The requests for another protocol (RFC 9110 §7.8) that are taken, and how. Every other one is answered as if it had not asked for it. */
  readonly upgrades?: {
    readonly wants: (request: IncomingMessage) => boolean;
    readonly take: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  };
}

/** An HTTP server with its limits, opened and closed the same way in every process. */
export class HttpServer {
  readonly server: Server;
  readonly #connections = new Set<Socket>();
  #isLeaving = false;
  /** The answer to the last request of a connection, until it has left. */
  readonly #latest = new WeakMap<Duplex, ServerResponse>();
  /** How many bytes the client of a connection has taken, and since when it is that many. */
  readonly #progress = new WeakMap<Socket, { readonly taken: number; readonly at: number }>();

  constructor(
    handle: RequestListener,
    {
      headersTimeoutMs,
      requestTimeoutMs,
      sendTimeoutMs,
      maxConnections,
      application,
      server,
      upgrades,
    }: HttpServerOptions,
  ) {
    this.server = createServer(
      {
        headersTimeout: headersTimeoutMs,
        requestTimeout: requestTimeoutMs,
        keepAliveTimeout: 65_000,
        // Node looks for slow clients every half minute by default, which would be the real limit then.
        connectionsCheckingInterval: 1_000,
        ...(application && messagesOf(application)),
        ...server,
      },
      handle,
    );
    // Node answers an unknown expectation with 417 before the request is seen: without its id, without the headers that every answer
    // has, and without a line in the log. It is answered like any other request (RFC 9110 §10.1.1).
    this.server.on('checkExpectation', (request, response) => this.server.emit('request', request, response));
    const latest = this.#latest;
    // An answer holds its request and all that was read for it, and a connection may wait for the next one for over a minute. One function
    // for all of them: a refresh pays for each that is made.
    function letGo(this: ServerResponse): void {
      if (latest.get(this.req.socket) === this) latest.delete(this.req.socket);
    }
    this.server.on('request', ({ socket }, response) => {
      this.#latest.set(socket, response);
      response.on('close', letGo);
      if (this.#isLeaving) response.shouldKeepAlive = false;
    });
    this.server.on('upgrade', (request, socket, head) => {
      if (upgrades?.wants(request)) upgrades.take(request, socket, head);
      else ignoreUpgrade(this.server, request, socket, head, this.#latest.get(socket));
    });
    this.server.on('connection', (socket) => this.#admit(socket, maxConnections));
    const looking = setInterval(() => this.#closeUnread(sendTimeoutMs), sendTimeoutMs / 4).unref();
    this.server.once('close', () => clearInterval(looking));
  }

  /** Listens; resolves with the port, or rejects when the address cannot be had. */
  open({ host, port }: Listen): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  /**
   * From now on each answer closes its connection (RFC 9112 §9.6), while requests are still taken for `delayMs`: a load balancer that sees an
   * unready process leaves it, and no request is cut.
   */
  async drain(delayMs: number): Promise<void> {
    this.#isLeaving = true;
    for (const socket of this.#connections) {
      const latest = this.#latest.get(socket);
      if (latest && !latest.headersSent) latest.shouldKeepAlive = false;
    }
    if (delayMs > 0) await pause(delayMs);
  }

  /**
   * Takes no more connections and lets the requests under way finish for `graceMs`; then it closes every connection, also those that
   * were upgraded, for which Node waits without counting them among its own. A connection on which nothing has come yet, such as a
   * client opens in advance, is closed at once: Node takes it for busy, so one of them would use up the whole time. A client that had
   * just begun to write asks again elsewhere, as after every connection that is closed between two requests (RFC 9112 §9.3.1).
   */
  async close(graceMs: number): Promise<void> {
    await this.drain(0);
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    for (const socket of this.#connections) if (socket.bytesRead === 0) socket.destroy();
    const late = setTimeout(() => {
      for (const socket of this.#connections) socket.destroy();
    }, graceMs);
    await closed;
    clearTimeout(late);
  }

  /**
   * Closes connections on which bytes wait for a client that takes none. Bytes from the client do not count: an empty line now and then
   * would keep its connection for ever.
   */
  #closeUnread(sendTimeoutMs: number): void {
    const now = performance.now();
    for (const socket of this.#connections) {
      const taken = socket.bytesWritten - socket.writableLength;
      const progress = this.#progress.get(socket);
      if (socket.writableLength === 0 || progress?.taken !== taken)
        this.#progress.set(socket, { taken, at: now });
      else if (now - progress.at >= sendTimeoutMs) socket.destroy();
    }
  }

  /**
   * Node's own `maxConnections` does not work here: when several workers share a port, Node hands a connection that one of them refuses
   * to the next, and when all are full it hands it around without a pause.
   */
  #admit(socket: Socket, maxConnections: number): void {
    // A request that is read again after an ignored upgrade announces a connection that was admitted before.
    if (this.#connections.has(socket)) return;
    if (this.#connections.size >= maxConnections) {
      socket.destroy();
      return;
    }
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
  }
}

/**
 * The body of a request, or undefined where it is longer than `maxBytes`. Reading leaves the connection as it is, so that a refusal
 * still reaches the client. Rejects when the request breaks off.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      // The rest is let go, not kept.
      if (bytes <= maxBytes) chunks.push(chunk);
      else resolve(undefined);
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
  });
}
