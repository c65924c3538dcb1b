import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

/** Changes to the answer that is right. */
export interface Deviation {
  /** Members of the ID token, in place of the right ones; undefined takes one away. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** `iss` of the response (RFC 9207); null for none. */
  readonly iss?: string | null;
  readonly state?: string;
  /** Signs with a key that is not published. */
  readonly isForged?: boolean;
  readonly error?: string;
  /** The answer of its userinfo endpoint, beside the subject. */
  readonly userinfo?: Readonly<Record<string, unknown>>;
}

interface Code {
  readonly asked: URLSearchParams;
  readonly deviation: Deviation;
  readonly subject: string;
}

/** Another identity provider (OpenID Connect), which answers as a test says. It checks its client as a strict one does. */
export class IdentityProvider {
  readonly clientId = 'curfew-there';
  readonly clientSecret = randomBytes(24).toString('base64url');
  /** Everything that must never be seen in a log. */
  readonly secrets: string[] = [this.clientSecret];
  /** Set while it takes requests and answers none. */
  hangs = false;
  /** The issuer that its metadata and tokens state, where it is another one. */
  stated: string | undefined;
  /** How it lets its clients authenticate. */
  authMethods = ['client_secret_basic'];
  /** Set where it has a userinfo endpoint. */
  hasUserinfo = false;
  /** How often that was asked. */
  userinfoRequests = 0;
  /** How often its keys were asked for. */
  keySetRequests = 0;
  /** Set while it does not tell its keys. */
  hidesKeys = false;
  #server: Server | undefined;
  #port = 0;
  readonly #codes = new Map<string, Code>();
  readonly #tokens = new Map<string, Code>();

  private kid = 'one';

  private constructor(
    private published: KeyPair,
    private readonly other: KeyPair,
  ) {}

  static async start(): Promise<IdentityProvider> {
    const provider = new IdentityProvider(await generateKeyPair('ES256'), await generateKeyPair('ES256'));
    await provider.open();
    return provider;
  }

  /** Listens, on the port it had before if there was one. */
  async open(): Promise<void> {
    const server = createServer((request, response) => {
      void this.answer(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as { port: number }).port;
    this.#server = server;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The address to which it sends a browser back that came to `address`, with a code for `subject`. */
  respond(address: URL, subject: string, deviation: Deviation = {}): string {
    const asked = address.searchParams;
    const code = randomBytes(24).toString('base64url');
    this.#codes.set(code, { asked, deviation, subject });
    this.secrets.push(code);
    const back = new URL(asked.get('redirect_uri')!);
    const state = deviation.state ?? asked.get('state')!;
    back.search = new URLSearchParams({
      ...(deviation.error ? { error: deviation.error } : { code }),
      state,
      ...(deviation.iss === null ? {} : { iss: deviation.iss ?? this.stated ?? this.issuer }),
    }).toString();
    return back.href;
  }

  /** A logout token of its own, with changes (OpenID Connect Back-Channel Logout §2.4). */
  logoutToken(members: Readonly<Record<string, unknown>>, { isForged = false, typ = 'logout+jwt' } = {}) {
    const now = Math.floor(Date.now() / 1000);
    const right = {
      iss: this.issuer,
      aud: this.clientId,
      iat: now,
      exp: now + 120,
      jti: randomBytes(12).toString('base64url'),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    };
    return this.sign({ ...right, ...members }, isForged, typ);
  }

  /** Signs with another key from now on, and publishes that one alone. */
  async rotate(): Promise<void> {
    this.published = await generateKeyPair('ES256');
    this.kid = randomBytes(8).toString('hex');
  }

  private sign(claims: JWTPayload, isForged: boolean, typ = 'JWT'): Promise<string> {
    const present = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
    const { privateKey } = isForged ? this.other : this.published;
    return new SignJWT(present).setProtectedHeader({ alg: 'ES256', kid: this.kid, typ }).sign(privateKey);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.hangs) return;
    const { pathname } = new URL(request.url!, this.issuer);
    const json = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (pathname === '/.well-known/openid-configuration') return json(200, this.metadata());
    if (pathname === '/jwks') {
      this.keySetRequests += 1;
      if (this.hidesKeys) return json(500, {});
      const jwk = await exportJWK(this.published.publicKey);
      response.setHeader('cache-control', 'max-age=3600');
      return json(200, { keys: [{ ...jwk, kid: this.kid, alg: 'ES256', use: 'sig' }] });
    }
    if (pathname === '/userinfo') {
      // A question has no body, and some servers refuse one that does.
      for await (const _ of request) return json(400, {});
      this.userinfoRequests += 1;
      const found = this.#tokens.get(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '');
      return found ? json(200, { sub: found.subject, ...found.deviation.userinfo }) : json(401, {});
    }
    if (pathname === '/token') return json(...(await this.redeem(request)));
    return json(404, {});
  }

  private metadata() {
    return {
      issuer: this.stated ?? this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      jwks_uri: `${this.issuer}/jwks`,
      ...(this.hasUserinfo ? { userinfo_endpoint: `${this.issuer}/userinfo` } : {}),
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      token_endpoint_auth_methods_supported: this.authMethods,
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    };
  }

  private async redeem(request: IncomingMessage): Promise<[status: number, body: unknown]> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const found = this.#codes.get(form.get('code') ?? '');
    this.#codes.delete(form.get('code') ?? '');
    const verifier = form.get('code_verifier') ?? '';
    this.secrets.push(verifier);
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    // RFC 6749 §2.3.1: both parts are encoded as forms are.
    const [, basic = ''] = (request.headers.authorization ?? '').split('Basic ');
    const sent = Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent);
    if (sent[0] !== this.clientId || sent[1] !== this.clientSecret) return [401, { error: 'invalid_client' }];
    const isRight =
      found?.asked.get('code_challenge') === challenge &&
      found.asked.get('redirect_uri') === form.get('redirect_uri');
    if (!found || !isRight) return [400, { error: 'invalid_grant' }];
    const now = Math.floor(Date.now() / 1000);
    const right = {
      iss: this.stated ?? this.issuer,
      sub: found.subject,
      aud: this.clientId,
      iat: now,
      exp: now + 300,
      auth_time: now,
      nonce: found.asked.get('nonce'),
    };
    const { claims = {}, isForged = false } = found.deviation;
    const id_token = await this.sign({ ...right, ...claims }, isForged);
    const access_token = randomBytes(24).toString('base64url');
    this.#tokens.set(access_token, found);
    this.secrets.push(access_token);
    return [200, { access_token, token_type: 'Bearer', id_token }];
  }
}
