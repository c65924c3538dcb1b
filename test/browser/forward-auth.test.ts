import type { Browser, Page } from 'playwright-core';
import { EngineWorld, orders } from '../e2e/engine-world.js';
import { enrol, withoutFactors } from '../support/authenticator.js';
import { isInstalled } from '../support/other-proxies.js';
import { type Shop, startShop } from '../support/shop.js';
import type { Seen } from '../support/upstream.js';
import { launchChromium, openWindow, type Window } from './chromium.js';

let world: EngineWorld;
let browser: Browser;
const windows: Window[] = [];

beforeAll(async () => {
  world = await EngineWorld.start({ nodes: 1 });
  browser = await launchChromium();
}, 90_000);
afterEach(async () => {
  const complaints = windows.flatMap((window) => window.complaints);
  await Promise.all(windows.splice(0).map((window) => window.close()));
  expect(complaints).toEqual([]);
});
afterAll(async () => {
  await browser?.close();
  await world?.stop();
});

async function openPage(): Promise<Page> {
  const window = await openWindow(browser, { javaScriptEnabled: true });
  windows.push(window);
  return window.page;
}

describe.each(['nginx', 'haproxy'].filter(isInstalled))('an application behind %s, in a browser', (name) => {
  let shop: Shop;
  beforeAll(async () => {
    const { client_id: id, client_secret: secret } = world.data.clients.api;
    const { database } = world;
    shop = await startShop(name, {
      server: world.nodes[0]!,
      database,
      api: { audience: orders, id, secret },
    });
    await world.policy(shop.clientId, {
      inactivityTimeout: '15m',
      absoluteLifetime: '8h',
      accessTokenLifetime: '5m',
    });
  }, 60_000);
  afterAll(() => shop?.stop());

  /** Types the password of an account into the sign-in form. */
  async function typePassword(page: Page, account = 0): Promise<void> {
    const { username, password } = world.data.accounts[account]!;
    expect(new URL(page.url()).origin).toBe(world.issuer);
    const name = page.getByLabel('Username');
    if (await name.isEditable()) await name.fill(username);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Goes to a page without a session, and signs in on the way; the request that the application saw. */
  async function signIn(page: Page, path: string, account = 0): Promise<Seen> {
    await page.goto(`${shop.url}${path}`);
    await typePassword(page, account);
    const allow = page.getByRole('button', { name: 'Allow' });
    const back = page.waitForURL(`${shop.url}${path}`);
    await Promise.race([back, allow.waitFor()]);
    if ((await allow.count()) > 0) await allow.click();
    await back;
    return seenOn(page);
  }

  /** Goes to a page with a sign-in that stands, and allows what is asked on the way; the request that the application saw. */
  async function signedInFor(page: Page, path: string): Promise<Seen> {
    const back = page.waitForURL(`${shop.url}${path}`);
    await page.goto(`${shop.url}${path}`);
    const allow = page.getByRole('button', { name: 'Allow' });
    await Promise.race([back, allow.waitFor()]);
    if ((await allow.count()) > 0) await allow.click();
    await back;
    return seenOn(page);
  }

  const seenOn = async (page: Page): Promise<Seen> => JSON.parse((await page.textContent('body')) ?? '');
  const fetched = (page: Page, path = '/orders'): Promise<number> =>
    page.evaluate((to) => fetch(to).then((answer) => answer.text().then(() => answer.status)), path);
  const becomes = async (page: Page, status: number, patienceMs = 2_000): Promise<void> => {
    const deadline = performance.now() + patienceMs;
    while ((await fetched(page)) !== status) expect(performance.now()).toBeLessThan(deadline);
  };

  it('signs a person in on the way, and brings them to the page they asked for', async () => {
    const page = await openPage();
    const { url, headers } = await signIn(page, '/orders?page=2&q=a%2Fb');
    expect(url).toBe('/orders?page=2&q=a%2Fb');
    expect(headers['x-curfew-client']).toBe(shop.clientId);
    expect(JSON.stringify(headers)).not.toMatch(/curfew_gateway|cfw_at_/);
    // Neither a script nor another site gets at the cookie.
    expect(await page.evaluate('document.cookie')).toBe('');
    const cookies = await page.context().cookies(shop.url);
    expect(cookies.filter(({ name: one }) => /curfew_(gateway|way)/.test(one))).toMatchObject([
      { name: 'curfew_gateway', httpOnly: true, sameSite: 'Lax', expires: -1 },
    ]);
    expect([await fetched(page), await fetched(page, '/api/1')]).toEqual([200, 401]);
  }, 60_000);

  it('asks for the password again after a silence, and brings the person back', async () => {
    const page = await openPage();
    await signIn(page, '/orders?page=3');
    await world.pass(10 * 60);
    await becomes(page, 200);
    await page.goto(`${shop.url}/orders?page=3`);
    expect((await seenOn(page)).url).toBe('/orders?page=3');
    await world.pass(16 * 60);
    await becomes(page, 401);
    await signIn(page, '/orders?page=4');
    expect(await fetched(page)).toBe(200);
  }, 60_000);

  it('shows nobody anything more after an administrator ended the session', async () => {
    const page = await openPage();
    const { headers } = await signIn(page, '/orders');
    expect(await fetched(page)).toBe(200);
    await world
      .engine()
      .end([String(headers['x-curfew-session'])], 'ended_by_administrator', {}, world.clock.now());
    await becomes(page, 401, 2_000);
    // The person is led to the sign-in, and on to their page.
    await signIn(page, '/orders?again');
    expect((await seenOn(page)).url).toBe('/orders?again');
  }, 60_000);

  it('signs out by a form of its page, and of no other site', async () => {
    const page = await openPage();
    await signIn(page, '/orders');
    const signOut = `const form = document.createElement('form');
      Object.assign(form, { method: 'post', action: '${shop.url}/.curfew/sign-out' });
      document.body.append(form); form.submit();`;
    const other = await page.context().newPage();
    await other.goto(`${world.issuer.replace('127.0.0.1', 'localhost')}/health/live`);
    const stopped = other.waitForURL(`${shop.url}/.curfew/sign-out`);
    await other.setContent('<!doctype html><html lang="en"><title>Elsewhere</title><body>');
    await other.evaluate(signOut);
    await stopped;
    expect(await fetched(page)).toBe(200);
    await other.close();
    const led = page.waitForURL((url) => url.origin === world.issuer);
    await page.evaluate(signOut);
    await led;
    await page.goto(`${shop.url}/bye`);
    await becomes(page, 401);
  }, 60_000);

  it('leads a person to the factor that a page demands, or tells them how to get one', async () => {
    const page = await openPage();
    await signIn(page, '/orders', 1);
    await page.goto(`${shop.url}/admin/prices`);
    expect(await page.textContent('h1')).toBe('A second step is needed');
    const { username, password } = world.data.accounts[1]!;
    const { app } = await enrol(world.stranger(1), password, world.issuer, () => world.clock.now());
    await world.database.query(
      `UPDATE account SET second_step_always = false WHERE username = '${username}'`,
    );
    const second = await openPage();
    await signIn(second, '/orders', 1);
    await second.goto(`${shop.url}/admin/prices`);
    expect(new URL(second.url()).origin).toBe(world.issuer);
    await second.getByLabel(/code/i).first().fill(app.code(1));
    const back = second.waitForURL(`${shop.url}/admin/prices`);
    await second.locator('form button').first().click();
    await back;
    expect((await seenOn(second)).headers['x-curfew-acr']).toBe('urn:curfew:acr:mfa');
    await withoutFactors(world.database, username);
  }, 60_000);

  it('leads a person to the passkey of their device where a page demands a second step', async () => {
    const page = await openPage();
    const device = await page.context().newCDPSession(page);
    await device.send('WebAuthn.enable');
    await device.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
        ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
      },
    });
    const { username, password } = world.data.accounts[1]!;
    await page.goto(`${world.issuer}/sign-in`);
    await typePassword(page, 1);
    await page.goto(`${world.issuer}/second-step`);
    await page.getByLabel('Current password').fill(password);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByLabel('Name of the new passkey').fill('This computer');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByRole('heading', { name: 'Your recovery codes', exact: true }).waitFor();
    // The sign-in was by password alone: the new passkey has proved nothing in it, and the page asks for it.
    expect((await signedInFor(page, '/orders')).headers['x-curfew-acr']).toBe('urn:curfew:acr:sfa');
    await page.goto(`${shop.url}/admin/prices`);
    expect(new URL(page.url()).origin).toBe(world.issuer);
    await page.getByRole('heading', { name: 'Second step', exact: true }).waitFor();
    expect(await page.getByLabel('Password').count()).toBe(0);
    const back = page.waitForURL(`${shop.url}/admin/prices`);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await back;
    expect((await seenOn(page)).headers['x-curfew-acr']).toBe('phr');
    await withoutFactors(world.database, username);
  }, 60_000);

  it('leads nobody to another site, whatever a link says', async () => {
    const page = await openPage();
    await signIn(page, '/orders');
    for (const target of [
      '//evil.example.test',
      '/\\evil.example.test',
      '/%5cevil.example.test',
      '/\t/evil.example.test',
      'https://evil.example.test',
      'https:evil.example.test',
      'javascript:alert(1)',
    ]) {
      await page.goto(`${shop.url}/.curfew/sign-in?return_to=${encodeURIComponent(target)}`);
      expect([target, new URL(page.url()).origin]).toEqual([target, shop.url]);
      expect(await page.textContent('h1')).toBe('This sign-in is over');
    }
  }, 60_000);
});
