import type { Page } from 'playwright-core';
import { freePort } from '../support/ports.js';
import { type RunningServer, startServer } from '../support/server.js';
import { violations } from './console-world.js';
import { House } from './house.js';

let house: House;
let app: RunningServer;

beforeAll(async () => {
  const port = String(await freePort());
  house = await House.open({ CURFEW_CALLBACK_PORT: port });
  const { CURFEW_DEV_FILE: devFile } = house.server.environment;
  // As `npm start` runs it, at the port to which its sign-ins are answered.
  app = await startServer({
    databaseUrl: 'none',
    main: 'apps/demo/dist/main.js',
    listensAt: { portSetting: 'CURFEW_CALLBACK_PORT', urlSetting: 'CURFEW_EXAMPLE_URL' },
    settings: {
      CURFEW_CALLBACK_PORT: port,
      CURFEW_EXAMPLE_URL: `http://localhost:${port}`,
      CURFEW_DEV_FILE: devFile!,
    },
  });
}, 90_000);
afterEach(async () => expect(await house?.tidy()).toEqual([]));
afterAll(async () => {
  await app?.stop();
  await house?.close();
});

/** The example application with somebody signed in. */
async function signedIn(): Promise<Page> {
  const page = await house.window({ javaScriptEnabled: true });
  await page.goto(`${app.issuer}/spa`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${house.issuer}/**`);
  await house.signIn(page);
  const allow = page.getByRole('button', { name: 'Allow' });
  const clocks = page.getByRole('region', { name: 'Your session' });
  await allow.or(clocks).first().waitFor();
  if (await allow.isVisible()) await allow.click();
  await clocks.waitFor();
  return page;
}

it('signs somebody in by the callback port, shows both clocks, and calls its API with a bound token', async () => {
  const page = await signedIn();
  expect(new URL(page.url()).origin).toBe(app.issuer);
  await page
    .getByText(/^(\d+:)?\d\d:\d\d$/)
    .first()
    .waitFor();
  const [request] = await Promise.all([
    page.waitForRequest(`${app.issuer}/orders`),
    page.getByRole('button', { name: 'Call the orders API' }).click(),
  ]);
  const { authorization = '', dpop = '' } = await request.allHeaders();
  expect([authorization.split(' ')[0], dpop.length > 0]).toEqual(['DPoP', true]);
  await page.getByText('The API answered 200.').waitFor();
  expect(await page.getByRole('main').getByRole('listitem').count()).toBeGreaterThan(0);
  expect(await violations(page)).toEqual([]);
  // No token is where a script of the page, or of anybody else on it, could read it.
  const kept = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
  );
  expect(kept).not.toMatch(/cfw_[ar]t_/);
});

it('says why the session is over when it was ended elsewhere, and signs out by itself', async () => {
  const page = await signedIn();
  const account = await page.context().newPage();
  await account.goto(`${house.issuer}/sessions`);
  const own = account.locator('article', { hasText: 'This browser' });
  await own.locator('button.ending').click();
  await page.getByText('Your session was ended elsewhere').waitFor();
  await account.close();

  const other = await signedIn();
  await other.getByRole('button', { name: 'Sign out' }).click();
  // The authorization server asks the person, too, and leads back.
  await other.waitForURL(`${house.issuer}/**`);
  await other
    .getByRole('button', { name: /^Sign out|^Yes/ })
    .first()
    .click();
  await other.getByRole('button', { name: 'Sign in' }).waitFor();
  expect(new URL(other.url()).origin).toBe(app.issuer);
}, 60_000);
