import { clientBasic } from '../client-basic.js';
import { type Acknowledgement, type FeedConnection, FollowerForgotten } from '../feed/follower.js';
import { type ServerClock, steadyNow } from '../server-clock.js';

/** Nobody can say at the moment whether a token is good. */
export class AuthorizationServerUnavailable extends Error {
  override readonly name = 'AuthorizationServerUnavailable';
  /** The status of its answer, where there was one. */
  readonly status: number | undefined;

  constructor(message?: string, options?: ErrorOptions & { readonly status?: number }) {
    super(message, options);
    this.status = options?.status;
  }
}

const gone = 410;

/** How the authorization server is reached. */
export interface ServerAddress {
  /** The issuer identifier; everything is below it. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  /** Gets an access token of the client's own, where it has no secret. */
  readonly clientToken: (() => Promise<string>) | undefined;
  /** Milliseconds an answer may take. */
  readonly timeoutMs: number;
}

/** One question: a token, and whether asking counts as use of its session. */
export interface Question {
  readonly token: string;
  readonly touch: boolean;
}

/** The authorization server as this program asks it: with its own credentials, patiently to a bound. */
export class AuthorizationServer implements FeedConnection {
  readonly #authorization: () => Promise<string>;

  constructor(
    private readonly address: ServerAddress,
    private readonly clock: ServerClock,
  ) {
    const { clientId, clientSecret = '', clientToken } = address;
    const basic = clientBasic(clientId, clientSecret);
    this.#authorization = async () => (clientToken ? `Bearer ${await clientToken()}` : basic);
  }

  /** The introspection response for each token, in the order of the questions. */
  async introspect(questions: readonly Question[]): Promise<readonly unknown[]> {
    const { answers } = await this.#post<{ answers?: unknown }>('/introspection/batch', {
      tokens: questions,
    });
    if (!Array.isArray(answers) || answers.length !== questions.length)
      throw new AuthorizationServerUnavailable('the answer does not fit the question');
    return answers;
  }

  async acknowledge({ node, ...word }: Acknowledgement): Promise<number> {
    // A load balancer can bring it to the node of the stream by this header.
    const headers = node === undefined ? {} : { 'session-feed-node': node };
    const { at } = await this.#post<{ at?: unknown }>('/session-feed/acknowledgements', word, headers).catch(
      (error: AuthorizationServerUnavailable) => {
        throw error.status === gone ? new FollowerForgotten() : error;
      },
    );
    if (typeof at !== 'number') throw new AuthorizationServerUnavailable('an acknowledgement got no time');
    return at;
  }

  async open(from: string | undefined, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const headers = { accept: 'text/event-stream', ...(from === undefined ? {} : { 'last-event-id': from }) };
    const response = await this.#fetch('/session-feed', { headers, signal });
    if (!response.body) throw new AuthorizationServerUnavailable('the session feed has no body');
    return response.body;
  }

  /** The key set that signs JWT access tokens (RFC 7517 §5). */
  async keys(): Promise<unknown> {
    return this.#patiently(async (signal) => (await this.#fetch('/jwks', { signal })).json());
  }

  async #post<T>(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    const sent = steadyNow();
    return this.#patiently(async (signal) => {
      const response = await this.#fetch(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
        body: JSON.stringify(body),
        signal,
      });
      const answer = (await response.json()) as T;
      const stated = Date.parse(response.headers.get('date') ?? '');
      // To the second only, and so used only where nothing better is known.
      if (!this.clock.measured && Number.isFinite(stated)) this.clock.learn(stated, sent, steadyNow());
      return answer;
    });
  }

  /** An exchange that is given up after a while, whichever part of it does not end. */
  async #patiently<T>(exchange: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), this.address.timeoutMs);
    try {
      return await exchange(patience.signal);
    } catch (cause) {
      if (cause instanceof AuthorizationServerUnavailable) throw cause;
      throw new AuthorizationServerUnavailable('the answer could not be read', { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', await this.#authorization());
    const url = `${this.address.issuer}${path}`;
    // The access token is sent with every request, and never to a redirect.
    const asked = Object.assign(init, { headers, redirect: 'error' as const });
    const response = await fetch(url, asked).catch((cause: unknown) => {
      throw new AuthorizationServerUnavailable('the authorization server did not answer', { cause });
    });
    if (response.ok) return response;
    await response.body?.cancel().catch(() => {});
    throw new AuthorizationServerUnavailable(
      `the authorization server answered ${response.status} to ${path}`,
      { status: response.status },
    );
  }
}
