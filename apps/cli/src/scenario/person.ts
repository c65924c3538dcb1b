import type { Send } from './network.js';

/** A page as a browser without script sees it. */
export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly body: string;
}

interface Form {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

const plainText = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replace(/&#(?:39|x27);/g, "'")
    .replaceAll('&amp;', '&');

const attribute = (tag: string, name: string): string | undefined => {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return value === undefined ? undefined : plainText(value);
};

/** The forms of a page, each with the fields a browser would send; boxes to tick stay unticked. */
export const formsOf = (body: string): (Form & { readonly markup: string })[] =>
  [...body.matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/g)].map(([markup]) => {
    const fields = [...markup.matchAll(/<input\b[^>]*>/g)]
      .filter(([tag]) => attribute(tag, 'type') !== 'checkbox')
      .map(([tag]) => [attribute(tag, 'name') ?? '', attribute(tag, 'value') ?? ''] as const);
    return { markup, action: attribute(markup, 'action') ?? '', fields: Object.fromEntries(fields) };
  });

const byFetch: Send = (url, message) => fetch(url, { ...message, redirect: 'manual' });

/** Someone at a browser without script: keeps cookies, follows redirects, fills in the form in front of them. */
export class Person {
  constructor(
    private readonly username: string,
    private readonly password: string,
    /** Headers the browser sends with every request. */
    private readonly browser: Readonly<Record<string, string>> = {},
    /** By name and path, as a browser keeps them (RFC 6265 §5.3). */
    private readonly cookies = new Map<string, { name: string; value: string; path: string }>(),
    private readonly send: Send = byFetch,
  ) {}

  /** Somebody else at the same browser. */
  followedBy(username: string, password: string): Person {
    return new Person(username, password, this.browser, this.cookies, this.send);
  }

  /** Opens an address and looks at what is there, wherever it leads. */
  open(address: string): Promise<Page> {
    return this.request(new URL(address));
  }

  /** Opens an address and does what each page asks until one has no form left, the address is another origin's, or it is time to stop. */
  async follow(address: string, stopAt: (page: Page) => boolean = () => false): Promise<Page> {
    return this.goOn(await this.open(address), stopAt);
  }

  /** Opens an address and sends the first form there whose last button says `words`. */
  async press(address: string, words: string): Promise<Page> {
    const page = await this.open(address);
    const form = formsOf(page.body).find(({ markup }) => markup.includes(`>${words}</button>`));
    if (!form) throw new Error(`${page.url} has no button "${words}": ${page.body}`);
    return this.submit(page, form);
  }

  /** The same, from a page that is open. */
  async goOn(opened: Page, stopAt: (page: Page) => boolean = () => false): Promise<Page> {
    const { origin } = opened.url;
    let page = opened;
    for (let step = 0; step < 10 && page.url.origin === origin; step++) {
      const form = formsOf(page.body)[0];
      if (page.status >= 400 || form === undefined || stopAt(page)) return page;
      page = await this.submit(page, form);
    }
    return page;
  }

  /** The cookies that go with a request to this path. */
  cookieFor(pathname: string): string {
    return [...this.cookies.values()]
      .filter(({ path }) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  /** Sends a form of a page, with what the person knows and with further values for its fields. */
  submit(
    page: Page,
    form: Form & { readonly markup: string },
    values: Readonly<Record<string, string>> = {},
  ): Promise<Page> {
    const fields = new URLSearchParams({ ...form.fields, ...values });
    if (fields.has('username')) fields.set('username', this.username);
    if (fields.has('password')) fields.set('password', this.password);
    // If there are several buttons, the last one continues.
    const button = [...form.markup.matchAll(/<button\b[^>]*>/g)].at(-1)?.[0] ?? '';
    const name = attribute(button, 'name');
    if (name !== undefined) fields.set(name, attribute(button, 'value') ?? '');
    return this.request(new URL(form.action, page.url), {
      method: 'POST',
      body: fields,
      origin: page.url.origin,
    });
  }

  private async request(
    url: URL,
    asked: { method?: string; body?: URLSearchParams; origin?: string } = {},
  ): Promise<Page> {
    const cookie = this.cookieFor(url.pathname);
    const response = await this.send(url, {
      method: asked.method ?? 'GET',
      ...(asked.body ? { body: asked.body } : {}),
      headers: {
        accept: 'text/html',
        ...this.browser,
        ...(cookie ? { cookie } : {}),
        ...(asked.origin ? { origin: asked.origin, 'sec-fetch-site': 'same-origin' } : {}),
      },
    });
    for (const line of response.headers.getSetCookie()) this.keep(line);
    const location = response.headers.get('location');
    if (location === null) return { url, status: response.status, body: await response.text() };
    await response.body?.cancel();
    const next = new URL(location, url);
    // Cookies belong to the server they came from: another origin is visited without them.
    // An app is opened by the operating system; a browser has nothing to ask for.
    if (!/^https?:$/.test(next.protocol)) return { url: next, status: 0, body: '' };
    if (next.origin !== url.origin) {
      const answer = await this.send(next, {});
      return { url: next, status: answer.status, body: await answer.text() };
    }
    return this.request(next);
  }

  private keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    const path = /;\s*path=([^;]+)/i.exec(line)?.[1] ?? '/';
    const gone = value === '' || /expires=Thu, 01 Jan 1970/i.test(line);
    if (gone) this.cookies.delete(`${name} ${path}`);
    else this.cookies.set(`${name} ${path}`, { name, value, path });
  }
}
