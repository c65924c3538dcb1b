import { createServer, type IncomingMessage, type Server } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;
type Members = Readonly<Record<string, unknown>>;

/** Changes to the token that is right. */
export interface SetDeviation {
  /** Members of the payload, in place of the right ones; undefined takes one away. */
  readonly claims?: Members;
  /** Members of the protected header, in place of the right ones. */
  readonly header?: Members;
  /** Signs with a key that is not published. */
  readonly isForged?: boolean;
}

/** One question of a receiver that polls. */
export interface Poll {
  readonly authorization: string | undefined;
  readonly ack: readonly string[];
  readonly setErrs: Readonly<Record<string, { readonly err: string }>>;
  readonly maxEvents: number;
}

/** A service that tells of security events (OpenID Shared Signals), as well or as badly as a test says. */
export class SignalTransmitter {
  /** The tokens that wait to be fetched, by the ids under which they are sent. */
  readonly waiting = new Map<string, unknown>();
  readonly polls: Poll[] = [];
  /** Answers in place of the right ones, by path. */
  readonly answers = new Map<string, { readonly status: number; readonly body: string } | 'hang'>();
  /** Is called when a question has come, before it is answered. */
  onPoll: () => void = () => {};
  /** Questions that are being answered, and the most there were at once. */
  atOnce = 0;
  mostAtOnce = 0;
  /** Requests for access tokens, in order. */
  readonly tokenRequests: { readonly authorization: string | undefined; readonly form: string }[] = [];
  /** The access token with which it may be polled; null where the header is not looked at. */
  accessToken: string | null = null;
  /** Seconds that an access token is said to live. */
  tokenLife: number | undefined = 300;
  /** Milliseconds that an answer to a poll takes. */
  delayMs = 0;
  #server: Server | undefined;
  #port = 0;
  #count = 0;
  /** The name of the key that is published. */
  #kid = 'one';

  private constructor(
    private published: KeyPair,
    private readonly other: KeyPair,
  ) {}

  static async start(): Promise<SignalTransmitter> {
    const made = new SignalTransmitter(await generateKeyPair('ES256'), await generateKeyPair('ES256'));
    const server = createServer((request, response) => {
      void made.answer(request).then(
        ({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(body),
        () => response.destroy(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    made.#port = (server.address() as { port: number }).port;
    made.#server = server;
    return made;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Signs with another key from now on, and publishes that alone. */
  async roll(kid: string): Promise<void> {
    this.published = await generateKeyPair('ES256');
    this.#kid = kid;
  }

  /** A token about one event, with changes. */
  async set(event: string, subject: unknown, { claims = {}, header = {}, isForged }: SetDeviation = {}) {
    this.#count += 1;
    const right = {
      iss: this.issuer,
      aud: 'here',
      iat: Math.floor(Date.now() / 1000),
      jti: `set-${process.pid}-${this.#count}`,
      sub_id: subject,
      events: { [event]: { event_timestamp: Math.floor(Date.now() / 1000) } },
    };
    const members = Object.entries({ ...right, ...claims }).filter(([, value]) => value !== undefined);
    const { privateKey } = isForged ? this.other : this.published;
    return new SignJWT(Object.fromEntries(members))
      .setProtectedHeader({ alg: 'ES256', kid: this.#kid, typ: 'secevent+jwt', ...header })
      .sign(privateKey);
  }

  private async answer(request: IncomingMessage): Promise<{ status: number; body: string }> {
    const path = request.url ?? '';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const other = this.answers.get(path);
    if (other === 'hang') return new Promise(() => {});
    if (other) return other;
    if (path === '/poll' && this.accessToken !== null)
      if (request.headers.authorization !== `Bearer ${this.accessToken}`) return { status: 401, body: '' };
    const body = await this.right(path, request, Buffer.concat(chunks).toString());
    return { status: body === null ? 404 : 200, body: JSON.stringify(body ?? {}) };
  }

  private async right(path: string, request: IncomingMessage, body: string): Promise<object | null> {
    if (path === '/.well-known/ssf-configuration')
      return { spec_version: '1_0', issuer: this.issuer, jwks_uri: `${this.issuer}/jwks` };
    if (path === '/jwks') {
      const jwk = await exportJWK(this.published.publicKey);
      return { keys: [{ ...jwk, kid: this.#kid, alg: 'ES256', use: 'sig' }] };
    }
    if (path === '/token') {
      this.tokenRequests.push({ authorization: request.headers.authorization, form: body });
      this.accessToken = `token-${this.tokenRequests.length}`;
      return { access_token: this.accessToken, token_type: 'bearer', expires_in: this.tokenLife };
    }
    if (path !== '/poll') return null;
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    this.onPoll();
    try {
      if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
      return this.fetched(request.headers.authorization, JSON.parse(body) as Members);
    } finally {
      this.atOnce -= 1;
    }
  }

  private fetched(authorization: string | undefined, { ack, setErrs, maxEvents }: Members): object {
    const poll = { authorization, ack, setErrs, maxEvents } as unknown as Poll;
    this.polls.push(poll);
    for (const jti of [...poll.ack, ...Object.keys(poll.setErrs)]) this.waiting.delete(jti);
    const sets = [...this.waiting].slice(0, poll.maxEvents);
    return { sets: Object.fromEntries(sets), moreAvailable: this.waiting.size > sets.length };
  }
}
