import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import http, { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type ClientRegistration,
  ClientService,
  PolicyService,
  Registry,
  ResourceService,
} from '@curfew/clients';
import { DisciplinedClock } from '@curfew/clock';
import { EventLog } from '@curfew/events';
import { advanceVirtualClock, databaseClock, type PrismaService } from '@curfew/persistence';
import { formatPolicy } from '@curfew/session-policy';
import { profiles } from '@curfew/session-policy/settings';
import { type EffectivePolicy } from '@curfew/session-policy/trial';
import { BrowserSessionEnds, PolicySource, SessionService } from '@curfew/sessions';
import { KeyRing, RefreshTokenCodec, ServiceKeys } from '@curfew/tokens';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';
import { Person } from '../support/person.js';
import { freePort } from '../support/ports.js';
import { type DatabaseProxy, proxyTo } from '../support/proxy.js';
import { type FirstRunData, type RunningServer, startServer } from '../support/server.js';
import { sessionStores } from '../support/session-stores.js';
import { asHeader, authorizationRequest, pkce } from './protocol-world.js';

export const orders = 'https://orders.example.test';
export const ledger = 'https://ledger.example.test';

/** The response of a node, to the byte. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Names and values as they were sent, in their order. */
  readonly sentHeaders: readonly string[];
  readonly raw: string;
  // biome-ignore lint/suspicious/noExplicitAny: any response, judged by the assertions
  readonly body: any;
}

/** A registered client and its secret ('' for a public one). */
export interface EngineClient {
  readonly id: string;
  readonly secret: string;
}

/** The tokens that a sign-in gave its client. */
export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly sid: string;
}

/** An event as it was recorded. */
export interface Recorded {
  readonly type: string;
  readonly at: Date;
  readonly session_id: string | null;
  readonly client_id: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: as it was written, judged by the assertions
  readonly data: any;
}

interface WorldOptions {
  readonly nodes?: number;
  readonly settings?: Readonly<Record<string, string>>;
  /** Puts a proxy between the nodes and their database. */
  readonly proxied?: boolean;
  /** A database other than a fresh copy in the cluster of the run. */
  readonly database?: TestDatabase;
}

/** Policies as the registry has them. */
export class RegistryPolicies extends PolicySource {
  constructor(private readonly registry: Registry) {
    super();
  }
  override effectivePolicy(
    clientId: string,
    resources: readonly string[],
    accountId?: string,
  ): Promise<EffectivePolicy> {
    return this.registry.effectivePolicy(clientId, resources, accountId);
  }
}

/** Several nodes of one installation on one database, people who sign in, and a clock that can be moved. */
export class EngineWorld {
  readonly agent = new http.Agent({ keepAlive: true, maxSockets: 128 });
  readonly #people = new Map<number, Person>();
  #made = 0;

  private constructor(
    readonly database: TestDatabase,
    readonly prisma: PrismaService,
    readonly nodes: RunningServer[],
    readonly data: FirstRunData,
    readonly callback: string,
    readonly clock: DisciplinedClock,
    readonly proxy: DatabaseProxy,
    private readonly closeCallback: () => void,
  ) {}

  static async start(options: WorldOptions = {}): Promise<EngineWorld> {
    const { nodes = 2, settings = {}, proxied = false } = options;
    const database = options.database ?? (await createTestDatabase());
    const proxy = proxied ? await proxyTo(database.url) : undefined;
    const prisma = database.prisma({
      CURFEW_DATABASE_POOL_SIZE: '4',
      CURFEW_DATABASE_CONNECT_TIMEOUT: '20s',
    });
    const clock = new DisciplinedClock(databaseClock(prisma, { virtualClock: true }));
    await clock.start();
    // Not in the folder of the first node, which goes when that node does.
    const folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-engine-'));
    const all = {
      CURFEW_DEV_FILE: path.join(folder, 'dev.json'),
      CURFEW_VIRTUAL_CLOCK: 'true',
      CURFEW_SWEEP_INTERVAL: '1h',
      CURFEW_DATABASE_CONNECT_TIMEOUT: '20s',
      CURFEW_TRUSTED_HOPS: '1',
      CURFEW_THROTTLE_REFRESH: '100000/1m',
      ...settings,
    };
    const databaseUrl = proxy?.url ?? database.url;
    const first = await startServer({ databaseUrl, settings: all });
    const { data, others } = await anotherNodes(first, nodes - 1);
    const callbacks = createServer((_request, response) => response.end('back'));
    await new Promise<void>((resolve) => callbacks.listen(0, '127.0.0.1', resolve));
    const callback = `http://127.0.0.1:${(callbacks.address() as AddressInfo).port}/callback`;
    const close = () => {
      rmSync(folder, { recursive: true, force: true });
      callbacks.closeAllConnections();
      callbacks.close();
    };
    const world = new EngineWorld(
      database,
      prisma,
      [first, ...others],
      data,
      callback,
      clock,
      proxy as DatabaseProxy,
      close,
    );
    const apis = new ResourceService(prisma, clock);
    const scopes = ['orders:read', 'orders:write'];
    const [known] = await database.query('SELECT 1 FROM resource WHERE audience = $1', [orders]);
    if (!known) await apis.create({ audience: orders, name: 'Orders', scopes });
    await apis.create({ audience: ledger, name: 'Ledger', scopes, tokenFormat: 'jwt' });
    return world;
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    this.clock.stop();
    await Promise.all(this.nodes.map((node) => node.stop()));
    this.closeCallback();
    await this.proxy?.close();
    await this.database.drop();
  }

  /** Stops every node in good order and starts it again, on the same port. */
  async restart(): Promise<void> {
    this.agent.destroy();
    for (const [index, node] of this.nodes.entries()) {
      await node.stop();
      this.nodes[index] = await startAgain(node);
    }
  }

  /** Kills a node without asking, and starts it again on the same port. */
  async killAndRevive(index: number): Promise<void> {
    await this.nodes[index]!.kill();
    this.nodes[index] = await startAgain(this.nodes[index]!);
  }

  /** Puts another process, with changed settings, in a node's place. */
  async replace(index: number, changes: Readonly<Record<string, string>>): Promise<void> {
    this.agent.destroy();
    await this.nodes[index]!.stop();
    this.nodes[index] = await startAgain(this.nodes[index]!, changes);
  }

  get issuer(): string {
    return this.nodes[0]!.issuer;
  }

  /** Registers a client, under a policy of its own where settings are given (else `standard`). */
  async client(
    registration: Partial<ClientRegistration> = {},
    policy: Readonly<Record<string, unknown>> = {},
  ): Promise<EngineClient> {
    const rules = { allowPrivateAddresses: true };
    const clients = new ClientService({ prisma: this.prisma, clock: this.clock, rules });
    const id = `client-${++this.#made}`;
    const { secret } = await clients.create(
      {
        client_name: id,
        redirect_uris: [this.callback],
        grant_types: ['authorization_code', 'refresh_token'],
        resources: [orders, ledger],
        ...registration,
      },
      { id },
    );
    if (Object.keys(policy).length > 0) await this.policy(id, policy);
    return { id, secret: secret ?? '' };
  }

  /** Writes the next revision of a client's own policy, based on `standard` without jitter, and has every node know it. */
  async policy(clientId: string, settings: Readonly<Record<string, unknown>>): Promise<void> {
    const policies = new PolicyService(this.prisma, this.clock);
    const name = `for-${clientId}`;
    const previous = (await policies.find(name))?.version ?? 0;
    const base = formatPolicy({ ...profiles.standard.policy, accessTokenJitterPercent: 0 });
    await policies.save({ name, previous, settings: { ...base, ...settings }, createdBy: 'test' });
    if (previous === 0) await policies.attach({ kind: 'client', id: clientId }, name);
    await pause(100);
  }

  /** The same person at the same browser each time: signed in from the first time on. */
  person(number = 0): Person {
    const known = this.#people.get(number);
    if (known) return known;
    const { username, password } = this.data.accounts[number]!;
    const person = new Person(username, password);
    this.#people.set(number, person);
    return person;
  }

  /** Somebody at a browser that was never seen before. */
  stranger(number = 0): Person {
    const { username, password } = this.data.accounts[number]!;
    return new Person(username, password);
  }

  async accountId(number = 0): Promise<string> {
    const [row] = await this.database.query<{ id: string }>('SELECT id FROM account WHERE username = $1', [
      this.data.accounts[number]!.username,
    ]);
    return row!.id;
  }

  async send(
    node: number,
    method: string,
    path: string,
    form?: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const body = form && new URLSearchParams(form).toString();
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          agent: this.agent,
          host: '127.0.0.1',
          port: this.nodes[node]!.port,
          method,
          path,
          headers: {
            host: new URL(this.issuer).host,
            accept: 'application/json',
            ...(body !== undefined && {
              'content-type': 'application/x-www-form-urlencoded',
              'content-length': Buffer.byteLength(body),
            }),
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => resolve(read(response, Buffer.concat(chunks).toString())));
        },
      );
      request.setTimeout(20_000, () => request.destroy(new Error('no answer within 20 s')));
      request.on('error', reject);
      request.end(body);
    });
  }

  /** A code, its verifier, and the page the person saw last. */
  async code(client: EngineClient, extra: Record<string, string> = {}, person = this.person()) {
    const { verifier, challenge } = pkce();
    const parameters = authorizationRequest(client as never, this.callback, {
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...extra,
    });
    const page = await person.follow(`${this.issuer}/authorize?${parameters}`);
    const code = page.url.searchParams.get('code');
    if (!code) throw new Error(`the sign-in ended at ${page.url} with ${page.status}: ${page.body}`);
    return { code, verifier };
  }

  async redeem(
    client: EngineClient,
    { code, verifier }: { code: string; verifier: string },
    { node = 0, headers = {} }: { node?: number; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const form = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: this.callback,
    };
    return this.token(client, form, node, headers);
  }

  async token(
    client: EngineClient,
    form: Record<string, string>,
    node = 0,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const named: Record<string, string> = client.secret ? {} : { client_id: client.id };
    return this.send(
      node,
      'POST',
      '/token',
      { ...named, ...form },
      { ...asHeader(client as never), ...headers },
    );
  }

  /** A whole sign-in, at the API `orders` unless told otherwise. */
  async signIn(
    client: EngineClient,
    {
      extra = { resource: orders, scope: 'openid orders:read' },
      person = this.person(),
      headers = {},
      node = 0,
    }: {
      extra?: Record<string, string>;
      person?: Person;
      headers?: Record<string, string>;
      node?: number;
    } = {},
  ): Promise<Tokens> {
    const answer = await this.redeem(client, await this.code(client, extra, person), { node, headers });
    if (answer.status !== 200) throw new Error(`no tokens: ${answer.status} ${answer.raw}`);
    const { access_token, refresh_token } = answer.body;
    return { access_token, refresh_token, sid: sessionOf(refresh_token) };
  }

  async refresh(
    client: EngineClient,
    token: string,
    {
      node = 0,
      headers = {},
      extra = {},
    }: { node?: number; headers?: Record<string, string>; extra?: Record<string, string> } = {},
  ): Promise<Answer> {
    return this.token(client, { grant_type: 'refresh_token', refresh_token: token, ...extra }, node, headers);
  }

  /** Refreshes and expects to get a new pair. */
  async refreshed(client: EngineClient, token: string, options: { node?: number } = {}): Promise<Tokens> {
    const { status, raw, body } = await this.refresh(client, token, options);
    if (status !== 200) throw new Error(`not refreshed: ${status} ${raw}`);
    return {
      access_token: body.access_token,
      refresh_token: body.refresh_token,
      sid: sessionOf(body.refresh_token),
    };
  }

  async introspect(
    client: EngineClient,
    token: string,
    { node = 0, extra = {} }: { node?: number; extra?: Record<string, string> } = {},
  ): Promise<Answer> {
    return this.send(node, 'POST', '/introspection', { token, ...extra }, asHeader(client as never));
  }

  async isActive(client: EngineClient, token: string, node = 0): Promise<boolean> {
    const { status, raw, body } = await this.introspect(client, token, { node, extra: { touch: 'false' } });
    if (status !== 200) throw new Error(`no introspection: ${status} ${raw}`);
    return body.active;
  }

  async revoke(client: EngineClient, token: string, node = 0): Promise<Answer> {
    const named: Record<string, string> = client.secret ? {} : { client_id: client.id };
    return this.send(node, 'POST', '/revocation', { token, ...named }, asHeader(client as never));
  }

  async userinfo(token: string, node = 0): Promise<Answer> {
    return this.send(node, 'GET', '/userinfo', undefined, { authorization: `Bearer ${token}` });
  }

  /** The session's row. */
  // biome-ignore lint/suspicious/noExplicitAny: columns as they are, judged by the assertions
  async row(sid: string): Promise<any> {
    const [row] = await this.database.query('SELECT * FROM session WHERE id = $1', [sid]);
    return row;
  }

  /** Why the session ended, or null while it lives. */
  async endOf(sid: string): Promise<string | null> {
    return (await this.row(sid)).end_reason;
  }

  async events(sid: string, type?: string): Promise<Recorded[]> {
    return this.database.query<Recorded>(
      'SELECT * FROM event WHERE session_id = $1 AND ($2::text IS NULL OR type = $2) ORDER BY xid, id',
      [sid, type ?? null],
    );
  }

  /** Waits until a condition holds; says what was waited for when it does not in time (ten seconds unless told). */
  async until(what: string, holds: () => Promise<boolean>, patienceMs = 10_000): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline) {
      if (await holds()) return;
      await pause(50);
    }
    throw new Error(`waited in vain until ${what}`);
  }

  /** Moves the clock of the whole installation on, and waits until every node has noticed. */
  async pass(length: number): Promise<void> {
    await advanceVirtualClock(this.prisma, length * 1000);
    await this.clock.remeasure();
    const reached = Math.floor(this.clock.now() / 1000);
    const { service } = this.data.clients;
    const client = { id: service.client_id, secret: service.client_secret };
    // All at once: tests count on what is left of the seconds before a deadline.
    const follows = (node: number) =>
      this.until('the node follows the clock', async () => {
        const { body } = await this.token(client, { grant_type: 'client_credentials' }, node);
        return (await this.introspect(client, body.access_token, { node })).body.iat >= reached;
      });
    await Promise.all([...this.nodes.keys()].map(follows));
  }

  /** Moves the clock to `milliseconds` relative to an instant of the database (a moment more passes by itself). */
  async passTo(instantMs: number): Promise<void> {
    await this.clock.remeasure();
    await this.pass((instantMs - this.clock.now()) / 1000);
  }

  /** Clients and policies as this process reads them. */
  registry(): Registry {
    return new Registry(this.prisma, this.clock);
  }

  /** The engine in this process, for what operators do. */
  engine(): SessionService {
    const registry = this.registry();
    const { store, ends } = sessionStores(this.prisma);
    return new SessionService({
      store,
      browserSessionEnds: new BrowserSessionEnds(this.prisma, ends),
      policies: new RegistryPolicies(registry),
      codec: new RefreshTokenCodec(new KeyRing(new ServiceKeys(['x'.repeat(32)]).derive('none'))),
      events: new EventLog(this.prisma),
      report: () => {},
    });
  }

  check(): Promise<void> {
    return assertInvariants(this.database);
  }
}

/** The session a refresh token names. */
export function sessionOf(refreshToken: string): string {
  const hex = Buffer.from(refreshToken.slice(7), 'base64url').subarray(1, 17).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Another process with the environment of this one. */
const startAgain = (
  node: RunningServer,
  changes: Readonly<Record<string, string>> = {},
): Promise<RunningServer> => {
  const { PATH: _, ...settings } = node.environment;
  return startServer({ databaseUrl: settings['DATABASE_URL']!, settings: { ...settings, ...changes } });
};

async function anotherNodes(first: RunningServer, count: number) {
  const data = await first.firstRunData();
  const others = await Promise.all(
    Array.from({ length: count }, async () => {
      const port = String(await freePort());
      return startAgain(first, { CURFEW_AUTH_PORT: port });
    }),
  );
  return { data, others };
}

function read(response: http.IncomingMessage, raw: string): Answer {
  const isJson = /json/.test(response.headers['content-type'] ?? '') && raw !== '';
  return {
    status: response.statusCode!,
    headers: response.headers,
    sentHeaders: response.rawHeaders,
    raw,
    body: isJson ? JSON.parse(raw) : raw,
  };
}

/** Does something so many times at once, one after the other on each of two nodes. */
export const atOnce = <T>(count: number, work: (node: number, index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index % 2, index)));
