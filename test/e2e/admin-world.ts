import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { formsOf, Person } from '../support/person.js';
import { freePort } from '../support/ports.js';
import { type FirstRunData, type RunningServer, startServer } from '../support/server.js';

export const orders = 'https://orders.example.test';
export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** A response of the admin API. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: any response, judged by the assertions
  readonly body: any;
}

/** The tokens of a person's sign-in. */
export interface SignedIn {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly sid: string;
}

/** The parts of a call to the admin API. */
export interface Call {
  readonly token?: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A database, an authorization server and an admin API, each a process of its own, with the data of a first start. */
export class AdminWorld {
  readonly #tokens = new Map<string, string>();

  private constructor(
    readonly database: TestDatabase,
    readonly server: RunningServer,
    readonly admin: RunningServer,
    readonly data: FirstRunData,
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<AdminWorld> {
    const database = await createTestDatabase();
    const adminPort = String(await freePort());
    const addresses = { CURFEW_ADMIN_PORT: adminPort, CURFEW_ADMIN_URL: `http://localhost:${adminPort}` };
    const server = await startServer({ databaseUrl: database.url, settings: { ...addresses, ...settings } });
    const { CURFEW_DEV_FILE: devFile, ...environment } = server.environment;
    // The player of scenarios finds the gateway in first-run data.
    const found = 'CURFEW_SCENARIOS' in settings && devFile ? { CURFEW_DEV_FILE: devFile } : {};
    const admin = await startServer({
      databaseUrl: database.url,
      main: 'apps/admin-api/dist/main.js',
      listensAt: { portSetting: 'CURFEW_ADMIN_PORT', urlSetting: 'CURFEW_ADMIN_URL' },
      settings: { ...environment, ...found },
    });
    return new AdminWorld(database, server, admin, await server.firstRunData());
  }

  async stop(): Promise<void> {
    await this.admin.stop();
    await this.server.stop();
    await this.database.drop();
  }

  get adminUrl(): string {
    return this.admin.issuer;
  }

  /** An access token of the first-run operator; with a scope, of that scope only. */
  async token(scope?: string, again = false): Promise<string> {
    const known = this.#tokens.get(scope ?? '');
    if (known && !again) return known;
    const token = await this.clientToken(this.data.clients.admin, scope);
    this.#tokens.set(scope ?? '', token);
    return token;
  }

  /** A client's own access token for the admin API. */
  async clientToken(
    { client_id, client_secret }: { readonly client_id: string; readonly client_secret: string },
    scope?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const answer = await fetch(`${this.server.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}`, ...headers },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        resource: this.adminUrl,
        scope: scope ?? this.data.clients.admin.scope,
      }),
    });
    const body = (await answer.json()) as { access_token?: string };
    if (!body.access_token) throw new Error(`no token: ${answer.status} ${JSON.stringify(body)}`);
    return body.access_token;
  }

  /** Asks the admin API, as the operator of the first start unless told otherwise (null: as nobody), and waits where it is told to. */
  async call(method: string, path: string, call: Call = {}): Promise<AdminAnswer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.once(method, path, call);
      if (answer.body?.code !== 'too_many_requests' || attempt > 5) return answer;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }

  private async once(
    method: string,
    path: string,
    { token, body, headers = {} }: Call,
  ): Promise<AdminAnswer> {
    const bearer = token === undefined ? await this.token() : token;
    const answer = await fetch(new URL(path, this.adminUrl), {
      method,
      headers: {
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
    });
    const text = await answer.text();
    const json = /json\b/.test(answer.headers.get('content-type') ?? '');
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: json ? JSON.parse(text) : undefined,
    };
  }

  get(path: string, call: Call = {}): Promise<AdminAnswer> {
    return this.call('GET', path, call);
  }

  post(path: string, body: unknown, call: Call = {}): Promise<AdminAnswer> {
    return this.call('POST', path, { ...call, body });
  }

  person(number = 0): Person {
    const { username, password } = this.data.accounts[number]!;
    return new Person(username, password);
  }

  /** Signs a person in on a device, for the orders API. */
  async signIn(person: Person = this.person()): Promise<SignedIn> {
    const { client_id } = this.data.clients.device;
    const tokens = await this.signInRaw(person, {
      client_id,
      resource: orders,
      scope: 'openid offline_access',
    });
    const { access_token, refresh_token } = tokens;
    if (!access_token || !refresh_token) throw new Error(`not signed in: ${JSON.stringify(tokens)}`);
    const { sid } = await this.introspect(access_token);
    return { access_token, refresh_token, sid };
  }

  /** Signs a person in on a device of any client; the token endpoint's answer. */
  async signInRaw(
    person: Person,
    { client_id, resource, scope }: { client_id: string; resource: string; scope: string },
  ): Promise<Record<string, string | undefined>> {
    const start = await this.form('/device/authorization', { client_id, resource, scope });
    await person.follow(start['verification_uri_complete']!);
    return this.form('/token', { grant_type: deviceGrant, client_id, device_code: start['device_code']! });
  }

  /** Shows a refresh token that two later ones have superseded. */
  async reuse({ refresh_token }: SignedIn): Promise<void> {
    const { refresh_token: second } = await this.refresh(refresh_token);
    await this.refresh(second!);
    const { error } = await this.refresh(refresh_token);
    if (error !== 'invalid_grant') throw new Error(`the reuse was answered ${error}`);
  }

  /** Lets a person end a session on their page "Your sessions". */
  async endOwn(person: Person, { sid }: SignedIn): Promise<void> {
    const page = await person.open(`${this.server.issuer}/sessions`);
    const body = formsOf(page.body).find(({ markup }) => markup.includes(sid))?.markup ?? '';
    const { url } = await person.goOn({ ...page, body }, ({ url }) => url.searchParams.has('done'));
    if (url.searchParams.get('done') !== 'one') throw new Error(`not ended: ${url}`);
  }

  async refresh(refreshToken: string): Promise<Record<string, string>> {
    const { client_id } = this.data.clients.device;
    return this.form('/token', { grant_type: 'refresh_token', client_id, refresh_token: refreshToken });
  }

  // biome-ignore lint/suspicious/noExplicitAny: any response, judged by the assertions
  async introspect(token: string): Promise<any> {
    const { client_id, client_secret } = this.data.clients.api;
    return this.form(
      '/introspection',
      { token },
      { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` },
    );
  }

  async form(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Record<string, string>> {
    const answer = await fetch(new URL(path, this.server.issuer), {
      method: 'POST',
      headers,
      body: new URLSearchParams(fields),
    });
    return (await answer.json()) as Record<string, string>;
  }
}
