import { randomUUID } from 'node:crypto';
import { adminScopeNames } from '@curfew/config/admin-scopes';
import { clientBasic } from '@curfew/resource-server/client-basic';
import type { Connection } from './connection.js';
import { CommandError, type ExitCode, exitCodes } from './exit.js';

// biome-ignore lint/suspicious/noExplicitAny: commands read what the document of the API describes
export type Json = any;

/** The parts of a request to the admin API. */
export interface Request {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** The version a change is made from. */
  readonly version?: number;
  /** The entity tag of the state that an act is made from. */
  readonly etag?: string;
  /** Repeats of this very request, after a lost answer, get the first answer again. */
  readonly idempotent?: boolean;
  /** Milliseconds after which the answer is not waited for; such a request is made once. */
  readonly patience?: number;
}

/** The admin API's answer. */
export interface AdminResponse {
  readonly status: number;
  readonly body: Json;
  readonly headers: Headers;
}

const patience = 30_000;
const attempts = 3;

const codesByStatus: Readonly<Record<number, ExitCode>> = {
  400: exitCodes.usage,
  401: exitCodes.notAllowed,
  403: exitCodes.notAllowed,
  404: exitCodes.notFound,
  409: exitCodes.conflict,
  412: exitCodes.conflict,
  422: exitCodes.conflict,
  429: exitCodes.unreachable,
  503: exitCodes.unreachable,
};

/** The admin API as this command line talks to it: with a token of its own, got when it is first needed. */
export class AdminClient {
  #token: Promise<string> | undefined;

  constructor(readonly connection: Connection) {}

  /** GET. */
  async get(path: string, query: Request['query'] = {}): Promise<Json> {
    return (await this.send('GET', path, { query })).body;
  }

  /** Every item of a list, page after page, up to `most`. */
  async list(path: string, query: Request['query'] = {}, most = Number.POSITIVE_INFINITY): Promise<Json[]> {
    const items: Json[] = [];
    let cursor: string | undefined;
    do {
      const page: Json = await this.get(path, { ...query, cursor });
      items.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined && items.length < most);
    return items.slice(0, most);
  }

  /** Any request; throws CommandError with what the service says is wrong. */
  async send(method: string, path: string, request: Request = {}): Promise<AdminResponse> {
    const key = request.idempotent ? { 'idempotency-key': randomUUID() } : {};
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#once(method, path, request, key);
      const again = answer.status === 401 || answer.status === 429 || answer.status === 503;
      if (!again || attempt >= attempts || request.patience !== undefined) return judged(answer, path);
      if (answer.status === 401) this.#token = undefined;
      else
        await new Promise((resolve) =>
          setTimeout(resolve, Number(answer.headers.get('retry-after') ?? 1) * 1_000),
        );
    }
  }

  /** Opens a stream; the caller reads its body. */
  async open(path: string, query: Request['query'], headers: Record<string, string>, signal: AbortSignal) {
    const url = this.#url(path, query);
    const authorization = `Bearer ${await this.token()}`;
    return this.#reach(
      fetch(url, { headers: { authorization, accept: 'text/event-stream', ...headers }, signal }),
    );
  }

  /** An access token for the admin API (RFC 6749 §4.4). */
  token(): Promise<string> {
    this.#token ??= this.#newToken();
    return this.#token;
  }

  async #once(
    method: string,
    path: string,
    { query, body, version, etag, patience: wait = patience }: Request,
    more: Record<string, string>,
  ) {
    const headers: Record<string, string> = { authorization: `Bearer ${await this.token()}`, ...more };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (version !== undefined) headers['if-match'] = `"${version}"`;
    if (etag !== undefined) headers['if-match'] = etag;
    const answer = await this.#reach(
      fetch(this.#url(path, query), {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(wait),
      }),
    );
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : parsed(text) };
  }

  async #newToken(): Promise<string> {
    const { issuer, resource, clientId, clientSecret } = this.connection;
    const answer = await this.#reach(
      fetch(`${issuer.replace(/\/$/, '')}/token`, {
        method: 'POST',
        headers: { authorization: clientBasic(clientId, clientSecret) },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope: allScopes }),
        signal: AbortSignal.timeout(patience),
      }),
    );
    const body = (await answer.json().catch(() => ({}))) as { access_token?: string; error?: string };
    if (body.access_token) return body.access_token;
    const code = answer.status >= 500 ? exitCodes.unreachable : exitCodes.notAllowed;
    throw new CommandError(`no access token: ${body.error ?? `status ${answer.status}`}`, code);
  }

  #url(path: string, query: Request['query'] = {}): URL {
    const url = new URL(path, this.connection.adminUrl);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    return url;
  }

  async #reach(answer: Promise<Response>): Promise<Response> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') throw error;
      throw new CommandError(
        `${this.connection.adminUrl} or ${this.connection.issuer} cannot be reached. Is it running (npm start)? curfew doctor looks closer.`,
        exitCodes.unreachable,
      );
    }
  }
}

/** Everything the client may have; the service gives what it is registered for. */
const allScopes = adminScopeNames.join(' ');

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The names in a path, in order: `/v1/clients/shop/secrets/2` names `shop` and `2`. */
const namedIn = (path: string): string[] =>
  path
    .split('/')
    .filter((_, index) => index > 2 && index % 2 === 1)
    .map(decodeURIComponent);

/** A problem (RFC 9457) as a sentence, with each fault on a line of its own. The service repeats no value; here it is shown to whoever typed it. */
function judged(answer: AdminResponse, path: string): AdminResponse {
  if (answer.status < 400) return answer;
  const { code = 'unknown', detail, title, faults = [], requestId } = (answer.body ?? {}) as Json;
  const named = namedIn(path).map((name) => JSON.stringify(name));
  const missing = answer.status === 404 && named.length > 0 ? `: ${named.join(', ')}` : '';
  const lines = [
    `${detail ?? title ?? 'refused'} (${code})${missing}`,
    ...faults.map((fault: { at: string; detail: string }) => {
      const value = fault.at.startsWith('path/') && named.length === 1 ? ` ${named[0]}` : '';
      return `  ${fault.at}${value}: ${fault.detail}`;
    }),
    ...(answer.status >= 500 && requestId ? [`  request ${requestId}`] : []),
  ];
  const exitCode = codesByStatus[answer.status] ?? exitCodes.failed;
  throw new CommandError(lines.join('\n'), exitCode, faults, answer.status);
}
