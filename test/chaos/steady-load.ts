import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { EngineClient, Tokens } from '../e2e/engine-world.js';
import { asHeader } from '../e2e/protocol-world.js';

/** The address at which clients ask, and the name under which they do. */
export interface Entrance {
  readonly url: string;
  readonly host: string;
  readonly client: EngineClient;
}

/** An answer; status 0 stands for a connection that broke. */
export interface Heard {
  readonly status: number;
  readonly text: string;
}

/** Sends a form over connections that are kept. */
export function send(
  { url, host, client }: Entrance,
  agent: http.Agent,
  path: string,
  form: Readonly<Record<string, string>>,
): Promise<Heard> {
  const body = new URLSearchParams(form).toString();
  return new Promise((resolve) => {
    const broken = (error: Error) => resolve({ status: 0, text: error.message });
    const headers = {
      Host: host,
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': Buffer.byteLength(body),
      ...asHeader(client as never),
    };
    const request = http.request(`${url}${path}`, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.once('error', broken);
    });
    request.setTimeout(20_000, () => request.destroy(new Error('no answer within 20 s')));
    request.once('error', broken);
    request.end(body);
  });
}

/** The part of the time in which a request may fail, because a process was killed. */
export class Outages {
  #since: number | undefined = undefined;
  #over = Number.NEGATIVE_INFINITY;

  begin(): void {
    this.#since ??= performance.now();
  }

  /** Ends now, for requests that begin from now on. */
  end(): void {
    this.#since = undefined;
    this.#over = performance.now();
  }

  /** Whether a request that began then, and failed now, may have met one. */
  excuse(began: number): boolean {
    return this.#since !== undefined || began < this.#over;
  }
}

/** The counts of a load. */
export interface Counted {
  answered: number;
  /** Requests that failed in an outage, and were sent again. */
  retried: number;
  /** Requests that failed without an excuse. */
  readonly lost: string[];
  /** Answers that no honest client may get: another successor, or an end. */
  readonly wrong: string[];
  readonly tookMs: number[];
}

/** Honest clients that refresh at a fixed rate together; each repeats a request that failed, with the same token. */
export class SteadyLoad {
  readonly agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  readonly counted: Counted = { answered: 0, retried: 0, lost: [], wrong: [], tookMs: [] };
  #isOver = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly entrance: Entrance,
    private readonly outages: Outages,
  ) {}

  /** Each of the sessions refreshes once in as many seconds as make this rate. */
  start(sessions: readonly Tokens[], perSecond: number): void {
    const everyMs = (sessions.length * 1_000) / perSecond;
    const began = performance.now();
    const one = async (tokens: Tokens, index: number) => {
      let token = tokens.refresh_token;
      for (let due = began + (everyMs * index) / sessions.length; !this.#isOver; due += everyMs) {
        await pause(Math.max(0, due - performance.now()));
        if (!this.#isOver) token = await this.refresh(token);
      }
    };
    this.#running = Promise.all(sessions.map(one));
  }

  /** One refresh, repeated until it is acknowledged; answers with the successor. */
  async refresh(token: string): Promise<string> {
    const text = await this.untilAnswered('/token', { grant_type: 'refresh_token', refresh_token: token });
    return text === undefined ? token : (JSON.parse(text) as Tokens).refresh_token;
  }

  /** Sends a form until it is answered 200; undefined if something else was answered that is final. */
  async untilAnswered(path: string, form: Readonly<Record<string, string>>): Promise<string | undefined> {
    for (let tries = 0; tries < 400 && !this.#isOver; tries += 1) {
      const began = performance.now();
      const { status, text } = await send(this.entrance, this.agent, path, form);
      if (status === 200) {
        this.counted.answered += 1;
        this.counted.tookMs.push(performance.now() - began);
        return text;
      }
      const isFinal = status !== 0 && status < 500;
      if (isFinal) this.counted.wrong.push(`${path} ${status} ${text}`);
      else if (this.outages.excuse(began)) this.counted.retried += 1;
      else this.counted.lost.push(`${path} ${status} ${text}`);
      if (isFinal) return undefined;
      await pause(50);
    }
    if (!this.#isOver) this.counted.wrong.push(`${path}: no answer after 400 tries`);
    return undefined;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    this.agent.destroy();
  }
}
