import { randomUUID } from 'node:crypto';
import { plantCounts } from '../support/planted-counts.js';
import { populationUnder } from '../support/population.js';
import { ConsoleWorld, violations } from './console-world.js';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open();
  // What people did on four days, under the timeout that the standard profile has.
  const seen = populationUnder(1_800, { people: 320, days: 5, giveUpShare: 0.12, seed: 21 });
  for (const client of [world.admin.data.clients.web.client_id, ''])
    await plantCounts(world.admin.database, client, seen, 4);
}, 90_000);
afterEach(async () => expect(await world?.tidy()).toEqual([]));
afterAll(() => world?.close());

describe('the pages of policies', () => {
  it('show which policy wins, save what the linter allows, and let a second operator see what the first one changed', async () => {
    const name = `p${randomUUID().slice(0, 8)}`;
    const page = await world.enter('/console/policies');
    await page.getByRole('button', { name: 'New policy' }).click();
    await page.getByLabel('Name').fill(name);
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name }).waitFor();
    await page.getByRole('button', { name: 'Change it' }).click();
    const idle = page.getByLabel('inactivity timeout');
    await idle.fill('soon');
    await page.getByText('must be a duration such as').waitFor();
    await idle.fill('20m');
    await page.getByText('live sessions would end at once').waitFor();
    const { body } = await world.admin.get(`/v1/policies/${name}`);
    const { status } = await world.admin.call('PUT', `/v1/policies/${name}`, {
      body: { settings: { ...body.settings, absoluteLifetime: '6h' } },
      headers: { 'if-match': '"1"' },
    });
    expect(status).toBe(200);
    await page.getByRole('button', { name: 'Save as a new version' }).click();
    const overtaken = page.getByRole('alert').filter({ hasText: 'has saved version 2 meanwhile' });
    await overtaken.getByText('absolute lifetime').waitFor();
    expect(await idle.inputValue()).toBe('20m');
    await overtaken.getByRole('button', { name: 'Go on from version 2' }).click();
    await page.getByRole('button', { name: 'Save as a new version' }).click();
    await page.getByText('Version 3').waitFor();
    const after = await world.admin.get(`/v1/policies/${name}`);
    expect(after.body.settings).toMatchObject({ inactivityTimeout: '20m', absoluteLifetime: '6h' });
    await page.goto(`${world.url}/console/policies`);
    await page.getByLabel('Application').selectOption({ label: 'Curfew console' });
    await page.locator('.wins', { hasText: 'console' }).first().waitFor();
  });
});

describe('the page of insight', () => {
  it('draws the silences with the timeout in force, and says what a timeout costs and leaves open', async () => {
    const { client_id } = world.admin.data.clients.web;
    const page = await world.enter(`/console/insight?client=${client_id}`);
    await page.getByRole('img', { name: /silences by their length; in force 30 min/ }).waitFor();
    const cost = page.getByRole('region', { name: 'Cost to people' });
    await cost.getByText('Visits given up at the sign-in page').waitFor();
    expect(await page.getByRole('region', { name: 'After a timeout' }).locator('tbody tr').count()).toBe(4);
    await page.getByRole('region', { name: 'Exposure' }).getByText('hours a day').first().waitFor();
    await page.getByLabel('Looking back').selectOption('7');
    await page.waitForURL(/days=7/);
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('figure', { name: 'Silences' }).getByRole('button', { name: 'CSV' }).click(),
    ]);
    expect(file.suggestedFilename()).toBe('silences.csv');
    await page.goto(`${world.url}/console/insight?client=nobody`);
    await page.getByText('There is no such client.').first().waitFor();
  });
});

it.each([
  ['light', 1280],
  ['dark', 390],
] as const)('each of these pages is accessible in %s at %d pixels, and fits', async (colorScheme, width) => {
  const page = await world.enter('/console/insight', { colorScheme, viewport: { width, height: 800 } });
  const seen: [string, string[], number][] = [];
  for (const [path, there] of [['/console/insight', 'What this rests on']] as const) {
    await page.goto(`${world.url}${path}`);
    await page.getByText(there).first().waitFor();
    const overflow = await page.locator('html').evaluate((root) => root.scrollWidth - root.clientWidth);
    if (process.env['LOOK'])
      await page.screenshot({
        path: `/tmp/G-look/${path.replaceAll(/[^a-z]+/g, '-')}-${colorScheme}-${width}.png`,
        fullPage: true,
      });
    seen.push([path, await violations(page), overflow]);
  }
  expect(seen.filter(([, found, overflow]) => found.length > 0 || overflow > 0)).toEqual([]);
});
