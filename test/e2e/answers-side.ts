import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import type { Person } from '../support/person.js';
import { encoded, type Form, type Headers, type Reply, sendForm } from './answers-http.js';
import type { AnswersWorld, TemplateName, TwinName } from './answers-world.js';
import type { TestClient } from './protocol-world.js';

/** Differ from answer to answer, for no reason that matters. */
const incidental = new Set(['date', 'x-request-id', 'content-length', 'connection', 'keep-alive']);

export type { Form, Headers, Reply } from './answers-http.js';

/** Basic credentials of a client. */
export const basic = ({ id, secret }: Pick<TestClient, 'id' | 'secret'>): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

/** Credentials of a client in the form. */
export const posted = ({ id, secret }: Pick<TestClient, 'id' | 'secret'>) => ({
  client_id: id,
  client_secret: secret,
});

/** One run of one case: its requests, the responses, and the sessions of both. */
export class Side {
  readonly replies: Reply[] = [];
  readonly sessions: string[] = [];
  /** Further things that have another name on the other side, with the name they have here. */
  readonly names = new Map<string, string>();
  /** Numbers that depend on the moment, to be compared with some tolerance. */
  readonly moments: number[] = [];
  /** Seconds that depend on it as well, but by the next one at most. */
  readonly durations: number[] = [];

  constructor(readonly world: AnswersWorld) {}

  get web(): TestClient {
    return this.world.protocol.clients.web;
  }

  get api(): TestClient {
    return this.world.protocol.clients.api;
  }

  twin(name: TwinName): TestClient {
    return this.world.twin(name);
  }

  /** A session of this side's own; see `AnswersWorld.copy`. */
  async session(
    template: TemplateName = 'web',
    change?: (row: Record<string, unknown>) => Record<string, unknown>,
    generation?: number,
  ) {
    const made = await this.world.copy(template, change, generation);
    this.sessions.push(made.id);
    return made;
  }

  /** Sends a form. */
  async post(path: string, form: Form, headers: Headers = {}, method = 'POST'): Promise<Reply> {
    const reply = await sendForm(this.world.protocol.server, path, form, headers, method);
    this.replies.push(reply);
    return reply;
  }

  refresh(token: string, extra: Form = {}, client = this.web, headers: Headers = {}): Promise<Reply> {
    const form = { grant_type: 'refresh_token', refresh_token: token };
    const body = [encoded(form), encoded(extra)].filter((one) => one.length > 0).join('&');
    return this.post('/token', client.secret ? body : `${body}&client_id=${client.id}`, {
      ...(client.secret ? basic(client) : {}),
      ...headers,
    });
  }

  introspect(token: string, caller = this.api, extra: Record<string, string> = {}): Promise<Reply> {
    return this.post('/introspection', { token, ...extra }, basic(caller));
  }

  machine(client: TestClient, extra: Record<string, string> = {}): Promise<Reply> {
    return this.post('/token', { grant_type: 'client_credentials', ...extra }, basic(client));
  }

  /** The person that all cases share: signed in once, so that a code costs no password. */
  get person(): Person {
    return this.world.person;
  }

  /** A code of `web`, with the verifier that goes with it. */
  async code(extra: Record<string, string>): Promise<{ readonly code: string; readonly verifier: string }> {
    const { code, verifier, page } = await this.world.protocol.authorize(this.web, extra, this.person);
    if (!code) throw new Error(`the authorization ended at ${page.url} with ${page.status}: ${page.body}`);
    return { code, verifier };
  }

  /** Waits until the server has heard of a change to a client; announcements take milliseconds. */
  async settled(): Promise<void> {
    await pause(250);
  }

  /** Everything that must be the same on both sides. */
  async outcome(): Promise<unknown> {
    this.#findStarted();
    // One after the other, so that both sides note their moments in the same order.
    const [answers, sessions]: [unknown[], unknown[]] = [[], []];
    for (const reply of this.replies) answers.push(await this.#describe(reply));
    for (const id of this.sessions) sessions.push(await this.#state(id));
    return this.#named({ answers, sessions });
  }

  /** Sessions that a request of this side started are its own as well. */
  #findStarted(): void {
    for (const { body } of this.replies) {
      const id = this.world.refreshTokens.decode(String(body?.refresh_token ?? ''))?.sessionId;
      if (id !== undefined && !this.sessions.includes(id)) this.sessions.push(id);
    }
  }

  async #describe({ status, headers, order, text, body }: Reply) {
    const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !incidental.has(name)));
    // A new one every minute.
    if (/^[\w-]{43}$/.test(String(kept['dpop-nonce']))) kept['dpop-nonce'] = 'a nonce';
    if (typeof body !== 'object' || body === null) return { status, headers: kept, order, text };
    return { status, headers: kept, order, members: Object.keys(body), body: await this.#readBody(body) };
  }

  async #readBody(body: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { access_token, refresh_token, id_token, ...rest } = body;
    const made = ['device_code', 'user_code', 'verification_uri_complete', 'request_uri'].filter(
      (name) => name in rest,
    );
    return {
      ...this.#timeless(rest),
      ...Object.fromEntries(made.map((name) => [name, typeof rest[name]])),
      ...(access_token === undefined ? {} : { access_token: this.#accessToken(String(access_token)) }),
      ...(refresh_token === undefined ? {} : { refresh_token: this.#refreshToken(String(refresh_token)) }),
      ...(id_token === undefined ? {} : { id_token: await this.#idToken(String(id_token)) }),
    };
  }

  #accessToken(token: string): unknown {
    if (token.startsWith('cfw_at_')) return this.#timeless(this.world.accessTokens.open(token) ?? {});
    const { jti, ...claims } = decodeJwt(token);
    return { jti: typeof jti, claims: this.#timeless(claims), header: decodeProtectedHeader(token) };
  }

  #refreshToken(token: string): unknown {
    const opened = this.world.refreshTokens.decode(token);
    return opened && { sessionId: opened.sessionId, generation: opened.generation };
  }

  async #idToken(token: string): Promise<unknown> {
    const { signingKeys, protocol } = this.world;
    const { payload, protectedHeader } = await jwtVerify(token, signingKeys, { issuer: protocol.issuer });
    const { at_hash, ...claims } = payload;
    return { header: protectedHeader, at_hash: typeof at_hash, claims: this.#timeless(claims) };
  }

  /** Instants and remaining times go to `moments`; the time between two of them stays. */
  #timeless(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
    if (typeof members['expires_in'] === 'number') this.durations.push(members['expires_in']);
    const instants = ['iat', 'exp', 'expires_in', 'issuedAtMs', 'session_age', 'idle_for'];
    const remaining = ['idle_expires_in', 'idle_warning_in', 'absolute_expires_in'];
    const kept = Object.entries(members).map(([name, value]) => {
      if (![...instants, ...remaining].includes(name) || typeof value !== 'number')
        return [name, value] as const;
      this.moments.push(name === 'issuedAtMs' ? value / 1000 : value);
      return [name, 'a moment'] as const;
    });
    const { iat, exp } = members as { iat?: number; exp?: number };
    if (iat !== undefined && exp !== undefined) this.durations.push(exp - iat);
    return Object.fromEntries(kept);
  }

  async #state(id: string): Promise<unknown> {
    const { database } = this.world.protocol;
    const [row] = await database.query<Record<string, unknown>>(
      `SELECT client_id, generation, retries, end_reason, end_detail, rotated_at IS NULL AS never_rotated,
         step_up_required_at IS NULL AS no_step_up, encode(token_hash, 'hex') AS hash, successor_seal IS NULL AS no_seal,
         extract(epoch FROM last_active_at)::float8 AS active, extract(epoch FROM expires_at)::float8 AS expires,
         coalesce(extract(epoch FROM ended_at), 0)::float8 AS ended
       FROM session WHERE id = $1`,
      [id],
    );
    if (!row) return null;
    const { hash, active, expires, ended, end_detail, ...rest } = row;
    this.moments.push(Number(active), Number(expires), Number(ended));
    const events = await database.query(
      'SELECT type, client_id, data FROM event WHERE session_id = $1 ORDER BY type, id',
      [id],
    );
    const detail = shapeOf(end_detail);
    return { ...rest, detail, live: this.#handedOut(hash as string | null), events: events.map(shapeOf) };
  }

  /** Which of the tokens that were handed out is the live one. */
  #handedOut(hash: string | null): string {
    if (hash === null) return 'none';
    const index = this.replies.findIndex((reply) => {
      const token = this.world.refreshTokens.decode(String(reply.body?.refresh_token ?? ''));
      return token && createHash('sha256').update(token.secret).digest('hex') === hash;
    });
    return index < 0 ? 'as before' : `of answer ${index}`;
  }

  /** Sessions and clients by what they are to this side. */
  #named(outcome: unknown): unknown {
    let text = JSON.stringify(outcome);
    for (const [index, id] of this.sessions.entries()) text = text.replaceAll(id, `session ${index}`);
    for (const [id, name] of this.names) text = text.replaceAll(id, name);
    for (const { requestId } of this.replies) text = text.replaceAll(requestId, 'the request');
    return JSON.parse(text);
  }
}

/** Numbers say how much later something was, which the next run cannot repeat. */
const shapeOf = (value: unknown): unknown => {
  if (typeof value === 'number') return 'a number';
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]));
};
