import type { IncomingHttpHeaders } from 'node:http';
import type { Person } from './person.js';
import { send } from './upstream.js';

/** A browser as far as a gateway is concerned: it keeps the cookies of the gateway, and says what a page or a script would say. */
export class GatewayBrowser {
  readonly cookies = new Map<string, string>();

  /** `host` is the name and port that the browser knows; `via` is the port of the gateway that answers there. */
  constructor(
    private readonly host: string,
    private readonly via = () => Number(host.split(':')[1]),
  ) {}

  async get(path: string, headers: Record<string, string> = {}, method = 'GET') {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const { host } = this;
    const answer = await send(
      `http://127.0.0.1:${this.via()}`,
      { host, ...(cookie ? { cookie } : {}), ...headers },
      { path, method },
    );
    this.keep(answer.headers);
    return answer;
  }

  navigate(path: string) {
    return this.get(path, {
      accept: 'text/html',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    });
  }

  fetch(path: string, headers: Record<string, string> = {}, method = 'GET') {
    const own = { accept: 'application/json', 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' };
    return this.get(path, { ...own, ...headers }, method);
  }

  keep(headers: IncomingHttpHeaders): void {
    for (const line of headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      expect(line).toMatch(/; Path=\/; HttpOnly; SameSite=Lax/);
      if (/Max-Age=0/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }

  /** Goes to a page, and this person does on the way whatever they are asked. */
  async signInAs(person: Person, path: string): Promise<void> {
    const sent = await this.navigate(path);
    expect(sent.status).toBe(303);
    const page = await person.follow(sent.headers.location!);
    const back = await this.navigate(`${page.url.pathname}${page.url.search}`);
    expect([back.status, back.headers.location]).toEqual([303, path]);
  }
}
