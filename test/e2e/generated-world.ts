import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { testSeed } from '../support/random.js';
import { startUpstream, type Upstream } from '../support/upstream.js';
import { AdminWorld, orders } from './admin-world.js';
import {
  type GeneratedRequest,
  type KnownWorld,
  type Listener,
  listeners,
  RequestMaker,
} from './generated-requests.js';
import { type Debtor, reportHang } from './hang-report.js';
import { faultsOf, faultsOfProxy, marker, type WireAnswer } from './hostile-world.js';
import { knownOf } from './known-world.js';

/** An answer that has not come after so many milliseconds counts as none; the slowest machine needs a few seconds. */
const patienceMs = 30_000;
const unlimited = '100000/1s';

/** Why there is no answer; a hang comes with a report of what the server was doing. */
type NoAnswer = 'broken off' | `a hang ${string}`;

/** The outcome of many requests. */
export interface Outcome {
  readonly seed: number;
  readonly count: number;
  readonly statuses: ReadonlyMap<string, number>;
  /** The faults, each with the request that showed it; at most twenty are kept. */
  readonly faults: readonly string[];
  readonly faultCount: number;
  /** Resident memory of each server after the warm-up and at the end, in MiB. */
  readonly memory: Readonly<Record<Listener, readonly [number, number]>>;
}

/** The three servers, an application behind the gateway, and a caller who knows them. */
export class ListenersWorld {
  readonly #agents = Object.fromEntries(
    listeners.map((listener) => [listener, new Agent({ keepAlive: true, maxSockets: 8 })]),
  ) as Record<Listener, Agent>;

  private constructor(
    readonly admin: AdminWorld,
    readonly upstream: Upstream,
    readonly gateway: RunningGateway,
    readonly known: KnownWorld,
    private readonly folder: string,
  ) {}

  static async start(): Promise<ListenersWorld> {
    const admin = await AdminWorld.start({
      // The subject is what is sent, not how often.
      CURFEW_THROTTLE_CLIENT: unlimited,
      CURFEW_THROTTLE_USER_CODE: unlimited,
      CURFEW_THROTTLE_SIGN_IN: unlimited,
      CURFEW_THROTTLE_SIGN_IN_NETWORK: unlimited,
      CURFEW_THROTTLE_REFRESH: unlimited,
      CURFEW_THROTTLE_INTROSPECTION: unlimited,
      CURFEW_THROTTLE_EXCHANGE: unlimited,
      CURFEW_LOG_LEVEL: 'error',
    });
    const upstream = await startUpstream();
    const folder = await mkdtemp(join(tmpdir(), 'curfew-listeners-'));
    const { api } = admin.data.clients;
    await writeFile(join(folder, 'secret'), api.client_secret);
    const to = `upstream: '${upstream.url}'`;
    await writeFile(
      join(folder, 'routes.yaml'),
      `
proxies: [127.0.0.1]
forwarded: [x-forwarded]
apis:
  orders: { audience: ${orders}, clientId: ${api.client_id}, clientSecretFile: secret }
routes:
  - { name: admin, path: /admin/**, hosts: [orders.example.test], api: orders, scopes: ['orders:write'], ${to} }
  - { name: report, path: /Report, hosts: [orders.example.test], caseSensitive: true, api: orders, ${to} }
  - { name: open, path: /open/**, hosts: [orders.example.test], public: true, ${to} }
  - { name: projects, path: /projects/**, hosts: [orders.example.test], api: orders, allow: [encoded-slash, semicolon], cors: ['https://app.example.test'], ${to} }
  - { name: all, hosts: [orders.example.test], api: orders, ${to} }
  - { name: asked, hosts: [asked.example.test], api: orders }`,
    );
    const gateway = await startGateway(admin.server, { CURFEW_GATEWAY_ROUTES: join(folder, 'routes.yaml') });
    return new ListenersWorld(admin, upstream, gateway, await knownOf(admin, gateway.port), folder);
  }

  async stop(): Promise<void> {
    for (const agent of Object.values(this.#agents)) agent.destroy();
    await this.gateway.stop();
    await this.upstream.stop();
    await this.admin.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Sends one request; its faults, empty when it was answered as it should be. */
  async faultsAfter(sent: GeneratedRequest): Promise<{ status: number | string; faults: readonly string[] }> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#send(sent);
      // A connection that was kept may have been closed while the request was on its way (RFC 9112 §9.3.1).
      if (answer === 'broken off' && attempt < 3) continue;
      if (typeof answer === 'string') return { status: answer.split(' {', 1)[0]!, faults: [`is ${answer}`] };
      return { status: answer.status, faults: this.#judge(sent, answer) };
    }
  }

  /** Sends so many generated requests, eight at a time. */
  async tryGenerated(count: number): Promise<Outcome> {
    const maker = new RequestMaker(this.known);
    const statuses = new Map<string, number>();
    const faults: string[] = [];
    let [left, faultCount] = [count, 0];
    const sendUntil = (end: number) =>
      Promise.all(
        Array.from({ length: 8 }, async () => {
          while (left > end) {
            left -= 1;
            const sent = maker.next();
            const found = await this.faultsAfter(sent);
            const key = `${sent.listener} ${found.status}`;
            statuses.set(key, (statuses.get(key) ?? 0) + 1);
            if (found.faults.length === 0) continue;
            faultCount += 1;
            if (faults.length < 20) faults.push(`${found.faults.join(', ')}: ${shortened(sent)}`);
          }
        }),
      );
    await sendUntil(Math.floor(count * 0.6));
    const before = this.#memory();
    await sendUntil(0);
    const after = this.#memory();
    const memory = Object.fromEntries(
      listeners.map((listener) => [listener, [before[listener], after[listener]]]),
    ) as Record<Listener, [number, number]>;
    return { seed: testSeed, count, statuses, faults, faultCount, memory };
  }

  #memory(): Record<Listener, number> {
    return Object.fromEntries(
      listeners.map((listener) => {
        const { pid } = this.#debtor(listener);
        const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
        return [listener, Math.round(Number(kib) / 1024)];
      }),
    ) as Record<Listener, number>;
  }

  #debtor(listener: Listener): Debtor {
    const server = { auth: this.admin.server, admin: this.admin.admin, gateway: this.gateway }[listener];
    const host = this.known.hosts[listener][0]!;
    return { pid: server.pid, port: server.port, host, database: this.admin.database };
  }

  #send({ listener, method, path, headers, body }: GeneratedRequest): Promise<WireAnswer | NoAnswer> {
    const sendable = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.map(headerText) : headerText(value as string),
      ]),
    );
    const bytes = Buffer.from(body ?? '', 'latin1');
    // Node's client announces no body of a GET or DELETE, and the server would take it for the next request.
    const length = body === null ? {} : { 'content-length': String(bytes.length) };
    return new Promise((resolve) => {
      const outgoing = request({
        host: '127.0.0.1',
        port: this.#debtor(listener).port,
        method,
        path: targetText(path),
        headers: { ...sendable, ...length },
        agent: this.#agents[listener],
      });
      const end = (answer: WireAnswer | NoAnswer) => {
        clearTimeout(timer);
        resolve(answer);
      };
      const timer = setTimeout(async () => {
        const report = await reportHang(outgoing, this.#debtor(listener)).catch(String);
        end(`a hang ${report}`);
        outgoing.destroy();
      }, patienceMs);
      outgoing.on('error', () => end('broken off'));
      outgoing.on('upgrade', (answer, socket) => {
        socket.destroy();
        end({ status: answer.statusCode ?? 0, headers: headerMap(answer.headers), text: '' });
      });
      outgoing.on('response', (answer) => {
        const chunks: Buffer[] = [];
        const whole = () => ({
          status: answer.statusCode ?? 0,
          headers: headerMap(answer.headers),
          text: Buffer.concat(chunks).toString(),
        });
        // A stream does not end by itself.
        if (answer.headers['content-type']?.startsWith('text/event-stream')) {
          end(whole());
          outgoing.destroy();
        }
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', () => end('broken off'));
        answer.on('end', () => end(whole()));
      });
      outgoing.end(bytes);
    });
  }

  #judge(sent: GeneratedRequest, answer: WireAnswer): string[] {
    const { listener, path } = sent;
    const { status, headers } = answer;
    const faults: string[] = [];
    // Public metadata is readable by every page; its origin is told back to it (Fetch §3.3.3), never with credentials.
    const isOpen = listener === 'auth' && !headers.has('access-control-allow-credentials');
    // Nor are the names of headers, as which its answer to a preflight says that any may be sent (Fetch §4.8).
    const open = ['access-control-allow-origin', 'access-control-allow-headers'];
    for (const [name, value] of headers) {
      const mayRepeat =
        name === 'location' ||
        (isOpen && open.includes(name)) ||
        // The caller is one of the gateway's proxies by its routes file, and such a proxy numbers its requests.
        (name === 'x-request-id' && listener === 'gateway' && isOwnNumber(sent, value));
      if (!mayRepeat && value.toLowerCase().includes(marker)) faults.push(`repeats what was sent in ${name}`);
    }
    // A head that is too large is refused by the parser of HTTP, before there is a request (RFC 6585 §5).
    if (status === 431 && answer.text === '') return faults;
    if (headers.has('x-injected')) faults.push('lets headers be injected');
    faults.push(...this.#faultsOfLocation(sent, status, headers.get('location')));
    // A request that is too much at this moment is sent again later (RFC 9110 §15.6.4).
    if (status === 503 && (headers.has('retry-after') || path.startsWith('/health/ready'))) return faults;
    // The application behind the gateway says what it saw.
    if (listener === 'gateway' && status < 400) return faults;
    return [...faults, ...(listener === 'gateway' ? faultsOfProxy(answer) : faultsOf(answer))];
  }

  /** A redirect leads to a registered address or to the server itself, and brings nothing but `state` back (RFC 6749 §4.1.2). */
  #faultsOfLocation(
    { listener, method, path }: GeneratedRequest,
    status: number,
    location: string | undefined,
  ): string[] {
    if (location === undefined) return [];
    // The location of a created resource is its name, encoded, below the address that created it (RFC 9110 §15.3.2).
    if (
      status === 201 &&
      location.startsWith(`${path}/`) &&
      /^[\w%.~!*'()-]+$/.test(location.slice(path.length + 1))
    )
      return [];
    const own = listener === 'admin' ? this.admin.adminUrl : this.admin.server.issuer;
    const target = new URL(location, own);
    const registered = Object.values(this.admin.data.clients).flatMap(
      ({ redirect_uris }) => redirect_uris ?? [],
    );
    const origins = [own, ...registered.map((address) => new URL(address).origin)];
    const astray = origins.includes(target.origin) ? [] : [`leads astray to ${location.slice(0, 200)}`];
    target.searchParams.delete('state');
    // The same request by GET brings its own parameters along (OpenID Connect Core §3.1.2.1), encoded, and no secret.
    const isSentRound =
      method === 'POST' && /^\/(authorize|logout)$/.test(target.pathname) && path.startsWith(target.pathname);
    if (isSentRound && target.origin === own && /^[\w%&=?./*+~-]+$/.test(location))
      return target.searchParams.has('client_secret') ? ['puts a secret into an address'] : [];
    const repeated = target.href.includes(marker)
      ? [`repeats what was sent in location ${location.slice(0, 200)}`]
      : [];
    return [...astray, ...repeated];
  }
}

/** Whether a number is the one that came with the request, whole, as far as a proxy may give it: short, plain and no credential. */
const isOwnNumber = ({ headers }: GeneratedRequest, number: string): boolean =>
  typeof headers['x-request-id'] === 'string' &&
  headerText(headers['x-request-id']) === number &&
  /^[\w.-]{8,64}$/.test(number) &&
  !number.startsWith('cfw_');

/** A request in one line, without what it only repeats. */
const shortened = (sent: GeneratedRequest): string =>
  JSON.stringify(sent)
    .replaceAll(/(.{1,12}?)\1{30,}/g, '$1…')
    .slice(0, 1_500);
const headerText = (value: string): string =>
  Buffer.from(value)
    .toString('latin1')
    .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '');
/** A request target may be odd, but a request line has to stay one (RFC 9112 §3). */
const targetText = (path: string): string =>
  path.replaceAll(/[^\x21-\x7e]/g, (text) => encodeURIComponent(text));
const headerMap = (headers: NodeJS.Dict<string | string[]>): ReadonlyMap<string, string> =>
  new Map(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]));

/** The outcome in a few lines, with everything that is needed to see it again. */
export const describeOutcome = ({ seed, count, statuses, faultCount, memory }: Outcome): string =>
  [
    `${count} generated requests with CURFEW_TEST_SEED=${seed}: ${faultCount} faults`,
    [...statuses]
      .sort()
      .map(([status, number]) => `${status}: ${number}`)
      .join(', '),
    `resident MiB after the warm-up and at the end: ${JSON.stringify(memory)}`,
  ].join('\n');
