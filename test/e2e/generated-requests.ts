import { wholeNumbers } from '../support/random.js';
import { askedAbout, headers, methods, names, paths, rawBodies, texts, types } from './hostile-parts.js';
import { marker } from './hostile-world.js';

/** The servers that take requests from outside. */
export const listeners = ['auth', 'admin', 'gateway'] as const;

/** One of the servers that take requests from outside. */
export type Listener = (typeof listeners)[number];

/** A request as it is sent; text beyond ASCII stands for its bytes (Latin-1). */
export interface GeneratedRequest {
  readonly listener: Listener;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | null;
}

/** An operation of the admin API with a target and a body that fit its description. */
export interface KnownOperation {
  readonly method: string;
  readonly target: string;
  readonly query: readonly string[];
  readonly body: unknown;
}

/** The part of an installation that a caller may know. */
export interface KnownWorld {
  readonly operations: readonly KnownOperation[];
  /** Values of the Authorization header that let somebody in. */
  readonly credentials: Readonly<Record<Listener, readonly string[]>>;
  /** Values that mean something here: identifiers, addresses, tokens. */
  readonly values: readonly string[];
  /** The authority each listener expects, with other names it answers to. */
  readonly hosts: Readonly<Record<Listener, readonly string[]>>;
}

/** Text as the bytes of its UTF-8, one character each. */
const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');
const encoded = (text: string): string =>
  encodeURIComponent(Buffer.from(text).toString()).replaceAll('%20', '+');

/** Makes requests that no well-meaning client sends, the same ones for the same seed of the run. */
export class RequestMaker {
  readonly #draw: (least: number, end: number) => number;

  constructor(
    private readonly known: KnownWorld,
    name = 'generated requests',
  ) {
    this.#draw = wholeNumbers(name);
  }

  /** The next request. */
  next(): GeneratedRequest {
    const listener = this.#of(listeners);
    return listener === 'admin' && this.#draw(0, 4) > 0 ? this.#operation() : this.#anything(listener);
  }

  #of<T>(choices: readonly T[]): T {
    return choices[this.#draw(0, choices.length)]!;
  }

  #oneIn(number: number): boolean {
    return this.#draw(0, number) === 0;
  }

  #text(): string {
    return this.#oneIn(4) ? this.#of(this.known.values) : this.#of(texts);
  }

  #pairs(most: number): string {
    const pairs = Array.from({ length: this.#draw(0, most) }, () => {
      const name = this.#oneIn(12) ? `<${marker}>` : this.#of(names);
      return `${encoded(name)}=${this.#oneIn(20) ? '%ff%zz%' : encoded(this.#text())}`;
    });
    // Repeated parameters (RFC 6749 §3.1).
    return (this.#oneIn(8) ? [...pairs, ...pairs.slice(0, 1)] : pairs).join('&');
  }

  #path(path: string): string {
    if (!this.#oneIn(6)) return path;
    const odd = this.#of([
      `${path}/`,
      `/${path}`,
      `${path}%00`,
      `${path};x=1`,
      `${path}/%2e%2e/${marker}`,
      `${path}/../admin`,
      `${path}%2f..%2fadmin`,
      path.toUpperCase(),
      `/%ff${path}`,
      `/${marker}`,
      `/%c0%ae${path}`,
      `${path}/${'x'.repeat(3_000)}`,
      `${path}/%zz`,
      `/\\${marker}.example`,
      `//${marker}.example${path}`,
      `http://${marker}.example${path}`,
      '*',
    ]);
    return odd;
  }

  /** Credentials as they should be, with something wrong about them, or none. */
  #authorization(listener: Listener, whole: boolean): Record<string, string | readonly string[]> {
    if (!whole && this.#oneIn(3)) return {};
    const right = this.#of(this.known.credentials[listener]);
    if (whole || this.#oneIn(2)) return { authorization: right };
    const [scheme, rest = ''] = right.split(' ');
    const wrong = [
      right.slice(0, -1),
      `${right}${marker}`,
      `${scheme!.toLowerCase()}  ${rest}`,
      `${scheme === 'Basic' ? 'Bearer' : 'Basic'} ${rest}`,
      `DPoP ${rest}`,
      `${scheme}`,
      `${scheme} `,
      `${right}, ${right}`,
      `Basic ${btoa(`${this.#of(this.known.values)}:${marker}`)}`,
      `Basic ${btoa(`%zz:${marker}`)}`,
      `Bearer ${'x'.repeat(5_000)}`,
      'Negotiate x',
      this.#of(this.known.credentials[this.#of(listeners)]),
    ];
    return { authorization: this.#oneIn(12) ? [right, this.#of(wrong)] : this.#of(wrong) };
  }

  #headers(listener: Listener): Record<string, string | readonly string[]> {
    const made: Record<string, string | readonly string[]> = {};
    for (let left = this.#draw(0, 4); left > 0; left -= 1) {
      const name = this.#of(Object.keys(headers));
      const value = this.#oneIn(5) ? this.#text() : this.#of(headers[name]!);
      made[name] = this.#oneIn(15) ? [value, value] : value;
    }
    if (made['upgrade'] !== undefined) made['connection'] = 'Upgrade';
    const host = this.#oneIn(25) ? `${marker}.example` : this.#of(this.known.hosts[listener]);
    return { ...made, host };
  }

  #anything(listener: Listener): GeneratedRequest {
    const path = this.#path(
      listener === 'admin' ? this.#of(this.known.operations).target : this.#of(paths[listener]),
    );
    const method = this.#of(methods);
    const hasBody = !['GET', 'HEAD', 'TRACE'].includes(method) || this.#oneIn(20);
    const query = this.#oneIn(2) ? this.#pairs(10) : '';
    const type = this.#oneIn(10) ? {} : { 'content-type': this.#of(types) };
    return {
      listener,
      method,
      path: query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`.slice(0, 7_500),
      headers: {
        ...(path.startsWith('/forward-auth') && !this.#oneIn(5) ? askedAbout : {}),
        ...this.#headers(listener),
        // At the admin API only what is described is asked with whole credentials: anything else could end the run.
        ...this.#authorization(listener, false),
        ...(hasBody ? type : {}),
      },
      body: hasBody ? (this.#oneIn(5) ? this.#of(rawBodies) : this.#pairs(12)) : null,
    };
  }

  /** An operation of the admin API by somebody who may ask for it, with one thing that is not as described. */
  #operation(): GeneratedRequest {
    const { method, target, query, body } = this.#of(this.known.operations);
    const isRead = method === 'GET';
    const parameter = query.length > 0 ? `${this.#of(query)}=${encoded(this.#text())}` : '';
    // A change without a body would be a real one.
    const unknown = body === undefined && !isRead ? `${encoded(`<${marker}>`)}=1` : '';
    const asked = [parameter, unknown].filter((part) => part !== '').join('&');
    const made = body === undefined ? null : this.#oneIn(5) ? this.#of(rawBodies) : this.#spoiled(body);
    return {
      listener: 'admin',
      method,
      path: `${target}${asked === '' ? '' : `?${asked}`}`,
      headers: {
        ...this.#headers('admin'),
        ...(this.#oneIn(6) ? this.#authorization('admin', false) : this.#authorization('admin', true)),
        ...(made === null ? {} : { 'content-type': this.#oneIn(10) ? this.#of(types) : 'application/json' }),
      },
      body: made,
    };
  }

  #spoiled(body: unknown): string {
    const values = [null, true, -1, 0.5, 1e308, [], {}, [[[]]], { [`<${marker}>`]: marker }];
    const value = this.#oneIn(2) ? this.#of(values) : this.#text();
    if (typeof body !== 'object' || body === null || this.#oneIn(8)) return bytesOf(JSON.stringify(value));
    const members = Object.keys(body);
    const member = members.length > 0 && !this.#oneIn(5) ? this.#of(members) : `<${marker}>`;
    return bytesOf(JSON.stringify({ ...body, [member]: value }));
  }
}
