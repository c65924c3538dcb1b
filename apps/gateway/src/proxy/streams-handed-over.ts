import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { closeFrame, FrameBoundaries } from './frame-boundaries.js';

/** Milliseconds in which streams may end in good order when the gateway stops. */
const farewellMs = 1_000;
/** Clients of event streams come back within this, each after another while. Milliseconds. */
const comeBackWithinMs = 250;

/** "Service restart": connect again (IANA, WebSocket Close Code Number Registry). */
const serviceRestart = 1012;

interface Stream {
  readonly client: Duplex | ServerResponse;
  readonly leave: () => void;
}

/**
 * Streams that end when no request does: WebSockets and server-sent events. A gateway that stops ends each of them where something is
 * complete, in the way that has its client connect anew at once: to another gateway, which its load balancer chooses.
 */
export class StreamsHandedOver {
  readonly #streams = new Set<Stream>();
  #isLeaving = false;

  /** Takes a WebSocket that was opened, before anything has been read from its upstream. */
  webSocket(client: Duplex, upstream: Duplex): void {
    // A client that has left closes no second time: it would stay here, and its upstream open.
    if (client.destroyed) {
      upstream.destroy();
      return;
    }
    const frames = new FrameBoundaries();
    upstream.unpipe(client);
    upstream.pipe(frames).pipe(client);
    // The client answers with a frame of the same kind, which goes on to the upstream and closes that side as well.
    this.#take({ client, leave: () => frames.close(closeFrame(serviceRestart)) });
  }

  /** Takes an answer of the upstream if it is a stream of events (HTML Living Standard §9.2). */
  answer(answer: IncomingMessage, client: ServerResponse, overtake: () => void): void {
    if (!/^text\/event-stream\b/i.test(answer.headers['content-type'] ?? '')) return;
    if (client.destroyed) {
      answer.destroy();
      return;
    }
    const isPlain = (answer.headers['content-encoding'] ?? 'identity') === 'identity';
    let tail = '\n\n';
    answer.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.subarray(-4).toString('latin1')).slice(-4);
    });
    this.#take({
      client,
      leave() {
        overtake();
        answer.unpipe(client);
        // The client has the position of the last event that it got whole, and forgets half a one.
        const isBetween = isPlain && /(\n\n|\r\r|\r\n\r\n)$/.test(tail);
        client.end(isBetween ? `retry: ${Math.ceil(Math.random() * comeBackWithinMs)}\n\n` : undefined);
        answer.destroy();
      },
    });
  }

  /** Ends all of them; resolves when they have ended, at the latest after a second. */
  async handOver(): Promise<void> {
    this.#isLeaving = true;
    for (const { leave } of this.#streams) leave();
    const closed = [...this.#streams].map(
      ({ client }) => new Promise<void>((resolve) => client.once('close', () => resolve())),
    );
    await Promise.race([Promise.all(closed), pause(farewellMs, undefined, { ref: false })]);
    for (const { client } of this.#streams) client.destroy();
  }

  #take(stream: Stream): void {
    this.#streams.add(stream);
    stream.client.once('close', () => this.#streams.delete(stream));
    if (this.#isLeaving) stream.leave();
  }
}
