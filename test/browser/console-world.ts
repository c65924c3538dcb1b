import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, BrowserContextOptions, Locator, Page, Request } from 'playwright-core';
import { AdminWorld, orders } from '../e2e/admin-world.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { freePort } from '../support/ports.js';
import { launchChromium, openWindow, type Window } from './chromium.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The whole product as the first start makes it, and a browser before its console. */
export class ConsoleWorld {
  private readonly windows: Window[] = [];
  private readonly unanswered = new WeakMap<Page, Set<Request>>();
  private hadOutage = false;

  private constructor(
    readonly admin: AdminWorld,
    private gateway: RunningGateway,
    readonly url: string,
    private readonly browser: Browser,
  ) {}

  static async open(settings: Readonly<Record<string, string>> = {}): Promise<ConsoleWorld> {
    const port = await freePort();
    const url = `http://console.localhost:${port}`;
    const admin = await AdminWorld.start({
      CURFEW_GATEWAY_URL: `http://localhost:${port}`,
      CURFEW_CONSOLE_URL: url,
      CURFEW_VIRTUAL_CLOCK: 'true',
      CURFEW_SCENARIOS: 'true',
      ...settings,
    });
    const gateway = await startGateway(admin.server, { CURFEW_GATEWAY_PORT: String(port) });
    return new ConsoleWorld(admin, gateway, url, await launchChromium());
  }

  async close(): Promise<void> {
    await this.browser?.close();
    await this.gateway?.stop();
    await this.admin?.stop();
  }

  /** Does something while neither the console nor the admin API can be reached. */
  async outage(work: () => Promise<void>): Promise<void> {
    this.hadOutage = true;
    await this.gateway.kill();
    try {
      await work();
    } finally {
      const { port } = new URL(this.url);
      this.gateway = await startGateway(this.admin.server, { CURFEW_GATEWAY_PORT: port });
    }
  }

  /**
   * Does something while a page cannot reach the admin API. The browser says that it is offline, so the page finds out at once; unless it
   * is to find out by its own next request.
   */
  async cut(page: Page, work: () => Promise<void>, isToldAtOnce = true): Promise<void> {
    this.hadOutage = true;
    const calls = /\/v1\//;
    await page.route(calls, (route) => route.abort('connectionrefused'));
    if (isToldAtOnce) await page.evaluate(() => window.dispatchEvent(new Event('offline')));
    try {
      await work();
    } finally {
      await page.unroute(calls);
    }
  }

  /** A window of its own, with scripts; `tidy` closes it and says what its console complained about. */
  async window(options: BrowserContextOptions = {}): Promise<Page> {
    const window = await openWindow(this.browser, { javaScriptEnabled: true, ...options });
    this.windows.push(window);
    const open = new Set<Request>();
    this.unanswered.set(window.page, open);
    window.page.on('request', (request) => {
      // The feed is never answered in full.
      if (!new URL(request.url()).pathname.endsWith('/stream')) open.add(request);
    });
    const forget = (request: Request) => open.delete(request);
    window.page.on('requestfinished', forget).on('requestfailed', forget);
    return window.page;
  }

  /** Resolves when a page shows everything that it asked for. A part that comes later asks for more, so it must stay so for a moment. */
  async whole(page: Page): Promise<void> {
    const deadline = performance.now() + 20_000;
    const isLoading = async () =>
      (this.unanswered.get(page)?.size ?? 0) > 0 || (await page.locator('.loading').count()) > 0;
    for (let calm = 0; calm < 3; await pause(50)) {
      calm = (await isLoading()) ? 0 : calm + 1;
      if (performance.now() > deadline) {
        const open = [...(this.unanswered.get(page) ?? [])].map((request) => request.url());
        const loading = await page.locator('.loading').allTextContents();
        throw new Error(`${page.url()} is not whole after 20 s: ${JSON.stringify({ open, loading })}`);
      }
    }
    await page.evaluate(() => document.fonts.ready.then(() => undefined));
  }

  /** Faults that can be measured on the page that is open, once it is whole: axe's, and what stands out at its side. */
  async faults(page: Page): Promise<string[]> {
    await this.whole(page);
    const found = await violations(page);
    const overflow = await page.locator('html').evaluate((root) => root.scrollWidth - root.clientWidth);
    return overflow > 0 ? [...found, `${overflow} pixels wider than the window`] : found;
  }

  async tidy(): Promise<string[]> {
    const windows = this.windows.splice(0);
    await Promise.all(windows.map((window) => window.close()));
    // A person who leaves a page leaves the requests that it waits for; in an outage every request fails. A clock that jumps makes the
    // token of the feed old, so the gateway cuts the feed; it goes on from its position.
    const expected = this.hadOutage
      ? /net::ERR_/
      : /net::ERR_ABORTED$|(\/events\/stream|^Failed to load resource): net::ERR_INCOMPLETE_CHUNKED_ENCODING$/;
    this.hadOutage = false;
    return windows.flatMap(({ complaints }) => complaints).filter((one) => !expected.test(one));
  }

  /** Fills in the form of the authorization server, and allows the console what it asks for the first time. */
  async signIn(page: Page, username = this.admin.data.operator, password?: string): Promise<void> {
    const known = this.admin.data.accounts.find((account) => account.username === username);
    const name = page.getByLabel('Username');
    // A person who signs in again is known by name already.
    if (await name.isEditable()) await name.fill(username);
    await page.getByLabel('Password').fill(password ?? known?.password ?? '');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  async allow(page: Page): Promise<void> {
    const allow = page.getByRole('button', { name: 'Allow' });
    await Promise.race([allow.waitFor(), page.getByRole('navigation', { name: 'Pages' }).waitFor()]);
    if ((await allow.count()) > 0) await allow.click();
  }

  /** Opens a page of the console as somebody who is not signed in, and signs in on the way. */
  async enter(path: string, options: BrowserContextOptions = {}, username?: string, password?: string) {
    const page = await this.window(options);
    await page.goto(`${this.url}${path}`);
    await this.signIn(page, username, password);
    await this.allow(page);
    return page;
  }
}

/** The addresses of the pages as the router has them, such as `/people/$id`; those that only lead on are left out. */
export function routedPages(): string[] {
  const source = readFileSync('apps/console/src/router.tsx', 'utf8');
  const blocks = [...source.matchAll(/const (\w+) = createRoute\(\{([\s\S]*?)\n\}\);/g)].map(
    ([, name, body]) => ({
      name: name!,
      parent: /getParentRoute: \(\) => (\w+)/.exec(body!)?.[1],
      path: /path: '([^']*)'/.exec(body!)?.[1] ?? '',
      isPage: body!.includes('component: lazyRouteComponent'),
    }),
  );
  const whole = ({ parent, path }: (typeof blocks)[number]): string => {
    const above = blocks.find(({ name }) => name === parent);
    return `${above?.path ? whole(above) : ''}/${path}`.replaceAll('//', '/');
  };
  return blocks.filter(({ isPage }) => isPage).map(whole);
}

/** The scope without which a page of the navigation shows nothing, by its address. */
export function neededScopes(): Readonly<Record<string, string>> {
  const source = readFileSync('apps/console/src/shell/navigation.ts', 'utf8');
  const found = [...source.matchAll(/ to: '(\/\w+)',[\s\S]*?scope: '([\w:]+)'/g)];
  return Object.fromEntries(found.map(([, to, scope]) => [to!, scope!]));
}

/** An identity provider that nobody signs in with. */
export async function aProvider(admin: AdminWorld, id = `kept-${randomUUID().slice(0, 8)}`) {
  const { body } = await admin.post('/v1/identity-providers', {
    ...{ id, name: `Provider ${id}`, issuer: `https://${id}.example.test`, client_id: 'curfew' },
    ...{ client_secret: 'unused', enabled: false },
  });
  return body;
}

/** A transmitter that nobody hears. */
export async function aTransmitter(admin: AdminWorld, id = `kept-${randomUUID().slice(0, 8)}`) {
  const { status, body, text } = await admin.post('/v1/transmitters', {
    ...{ id, issuer: `https://${id}.example.test`, audience: 'here', delivery: 'push' },
    ...{ authorization: `Bearer of-the-transmitter ${id}`, enabled: false },
  });
  if (status !== 201) throw new Error(text);
  return body;
}

/** Each page of the router: an address at which it shows something, and a text that is there once it is complete. */
export async function pageAddresses(
  { admin }: ConsoleWorld,
  sid: string,
): Promise<Readonly<Record<string, readonly [address: string, there: string]>>> {
  const { account_id: account } = (await admin.get(`/v1/sessions/${sid}`)).body;
  const { client_id: client } = admin.data.clients.web;
  const route = `kept-${randomUUID().slice(0, 8)}`;
  await admin.post('/v1/gateway-routes', {
    name: route,
    position: 9_000,
    resource: orders,
    hosts: ['kept.example.test'],
    path: `/${route}`,
  });
  // The list is shown with a row, as the others are; its words for none stand in console-states.test.ts.
  await aProvider(admin);
  await aTransmitter(admin);
  return {
    '/now': ['/now', 'Time to deny'],
    '/people': ['/people', 'that is all'],
    '/people/identity-providers': ['/people/identity-providers', 'that is all'],
    '/people/$id': [`/people/${account}`, 'Allowed applications'],
    '/applications': ['/applications', 'that is all'],
    '/applications/$id': [`/applications/${client}`, 'in four weeks'],
    '/apis': ['/apis', 'that is all'],
    '/apis/routes': ['/apis/routes?url=https%3A%2F%2Forders.example.test', 'No route that is kept here'],
    '/apis/routes/$name': [`/apis/routes/${route}`, 'kept.example.test'],
    '/apis/new-route': ['/apis/new-route', 'Requirements'],
    '/policies': ['/policies', 'nist-aal2'],
    '/policies/$name': ['/policies/standard', 'inactivity timeout'],
    '/insight': ['/insight', 'What this rests on'],
    '/events': ['/events', 'shown'],
    '/events/transmitters': ['/events/transmitters', 'that is all'],
    '/scenarios': ['/scenarios?scenario=stolen-token', 'a person signs in at laptop'],
    '/compliance': ['/compliance', 'Whose sessions are judged'],
    '/system': ['/system', 'ES256'],
    '/sessions': ['/sessions?state=live', 'shown'],
    '/sessions/$id': [`/sessions/${sid}`, 'What happened'],
  };
}

/** Buttons of pages that lead to a dialog or a form, whose own button carries the act out. */
export const asking = /…$|^(New (person|application|policy|API)|Change it|Give it a look)$/;

/** The presses between such a button and the one that carries the act out. */
const steps: Readonly<Record<string, string>> = { 'New application': 'Web application' };

/** The buttons of a page that are on and lead to an act. */
export const actButtons = (page: Page): Locator =>
  page.locator('main .act > button:not([aria-disabled])').filter({ visible: true });

/** Presses the first button for an act, and those between it and the act's own. */
export async function openAct(page: Page, act: string): Promise<void> {
  await actButtons(page).getByText(act, { exact: true }).first().click();
  const step = steps[act];
  if (step) await page.getByRole('button', { name: step }).click();
}

/** Presses the first button within `part` that hands a table or a report out, and returns the file. */
export async function fileOf(
  part: Locator,
  button = 'CSV',
): Promise<{ readonly name: string; readonly text: string }> {
  const [file] = await Promise.all([
    part.page().waitForEvent('download'),
    part.getByRole('button', { name: button, exact: true }).first().click(),
  ]);
  const parts = await (await file.createReadStream()).toArray();
  return { name: file.suggestedFilename(), text: Buffer.concat(parts).toString() };
}

/** Names that standards and other programs give, which a person has to write as they are. */
const namesOfOthers =
  /^(private_key_jwt|require_pushed_authorization_requests|preferred_username|synchronous_commit)$/;

/** Words of the page that is open as programs write them, in the middle of sentences: those in code and in what was typed are left out. */
export async function rawWords(page: Page): Promise<string[]> {
  const found = await page.locator('main').evaluate((main) => {
    const nodes = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
    const raw: string[] = [];
    while (nodes.nextNode()) {
      const { parentElement, textContent } = nodes.currentNode;
      if (parentElement?.closest('code, pre, .mono, textarea')) continue;
      const text = (textContent ?? '').replaceAll(/https?:\/\/\S+/g, '');
      raw.push(...(text.match(/\b[a-z]+(?:_[a-z]+)+\b|\burn:[a-z]+:\S+|\b[a-z]{2,}[A-Z][a-z]+\w*/g) ?? []));
    }
    return raw;
  });
  return [...new Set(found)].filter((word) => !namesOfOthers.test(word));
}

/** The violations that axe finds on the page that is open. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    // @ts-expect-error axe puts itself there
    const { violations: found } = await window.axe.run(document, { resultTypes: ['violations'] });
    return found.map(
      (one: { id: string; nodes: { target: string[] }[] }) =>
        `${one.id}: ${one.nodes.map(({ target }) => target.join(' ')).join(', ')}`,
    );
  });
}
