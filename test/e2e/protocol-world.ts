import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { advanceVirtualClock, type PrismaService } from '@curfew/persistence';
import { SignJWT } from 'jose';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { Person } from '../support/person.js';
import { type FirstRunData, type RunningServer, startServer } from '../support/server.js';
import { pkce } from './protocol-names.js';
import { type ClientName, register, type TestClient } from './protocol-registrations.js';

export {
  assertionType,
  billing,
  deviceGrant,
  exchangeGrant,
  ledger,
  orders,
  pkce,
  reports,
} from './protocol-names.js';
export type { TestClient } from './protocol-registrations.js';

/** A response of a server. */
export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: any response, judged by the assertions
  readonly body: any;
  readonly headers: Headers;
}

/** A database, a started server, an address to be called back at, and clients of every kind. */
export class ProtocolWorld {
  readonly callback: string;
  #timekeeper: PrismaService | undefined;

  private constructor(
    readonly database: TestDatabase,
    readonly server: RunningServer,
    readonly data: FirstRunData,
    readonly clients: Readonly<Record<ClientName, TestClient>>,
    private readonly callbacks: Callbacks,
  ) {
    this.callback = callbacks.address;
  }

  /**
   * `through` may put something between the server and its database and return the address to use instead; `main` is another built file
   * to start.
   */
  static async start(
    settings: Readonly<Record<string, string>> = {},
    through: (databaseUrl: string) => Promise<string> = async (url) => url,
    main?: string,
  ): Promise<ProtocolWorld> {
    const database = await createTestDatabase();
    const callbacks = await Callbacks.start();
    const [resources, clients] = await register(database, callbacks.address);
    const patient = { CURFEW_THROTTLE_REFRESH: '100000/1m', ...settings };
    const databaseUrl = await through(database.url);
    const server = await startServer({ databaseUrl, settings: patient, ...(main ? { main } : {}) });
    const data = await server.firstRunData();
    await resources();
    return new ProtocolWorld(database, server, data, await clients(), callbacks);
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.callbacks.stop();
    await this.database.drop();
  }

  get issuer(): string {
    return this.server.issuer;
  }

  /** Moves the virtual clock of the whole installation, and waits until the server has noticed. */
  async pass(seconds: number): Promise<void> {
    this.#timekeeper ??= this.database.prisma({
      CURFEW_DATABASE_POOL_SIZE: '1',
      CURFEW_VIRTUAL_CLOCK: 'true',
    });
    await advanceVirtualClock(this.#timekeeper, seconds * 1000);
    const [row] = await this.database.query<{ now: number }>(
      'SELECT (extract(epoch FROM clock_timestamp()) * 1000 + clock_offset_ms)::float8 AS now FROM service_state',
    );
    const { service } = this.clients;
    const form = { grant_type: 'client_credentials', client_id: service.id, client_secret: service.secret };
    for (let attempt = 0; attempt < 300; attempt += 1) {
      const { body } = await this.post('/token', form);
      const { iat } = (await this.introspect(body.access_token)).body;
      if (iat >= Math.floor(row!.now / 1000)) return;
      await pause(50);
    }
    throw new Error('the server did not follow the clock');
  }

  person(number = 0): Person {
    const { username, password } = this.data.accounts[number]!;
    return new Person(username, password);
  }

  async post(
    path: string,
    form: Record<string, string> | URLSearchParams,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return answerOf(
      await fetch(new URL(path, this.issuer), {
        method: 'POST',
        body: new URLSearchParams(form),
        headers: { accept: 'application/json', ...headers },
        redirect: 'manual',
      }),
    );
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return answerOf(await fetch(new URL(path, this.issuer), { headers, redirect: 'manual' }));
  }

  /** The address at which an authorization begins, and the verifier of its code. */
  begin(client: TestClient, extra: Record<string, string> = {}) {
    const { verifier, challenge } = pkce();
    const parameters = authorizationRequest(client, this.callback, {
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...extra,
    });
    return { verifier, address: `${this.issuer}/authorize?${parameters}` };
  }

  /** The query an authorization request ends with at the callback; `page` is what the person saw last. */
  async authorize(client: TestClient, extra: Record<string, string> = {}, person = this.person()) {
    const { verifier, address } = this.begin(client, extra);
    const page = await person.follow(address);
    return {
      page,
      verifier,
      person,
      query: page.url.searchParams,
      code: page.url.searchParams.get('code') ?? '',
    };
  }

  async redeem(
    client: TestClient,
    code: string,
    verifier: string,
    extra: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const form = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: this.callback,
    };
    return this.post('/token', { ...form, ...asForm(client), ...extra }, { ...asHeader(client), ...headers });
  }

  /** A whole sign-in. */
  async signIn(client: TestClient, extra: Record<string, string> = {}, person?: Person): Promise<Answer> {
    const { code, verifier, page } = await this.authorize(client, extra, person);
    if (!code) throw new Error(`the sign-in ended at ${page.url} with ${page.status}: ${page.body}`);
    return this.redeem(client, code, verifier);
  }

  async refresh(
    client: TestClient,
    token: string,
    extra: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const form = { grant_type: 'refresh_token', refresh_token: token, ...asForm(client), ...extra };
    return this.post('/token', form, { ...asHeader(client), ...headers });
  }

  async introspect(
    token: string,
    client = this.clients.api,
    extra: Record<string, string> = {},
  ): Promise<Answer> {
    return this.post('/introspection', { token, ...extra }, asHeader(client));
  }

  async revoke(client: TestClient, token: string, extra: Record<string, string> = {}): Promise<Answer> {
    return this.post('/revocation', { token, ...asForm(client), ...extra }, asHeader(client));
  }

  /** A client assertion (RFC 7523 §3) of `robot`. */
  async assertion(
    claims: Record<string, unknown> = {},
    algorithm = 'ES256',
    { id, key }: TestClient = this.clients.robot,
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const common = { iss: id, sub: id, aud: this.issuer, jti: randomUUID(), iat: now, exp: now + 60 };
    return new SignJWT({ ...common, ...claims })
      .setProtectedHeader({ alg: algorithm, kid: 'robot-1' })
      .sign(key);
  }
}

/** An address that takes what authorizations end with. */
class Callbacks {
  private constructor(
    readonly address: string,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(): Promise<Callbacks> {
    const server = createServer((_request, response) => response.end('back'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new Callbacks(`http://127.0.0.1:${port}/callback`, async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
  }
}

/** The parameters of an authorization request (RFC 6749 §4.1.1). */
export const authorizationRequest = (
  client: TestClient,
  callback: string,
  extra: Record<string, string> = {},
): URLSearchParams => {
  const parameters = {
    client_id: client.id,
    redirect_uri: callback,
    response_type: 'code',
    scope: 'openid',
    state: 'xyz',
    ...extra,
  };
  return new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== ''));
};

/** Credentials in the header, for clients with a secret. */
export const asHeader = ({ id, secret }: TestClient): Record<string, string> =>
  secret ? { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` } : {};

const asForm = ({ id, secret }: TestClient): Record<string, string> => (secret ? {} : { client_id: id });

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const json = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
  return { status: response.status, body: json ? JSON.parse(text) : text, headers: response.headers };
}
