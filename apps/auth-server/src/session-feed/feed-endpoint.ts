import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@curfew/clock';
import type { FeedMessage, SessionFeed } from '@curfew/events';
import type { FollowerAuthentication } from './follower-authentication.js';
import { answerJson, readJson, requireMethod } from './json-exchange.js';

/** Bytes a follower may be behind before it is let go: it comes back and resumes, or forgets. */
const mostUnread = 4 * 1024 * 1024;
/** Bytes of an acknowledgement. */
const mostAcknowledged = 64 * 1024;

/** Serves the session feed as server-sent events (HTML Living Standard §9.2). */
export class FeedEndpoint {
  readonly #open = new Set<ServerResponse>();

  constructor(
    private readonly feed: SessionFeed,
    private readonly authentication: FollowerAuthentication,
    private readonly clock: Clock,
  ) {}

  /** Answers `GET /session-feed` and goes on answering until the follower leaves or falls behind. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requireMethod(request, 'GET');
    await this.authentication.of(request);
    const from = request.headers['last-event-id'];
    const write = (message: FeedMessage): boolean => {
      if (!response.headersSent) begin(response, randomUUID());
      response.write(asEvent(message));
      if (response.writableLength <= mostUnread) return true;
      response.destroy();
      return false;
    };
    const unfollow = await this.feed.follow(write, typeof from === 'string' && from ? from : undefined);
    this.#open.add(response);
    response.once('close', () => {
      unfollow();
      this.#open.delete(response);
    });
    if (response.closed) unfollow();
  }

  /** Answers `POST /session-feed/acknowledgements`: the follower is alive, and learns what time it is here. */
  async acknowledge(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requireMethod(request, 'POST');
    await this.authentication.of(request);
    await readJson(request, mostAcknowledged);
    answerJson(response, { at: this.clock.now() });
  }

  /** Lets every follower go, so that they find another node. */
  close(): void {
    for (const response of this.#open) response.end();
  }
}

function begin(response: ServerResponse, id: string): void {
  response.socket?.setNoDelay(true);
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    // Proxies on the way must hand on what they get at once.
    'X-Accel-Buffering': 'no',
  });
  response.write(`event: hello\ndata: ${JSON.stringify({ id })}\n\n`);
}

function asEvent(message: FeedMessage): string {
  switch (message.kind) {
    case 'beat':
      return `event: beat\nid: ${message.position}\ndata: ${JSON.stringify({ at: message.at })}\n\n`;
    case 'ends':
      return `event: ends\ndata: ${JSON.stringify(message.ends)}\n\n`;
    case 'resync':
      return 'event: resync\ndata: {}\n\n';
  }
}
