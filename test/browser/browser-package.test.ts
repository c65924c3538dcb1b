import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ClientService } from '@curfew/clients';
import { createVerifier, guarded, type Verifier } from '@curfew/resource-server';
import type { Browser, Page } from 'playwright-core';
import { type EngineClient, EngineWorld, orders } from '../e2e/engine-world.js';
import type { Person } from '../support/person.js';
import { launchChromium, openWindow, type Window } from './chromium.js';

let world: EngineWorld;
let browser: Browser;
let application: Server;
let verifier: Verifier;
const windows: Window[] = [];

/** A page of an application as the package's README has it, with a clock of its device that a test may set. */
const pageOf = (clientId: string): string => `<!doctype html><html lang="en"><title>Application</title>
<script>
  window.wrongBy = Number(sessionStorage.getItem('wrong by') ?? 0);
  const now = Date.now.bind(Date);
  Date.now = () => now() + window.wrongBy;
</script>
<script type="module">
  import { createCurfew } from '/browser/index.js';
  window.heard = [];
  window.curfew = createCurfew({
    issuer: ${JSON.stringify(world.issuer)}, clientId: ${JSON.stringify(clientId)},
    redirectUri: location.origin + '/callback', scope: 'openid orders:read', resource: ${JSON.stringify(orders)},
    patience: 2, watchEvery: 3600,
  });
  for (const name of ['warning', 'ended']) curfew.on(name, (given) => heard.push(name + ' ' + given));
  window.ask = () => curfew.fetch('/orders').then((answer) => answer.text().then(() => answer.status), ({ code }) => code);
</script>`;

beforeAll(async () => {
  world = await EngineWorld.start({ nodes: 1 });
  browser = await launchChromium();
  const { client_id: clientId, client_secret: clientSecret } = world.data.clients.api;
  let api: RequestListener | undefined;
  application = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
    if (pathname === '/orders') return api!(request, response);
    const isScript = pathname.startsWith('/browser/');
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8');
    if (isScript) return response.end(readFileSync(`libs/browser/dist/${pathname.slice(9)}`));
    const known = searchParams.get('client') ?? request.headers.cookie?.match(/client=([\w-]+)/)?.[1] ?? '';
    response.setHeader('set-cookie', `client=${known}`);
    return response.end(pageOf(known));
  });
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
  const { issuer } = world;
  verifier = createVerifier({
    issuer,
    clientId,
    clientSecret,
    audience: orders,
    origin: origin(),
    // Moved clocks are noticed at the next question.
    cacheForMs: 0,
  });
  api = guarded(verifier, (_request, response) => response.end('[]'));
}, 90_000);
afterEach(async () => {
  await Promise.all(windows.splice(0).map((window) => window.close()));
});
afterAll(async () => {
  await browser?.close();
  await verifier?.close();
  application?.closeAllConnections();
  application?.close();
  await world?.stop();
});

const origin = (): string =>
  `http://${new URL(world.issuer).hostname}:${(application.address() as AddressInfo).port}`;

/** Tabs and expiries of the test that counts refreshes. `CURFEW_TEST_TABS=20x50` takes its time. */
const [tabCount, rounds] = (process.env['CURFEW_TEST_TABS'] ?? '6x8').split('x').map(Number) as [
  number,
  number,
];

const lenient = { inactivityTimeout: '1d', absoluteLifetime: '30d', accessTokenLifetime: '5m' };
const strict = {
  inactivityTimeout: '15m',
  idleWarning: '2m',
  accessTokenLifetime: '5m',
  absoluteLifetime: '8h',
};
/** Seconds after which an access token is over. */
const tokenLife = 301;

/** A client under a policy, and a page of it in which somebody has signed in. */
async function signedIn(policy: Readonly<Record<string, unknown>> = lenient, wrongBy = 0) {
  const registration = {
    token_endpoint_auth_method: 'none' as const,
    redirect_uris: [world.callback, `${origin()}/callback`],
  };
  const client = await world.client(registration, policy);
  const person = world.stranger(1);
  // The consent is given where no browser is needed for it.
  await world.signIn(client, { person });
  const window = await openWindow(browser, { javaScriptEnabled: true });
  windows.push(window);
  await letIn(window.page, person);
  await window.page.addInitScript(`sessionStorage.setItem('wrong by', '${wrongBy}')`);
  await signIn(window.page, client);
  return { client, person, sid: await sidOf(window.page), ...window };
}

/** Makes the browser that of a person who has signed in to the server. */
async function letIn(page: Page, person: Person): Promise<void> {
  const cookies = person
    .cookieFor('/')
    .split('; ')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return { name, value: value.join('='), url: world.issuer };
    });
  await page.context().addCookies(cookies);
}

/** Begins a sign-in in a tab, and holds it where the person would be asked. Returns the address at which they are then. */
async function beginSignIn(page: Page): Promise<URL> {
  const pattern = `${world.issuer}/authorize?**`;
  const held = new Promise<URL>((resolve) => {
    void page.route(pattern, async (route) => {
      await route.fulfill({ status: 204 });
      resolve(new URL(route.request().url()));
    });
  });
  await page.evaluate('curfew.signIn({ returnTo: "/after" })');
  const address = await held;
  await page.unroute(pattern);
  return address;
}

/** Goes on with a sign-in that was held; the browser is signed in to the server. */
async function finishSignIn(page: Page, address: URL): Promise<string> {
  await page.goto(address.href);
  await page.waitForURL(`${origin()}/after`);
  return status(page);
}

/** Comes back from a sign-in that was held with something else than the server would say. */
async function comeBack(page: Page, address: URL, answer: Record<string, string>): Promise<void> {
  const { redirect_uri, state } = Object.fromEntries(address.searchParams);
  const query = new URLSearchParams({ state: state!, iss: world.issuer, ...answer });
  await page.goto(`${redirect_uri}?${query}`);
}

async function open(page: Page, client: EngineClient): Promise<string> {
  await page.goto(`${origin()}/?client=${client.id}`);
  return status(page);
}

const sidOf = (page: Page): Promise<string> => page.evaluate('String(curfew.state.claims?.sid)');
const subOf = (page: Page): Promise<string> => page.evaluate('String(curfew.state.claims?.sub)');
const status = (page: Page): Promise<string> => page.evaluate('curfew.ready.then(() => curfew.state.status)');
const ask = (page: Page): Promise<number | string> => page.evaluate('ask()');

async function signIn(page: Page, client: EngineClient): Promise<void> {
  expect(await open(page, client)).toBe('signed_out');
  await page.evaluate('void curfew.signIn({ returnTo: "/after" })');
  await page.waitForURL(`${origin()}/after`);
  expect(await status(page)).toBe('signed_in');
}

/** More tabs of the same browser. */
async function tabs(page: Page, client: EngineClient, count: number): Promise<Page[]> {
  const others = await Promise.all(Array.from({ length: count - 1 }, () => page.context().newPage()));
  for (const other of others) expect(await open(other, client)).toBe('signed_in');
  return [page, ...others];
}

/** Lets time pass at the server and for the clock on the wall of the device; the steady clock of a page stands still, as in sleep. */
async function sleep(pages: readonly Page[], seconds: number): Promise<void> {
  await world.pass(seconds);
  for (const page of pages) await page.evaluate(`window.wrongBy += ${seconds * 1000}`);
}

/** A promise that a test keeps. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
}

/** Waits until each tab has heard exactly this. */
const heard = async (pages: readonly Page[], events: readonly string[]): Promise<void> => {
  await world.until(`${events} were heard`, async () => {
    const all = await Promise.all(pages.map((page) => page.evaluate('heard.length')));
    return all.every((count) => Number(count) >= events.length);
  });
  for (const page of pages) expect(await page.evaluate('heard')).toEqual(events);
};

const generation = async (sid: string): Promise<number> => (await world.row(sid)).generation;

describe('@curfew/browser', () => {
  it('signs in, calls an API with a proof, refreshes, and leaves no token where a script could read it', async () => {
    const { page, client, sid, complaints } = await signedIn();
    expect(await ask(page)).toBe(200);
    await sleep([page], tokenLife);
    expect(await ask(page)).toBe(200);
    expect(await generation(sid)).toBe(1);
    // A page that is loaded again goes on, and so does another tab.
    expect(await open(page, client)).toBe('signed_in');
    const [, other] = await tabs(page, client, 2);
    expect(await ask(other!)).toBe(200);
    expect(await generation(sid)).toBe(1);
    const readable = await page.evaluate(`(async () => {
      const database = await new Promise((resolve) => {
        indexedDB.databases().then(([{ name }]) => { const opening = indexedDB.open(name); opening.onsuccess = () => resolve(opening.result); });
      });
      const all = await new Promise((resolve) => { const asked = database.transaction('session').objectStore('session').getAll(); asked.onsuccess = () => resolve(asked.result); });
      const bytes = all.flatMap(({ sealed }) => (sealed ? [new TextDecoder('latin1').decode(sealed)] : []));
      const [keys] = all.filter(({ proof }) => proof);
      const taken = await Promise.all([keys.proof.privateKey, keys.seal].map((key) => crypto.subtle.exportKey('jwk', key).then(() => 'taken', () => 'not extractable')));
      return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, document.documentElement.outerHTML, location.href, all, bytes, taken]);
    })()`);
    expect(readable).toContain('"not extractable","not extractable"');
    expect(readable).not.toMatch(/cfw_(at|rt)_|eyJ/);
    // The body of a refusal is not read when the request is made again.
    expect(complaints.filter((one) => !one.endsWith('/orders: net::ERR_ABORTED'))).toEqual([]);
  }, 60_000);

  it(
    'refreshes once for all tabs, time after time, and nobody is signed out',
    async () => {
      const { page, client, sid } = await signedIn();
      const all = await tabs(page, client, tabCount);
      for (let round = 1; round <= rounds; round += 1) {
        // In every second round the page does not know that its token is over, and the API says so.
        if (round % 2 === 0) await sleep(all, tokenLife);
        else
          await Promise.all([
            world.pass(tokenLife),
            ...all.map((one) => one.evaluate('window.wrongBy += 10_000')),
          ]);
        expect([round, await Promise.all(all.map(ask))]).toEqual([round, all.map(() => 200)]);
        expect([round, await generation(sid)]).toEqual([round, round]);
      }
      expect(await Promise.all(all.map((one) => one.evaluate('heard')))).toEqual(all.map(() => []));
    },
    60_000 + tabCount * rounds * 1_000,
  );

  it('tells of an idle end that a device slept over, and never puts it off by asking', async () => {
    const { page, client, sid } = await signedIn(strict);
    const both = await tabs(page, client, 2);
    const { last_active_at: before } = await world.row(sid);
    await sleep(both, 13 * 60 + 5);
    await heard(both, ['warning idle']);
    expect((await world.row(sid)).last_active_at).toEqual(before);
    await both[1]!.evaluate('curfew.staySignedIn()');
    for (const one of both)
      expect(await one.evaluate('[curfew.state.warning, curfew.clocks.idle > 880]')).toEqual([
        undefined,
        true,
      ]);
    await sleep(both, 16 * 60);
    await heard(both, ['warning idle', 'ended inactivity_timeout']);
    expect(await world.endOf(sid)).toBe('inactivity_timeout');
    expect(await ask(page)).toBe('signed_out');
  }, 60_000);

  it('is signed out in all tabs by an end elsewhere, and by its own sign-out, and says which it was', async () => {
    const { page, client, sid } = await signedIn(strict);
    const both = await tabs(page, client, 2);
    await world.engine().end([sid], 'ended_by_administrator', {}, world.clock.now());
    await both[1]!.evaluate('curfew.check()');
    await heard(both, ['ended ended_elsewhere']);

    const again = await signedIn(strict);
    const [leaving, other] = (await tabs(again.page, again.client, 2)) as [Page, Page];
    const left = leaving.waitForURL((url) => url.href.startsWith(world.issuer));
    await leaving.evaluate('void curfew.signOut()');
    await left;
    await heard([other], ['ended signed_out']);
    expect(await world.endOf(again.sid)).toBe('revoked_by_client');

    // An idle page of a client that is disabled only asks about its clocks, and is told at that.
    const last = await signedIn(strict);
    const rules = { allowPrivateAddresses: true };
    await new ClientService({ prisma: world.prisma, clock: world.clock, rules }).disable(last.client.id);
    await world.until('the page knows that its client is disabled', async () => {
      await last.page.evaluate('curfew.check().catch(() => {})');
      return Number(await last.page.evaluate('heard.length')) > 0;
    });
    await heard([last.page], ['ended ended_elsewhere']);
  }, 90_000);

  it('completes each sign-in by a key of its own, whatever ends or begins meanwhile, and ends what it replaces', async () => {
    const { page, client, sid } = await signedIn();
    const [first, second, third] = (await tabs(page, client, 3)) as [Page, Page, Page];
    const [one, other] = [await beginSignIn(second), await beginSignIn(third)];
    expect(one.searchParams.get('dpop_jkt')).not.toBe(other.searchParams.get('dpop_jkt'));
    await world.engine().end([sid], 'revoked_by_client', {}, world.clock.now());
    await first.evaluate('curfew.check()');
    await heard([first, second, third], ['ended ended_elsewhere']);
    expect(await finishSignIn(second, one)).toBe('signed_in');
    const replaced = await sidOf(second);
    expect(await finishSignIn(third, other)).toBe('signed_in');
    const all = [first, second, third];
    expect(new Set(await Promise.all(all.map(sidOf)))).toEqual(new Set([await sidOf(third)]));
    expect(await Promise.all(all.map(ask))).toEqual([200, 200, 200]);
    expect([await world.endOf(replaced), await world.endOf(await sidOf(third))]).toEqual([
      'revoked_by_client',
      null,
    ]);
    // Sign-ins that never come back leave no key for ever.
    const pending = () =>
      first.evaluate(`(async () => {
        const [{ name }] = await indexedDB.databases();
        const database = await new Promise((resolve) => { const opening = indexedDB.open(name); opening.onsuccess = () => resolve(opening.result); });
        const names = await new Promise((resolve) => { const asked = database.transaction('session').objectStore('session').getAllKeys(); asked.onsuccess = () => resolve(asked.result); });
        database.close();
        return names.filter((one) => one.startsWith('sign-in ')).length;
      })()`);
    expect(await pending()).toBe(0);
    await beginSignIn(first);
    await beginSignIn(first);
    expect(await pending()).toBe(2);
    await first.evaluate('window.wrongBy += 2 * 86_400_000');
    await beginSignIn(first);
    expect(await pending()).toBe(1);
  }, 60_000);

  it('is not brought back by an answer that comes after its end, in any tab', async () => {
    const { page, client, sid } = await signedIn();
    const [refreshing, leaving] = (await tabs(page, client, 2)) as [Page, Page];
    await refreshing.evaluate(`(() => {
      const encrypt = crypto.subtle.encrypt.bind(crypto.subtle);
      window.sealing = new Promise((began) => {
        const released = new Promise((resolve) => { window.release = resolve; });
        crypto.subtle.encrypt = async (...given) => { began(); await released; return encrypt(...given); };
      });
    })()`);
    await sleep([refreshing, leaving], tokenLife);
    const late = ask(refreshing);
    await refreshing.evaluate('sealing');
    expect(await generation(sid)).toBe(1);
    await leaving.route(
      (url) => url.href.startsWith(`${world.issuer}/logout`),
      (route) => route.fulfill({ status: 204 }),
    );
    await leaving.evaluate('void curfew.signOut()');
    await heard([refreshing, leaving], ['ended signed_out']);
    await refreshing.evaluate('release()');
    expect(await late).toBe('signed_out');
    expect(await Promise.all([refreshing, leaving].map(status))).toEqual(['signed_out', 'signed_out']);
    expect(await open(refreshing, client)).toBe('signed_out');
  }, 60_000);

  it('never makes the request of one person as another one who signs in meanwhile, and tells every tab', async () => {
    const { page, client, person } = await signedIn();
    const [asking, other] = (await tabs(page, client, 2)) as [Page, Page];
    const another = world.stranger(0);
    await world.signIn(client, { person: another });
    /** Signs somebody in, in the other tab, while an answer to this one is held. */
    const meanwhile = async (address: string, somebody: Person, answer?: { readonly status: number }) => {
      const [asked, answered] = [gate(), gate()];
      let count = 0;
      await asking.route(address, async (route) => {
        count += 1;
        const response = answer ? undefined : await route.fetch();
        asked.open();
        await answered.opened;
        await route.fulfill(response ? { response } : answer!);
      });
      const late = ask(asking);
      await asked.opened;
      await letIn(other, somebody);
      expect(await finishSignIn(other, await beginSignIn(other))).toBe('signed_in');
      await world.until('this tab hears of it', async () => (await subOf(asking)) === (await subOf(other)));
      answered.open();
      const outcome = await late;
      await asking.unroute(address);
      return { outcome, count };
    };
    const before = await subOf(asking);
    expect(await meanwhile(`${origin()}/orders`, another, { status: 401 })).toEqual({
      outcome: 401,
      count: 1,
    });
    expect(await subOf(asking)).not.toBe(before);
    await heard([asking], ['ended another_person']);
    // The same while the token of the request is refreshed, before the request is made for the first time.
    await sleep([asking], tokenLife);
    const { outcome } = await meanwhile(`${world.issuer}/token`, person);
    expect([outcome, await subOf(asking)]).toEqual(['signed_out', before]);
    await heard([asking], ['ended another_person', 'ended another_person']);
  }, 60_000);

  it('goes on while a tab is frozen in the middle of a refresh, and after it thaws', async () => {
    const { page, client, sid } = await signedIn();
    const [frozen, other] = (await tabs(page, client, 2)) as [Page, Page];
    const [answered, thawed] = [gate(), gate()];
    await frozen.route(`${world.issuer}/token`, async (route) => {
      const response = await route.fetch();
      // The server has rotated, and the tab never hears of it.
      if (response.status() === 200) {
        answered.open();
        await thawed.opened;
      }
      await route.fulfill({ response });
    });
    await sleep([frozen, other], tokenLife);
    const late = ask(frozen);
    await answered.opened;
    const lifecycle = await frozen.context().newCDPSession(frozen);
    await lifecycle.send('Page.setWebLifecycleState', { state: 'frozen' });
    expect(await ask(other)).toBe(200);
    expect(await generation(sid)).toBe(1);
    thawed.open();
    await lifecycle.send('Page.setWebLifecycleState', { state: 'active' });
    expect(await late).toBe(200);
    await frozen.unrouteAll();
    await sleep([frozen, other], tokenLife);
    expect(await Promise.all([ask(frozen), ask(other)])).toEqual([200, 200]);
    expect(await generation(sid)).toBe(2);
    expect(await world.endOf(sid)).toBeNull();
  }, 60_000);

  it('goes on in every tab after the storage was cleared in one', async () => {
    const { page, client, sid } = await signedIn();
    const both = await tabs(page, client, 2);
    const clear = `indexedDB.databases().then((all) => Promise.all(all.map(({ name }) => new Promise((resolve) => {
      const deleting = indexedDB.deleteDatabase(name); deleting.onsuccess = resolve; deleting.onerror = resolve;
    })))).then(() => { localStorage.clear(); sessionStorage.clear(); })`;
    await page.evaluate(clear);
    // The other tab still knows everything.
    expect(await open(page, client)).toBe('signed_in');
    await page.evaluate(clear);
    await sleep(both, tokenLife);
    expect(await Promise.all(both.map(ask))).toEqual([200, 200]);
    expect(await generation(sid)).toBe(1);
    // The refresh has written it again.
    await both[1]!.close();
    expect(await open(page, client)).toBe('signed_in');
    expect(await ask(page)).toBe(200);
  }, 60_000);

  it.each([
    ['ahead', 86_400_000],
    ['behind', -86_400_000],
  ])(
    'works with a clock that is a day %s, and while it is set right',
    async (_, wrongBy) => {
      const { page, sid } = await signedIn(strict, wrongBy);
      expect(await ask(page)).toBe(200);
      await page.evaluate('window.wrongBy = 0');
      expect(await ask(page)).toBe(200);
      await page.evaluate(`window.wrongBy = ${wrongBy}`);
      await sleep([page], tokenLife);
      expect(await ask(page)).toBe(200);
      await page.evaluate('curfew.check()');
      expect(await page.evaluate('heard')).toEqual([]);
      expect(await world.endOf(sid)).toBeNull();
      await sleep([page], 16 * 60);
      await heard([page], ['ended inactivity_timeout']);
    },
    60_000,
  );

  it('takes no answer that it did not ask for, goes on with its session, and gives no token to other addresses', async () => {
    const { page, client, sid } = await signedIn();
    expect(
      await page.evaluate(`curfew.fetch('https://elsewhere.example.test/orders').catch(({ code }) => code)`),
    ).toBe('foreign_api');
    await page.goto(
      `${origin()}/callback?client=${client.id}&code=abc&state=of-somebody-else&iss=${world.issuer}`,
    );
    expect(await status(page)).toBe('signed_in');
    expect(await page.evaluate('[curfew.state.error.code, location.href]')).toEqual([
      'unknown_sign_in',
      `${origin()}/callback`,
    ]);
    // Another issuer answers a sign-in that this tab began (RFC 9207), and a step-up is refused.
    for (const [code, answer] of [
      ['unexpected_answer', { code: 'abc', iss: 'https://mallory.example.test' }],
      ['access_denied', { error: 'access_denied' }],
      ['invalid_grant', { code: 'abc' }],
    ] as const) {
      await comeBack(page, await beginSignIn(page), answer);
      expect([code, await status(page)]).toEqual([code, 'signed_in']);
      expect(await page.evaluate('[curfew.state.error.code, location.pathname, location.search]')).toEqual([
        code,
        '/after',
        '',
      ]);
    }
    expect([await ask(page), await sidOf(page), await world.endOf(sid)]).toEqual([200, sid, null]);
    expect(await open(page, client)).toBe('signed_in');
    expect(await page.evaluate('curfew.state.error')).toBeUndefined();
  }, 60_000);
});
