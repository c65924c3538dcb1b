import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type FeedMessage,
  type FollowerWord,
  type SessionFeed,
  TooManyFollowers,
  UnknownFollower,
} from '@curfew/events';
import { answerJson, malformedBody, ProblemError, readJson, requireMethod, sendProblem } from '@curfew/web';
import type { FollowerAuthentication } from './follower-authentication.js';

/** Bytes a follower may be behind before it is let go: it comes back and resumes, or forgets. */
const maxUnread = 4 * 1024 * 1024;
/** Bytes of an acknowledgement. */
const maxAcknowledgementBytes = 64 * 1024;

/** Serves the session feed as server-sent events (HTML Living Standard §9.2). */
export class FeedEndpoint {
  readonly #open = new Set<ServerResponse>();
  #isLeaving = false;

  constructor(
    private readonly feed: SessionFeed,
    private readonly authentication: FollowerAuthentication,
  ) {}

  /** Answers `GET /session-feed` and goes on answering until the follower leaves or falls behind. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requireMethod(request, 'GET');
    const { id: clientId } = await this.authentication.of(request);
    // Before its load balancer has noticed, a follower that was sent away may be led here again.
    if (this.#isLeaving) return sendProblem(response, stopping, (request as { id?: string }).id);
    const from = request.headers['last-event-id'];
    const write = (message: FeedMessage): boolean => {
      if (!response.headersSent) begin(response, this.feed.name);
      response.write(asEvent(message));
      if (response.writableLength <= maxUnread) return true;
      response.destroy();
      return false;
    };
    const position = typeof from === 'string' && from ? from : undefined;
    const unfollow = await this.feed.follow(write, position, clientId).catch((error: unknown) => {
      throw error instanceof TooManyFollowers ? tooMany(error) : error;
    });
    // A follower that left while it was let in closes no second time.
    if (response.closed) return unfollow();
    this.#open.add(response);
    response.once('close', () => {
      unfollow();
      this.#open.delete(response);
    });
  }

  /** Answers `POST /session-feed/acknowledgements`: the follower is alive, and learns what time it is here. */
  async acknowledge(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requireMethod(request, 'POST');
    const { id: clientId } = await this.authentication.of(request);
    const word = { ...wordOf(await readJson(request, maxAcknowledgementBytes)), clientId };
    const at = await this.feed.acknowledge(word).catch((error: unknown) => {
      throw error instanceof UnknownFollower ? followerGone : error;
    });
    answerJson(response, { at });
  }

  /** Sends every follower to another node with its position, takes no more of them, and ends the streams of those that stay. */
  async handOver(): Promise<void> {
    this.#isLeaving = true;
    await this.feed.handOver();
    this.close();
  }

  /** Ends every stream. */
  close(): void {
    for (const response of this.#open) response.end();
  }
}

const stopping = new ProblemError({
  status: 503,
  code: 'stopping',
  title: 'This node stops',
  detail: 'Follow the session feed at another node of the issuer.',
  retryAfter: 1,
});

const tooMany = ({ limit }: TooManyFollowers) =>
  new ProblemError({
    status: 429,
    code: 'too_many_followers',
    title: 'This client follows with too many connections',
    detail: `A client may have ${limit} session feeds open at one node; each instance of an API needs one.`,
    retryAfter: 2,
  });

const followerGone = new ProblemError({
  status: 410,
  code: 'follower_gone',
  title: 'No node serves this follower',
  detail: 'Trust nothing that was remembered, and open the session feed anew: it names the follower again.',
});

/** The number of confirmations and probes in one acknowledgement. */
const maxDone = 100;

function wordOf(body: unknown): FollowerWord {
  const { follower, done, left } = (body ?? {}) as Partial<Record<'follower' | 'done' | 'left', unknown>>;
  if (typeof follower !== 'string' || !isId(follower) || !Array.isArray(done) || done.length > maxDone)
    throw malformedBody(`follower must be an id, and done a list of at most ${maxDone} ids`);
  if (!done.every((id): id is string => typeof id === 'string' && isId(id)))
    throw malformedBody('done must list ids');
  if (left !== undefined && typeof left !== 'boolean') throw malformedBody('left must be true or false');
  return { follower, done, ...(left === true && { left }) };
}

const isId = (text: string): boolean => /^[0-9a-f-]{36}$/.test(text);

/** The header that names the node of a stream, in its answer and in the acknowledgements that should reach it. */
const nodeHeader = 'Session-Feed-Node';

function begin(response: ServerResponse, node: string): void {
  response.socket?.setNoDelay(true);
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    [nodeHeader]: node,
    // Proxies on the way must hand on what they get at once.
    'X-Accel-Buffering': 'no',
  });
}

function asEvent(message: FeedMessage): string {
  switch (message.kind) {
    case 'beat':
      return `event: beat\nid: ${message.position}\ndata: ${JSON.stringify({ at: message.at })}\n\n`;
    case 'ends':
      return `event: ends\ndata: ${JSON.stringify(message.ends)}\n\n`;
    case 'resync':
      return 'event: resync\ndata: {}\n\n';
    case 'elsewhere':
      return `event: elsewhere\nid: ${message.position}\nretry: 0\ndata: {}\n\n`;
    case 'hello':
      return `event: hello\ndata: ${JSON.stringify({ id: message.id, node: message.node })}\n\n`;
    case 'probe':
    case 'confirm':
      return `event: ${message.kind}\ndata: ${JSON.stringify({ id: message.id })}\n\n`;
  }
}
