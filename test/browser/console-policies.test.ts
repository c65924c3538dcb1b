import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { orders } from '../e2e/admin-world.js';
import { plantCounts } from '../support/planted-counts.js';
import { populationUnder } from '../support/population.js';
import { faultsOf, formula, tables } from './console-tables.js';
import { aProvider, aTransmitter, ConsoleWorld, fileOf, pageAddresses } from './console-world.js';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open();
  // People used the product for four days under the timeout of the standard profile.
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
    await page.getByLabel('Application').fill('Curfew console');
    await page.getByLabel('Application').press('Enter');
    await page.locator('.wins', { hasText: 'console' }).first().waitFor();
  });
});

/** A policy of one's own that applies to the example web application. */
async function aPolicy(settings: object = {}): Promise<string> {
  const name = `p${randomUUID().slice(0, 8)}`;
  const { admin } = world;
  await admin.post('/v1/policies', { name, settings: { basedOn: 'standard', ...settings } });
  const target = { kind: 'client', client_id: admin.data.clients.web.client_id };
  await admin.call('PUT', '/v1/policy-attachments', { body: { target, policy: name } });
  return name;
}

const settingsOf = async (name: string) => (await world.admin.get(`/v1/policies/${name}`)).body.settings;

describe('trying a timeout out', () => {
  it('a shadow is refused at its field, says whom it would have ended, and is stopped after a question', async () => {
    const name = await aPolicy();
    const page = await world.enter(`/console/policies/${name}?view=trials`);
    const shadow = page.getByRole('region', { name: 'Shadow' });
    const idle = shadow.getByLabel('Inactivity timeout to try');
    await idle.fill('soon');
    await shadow.getByRole('button', { name: 'Start the shadow' }).click();
    await shadow.getByText('must be a duration such as 15m').waitFor();
    expect(await idle.inputValue()).toBe('soon');
    await idle.fill('5m');
    await shadow.getByRole('button', { name: 'Start the shadow' }).click();
    await shadow.getByText('sessions would have ended').waitFor();
    const before = (await world.admin.get(`/v1/policies/${name}/shadow`)).body;
    expect(before.shadow).toMatchObject({ inactivity_timeout: 300, absolute_lifetime: null });
    await shadow.getByRole('button', { name: 'Stop the shadow' }).click();
    await page.getByRole('button', { name: 'Stop it' }).click();
    await idle.waitFor();
    expect((await world.admin.get(`/v1/policies/${name}/shadow`)).body.shadow).toBeNull();
  });

  it('a canary begins and is taken back, and nothing of another operator is overwritten unseen', async () => {
    const name = await aPolicy();
    const page = await world.enter(`/console/policies/${name}?view=trials`);
    const canary = page.getByRole('region', { name: 'Canary' });
    await canary.getByLabel('Inactivity timeout of the canary').fill('45m');
    const share = canary.getByLabel('Share of the accounts, in per cent');
    await share.fill('80');
    await canary.getByRole('button', { name: 'Begin the canary' }).click();
    await canary.getByText('between 1% and 50%').waitFor();
    await share.fill('20');
    await canary.getByRole('button', { name: 'Begin the canary' }).click();
    await canary.getByText('20% of the accounts are under 45m').waitFor();
    const settings = await settingsOf(name);
    expect(settings.canary).toEqual({ inactivityTimeout: '45m', share: '20%' });
    await world.admin.call('PUT', `/v1/policies/${name}`, {
      body: { settings: { ...settings, absoluteLifetime: '6h' } },
      headers: { 'if-match': '"2"' },
    });
    await canary.getByRole('button', { name: 'Take the canary back' }).click();
    await canary.getByRole('alert').getByText('absolute lifetime').waitFor();
    await canary.getByRole('button', { name: 'Go on from version 3' }).click();
    await page.getByText('Version 3').waitFor();
    await canary.getByRole('button', { name: 'Take the canary back' }).click();
    await canary.getByRole('button', { name: 'Begin the canary' }).waitFor();
    const { canary: none, absoluteLifetime } = await settingsOf(name);
    expect([none, absoluteLifetime]).toEqual([undefined, '6h']);
    await page.getByRole('link', { name: 'Revisions' }).click();
    const sides = page.getByRole('region', { name: 'Side by side' });
    await sides.getByLabel('From').selectOption('2');
    await sides.getByLabel('To', { exact: true }).selectOption('3');
    await page.waitForURL(/from=2.*to=3/);
    expect(await sides.locator('tbody tr').allTextContents()).toEqual(['absolute lifetime12h6h']);
  });

  it('an adaptation is set within its limits, a proposal is taken for a reason, and all of it is stopped', async () => {
    const name = await aPolicy({ inactivityTimeout: '30m' });
    const page = await world.enter(`/console/policies/${name}?view=adaptation`);
    const limits = page.getByRole('form', { name: 'Limits' });
    await limits.getByLabel('Never shorter than').fill('2h');
    await limits.getByLabel('At most').fill('1.5');
    await limits.getByRole('button', { name: 'Save what it may do' }).click();
    await limits.getByText('at most the ceiling').waitFor();
    await limits.getByLabel('Never shorter than').fill('10m');
    await limits.getByRole('button', { name: 'Save what it may do' }).click();
    await page.getByRole('region', { name: 'Adaptation' }).getByText('propose', { exact: true }).waitFor();
    const [asked, refused] = [randomUUID(), randomUUID()];
    for (const id of [asked, refused])
      await world.admin.database.query(
        `INSERT INTO policy_proposal (id, policy, status, from_timeout, to_timeout, numbers, made_at) VALUES ($1, $2, 'open', 1800, $3, '{"accounts": 200}', now())`,
        [id, name, id === asked ? 1_380 : 1_200],
      );
    await page.reload();
    const proposals = page.getByRole('region', { name: 'Proposals' });
    const answer = async (timeouts: string, button: string, note: string, act: string) => {
      await proposals.locator('li', { hasText: timeouts }).getByRole('button', { name: button }).click();
      await page.getByLabel('Note for those who read the history later').fill(note);
      await page.getByRole('button', { name: act }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    };
    await answer('30 min to 20 min', 'Decline', 'a busy week', 'Decline it');
    await answer('30 min to 23 min', 'Approve', 'asked the desk', 'Take this step');
    const history = page.getByRole('region', { name: 'History' });
    await history.getByText('asked the desk').waitFor();
    await history.getByText('30 min to 23 min for 10 % of the accounts').waitFor();
    await history.getByText('a busy week').waitFor();
    expect((await settingsOf(name)).canary).toEqual({ inactivityTimeout: '23m', share: '10%' });
    const releases = page.getByRole('region', { name: 'Releases' });
    await releases.getByLabel('Application').fill('Example web application');
    await releases.getByLabel('Application').press('Enter');
    await releases.getByRole('button', { name: 'Mark a release of it' }).click();
    await releases.getByText('released').first().waitFor();
    await page.goto(`${world.url}/console/policies`);
    await page.getByRole('button', { name: 'Stop all adaptation' }).click();
    await page.getByRole('button', { name: 'Stop all', exact: true }).click();
    await page.getByText(`Stopped: ${name}`).waitFor();
    expect((await settingsOf(name)).canary).toBeUndefined();
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
    await page.goto(`${world.url}/console/insight?client=nobody`);
    await page.getByText('There is no such client.').first().waitFor();
  });
});

describe('tables as files', () => {
  it('have their headings and what the page says, table by table, and a formula in a name leaves as a text', async () => {
    const all = await tables(world.admin, await aPolicy());
    const folder = 'apps/console/src/pages';
    // A table that is new has to stand here, too.
    const sources = readdirSync(folder, { encoding: 'utf8', recursive: true })
      .filter((path) => path.endsWith('.tsx'))
      .flatMap((path) => {
        const uses = readFileSync(`${folder}/${path}`, 'utf8').match(
          /<(CsvButton|TableHeading|ListHeading|ServiceList)\b|\bcsvOf\(/g,
        );
        return Array<string>(uses?.length ?? 0).fill(path.slice(0, -'.tsx'.length));
      });
    expect(all.map(({ source }) => source).toSorted()).toEqual(sources.toSorted());
    const page = await world.enter('/console/now');
    const wrong: [string, string[]][] = [];
    for (const table of all) {
      const address = `${world.url}/console${table.at}`;
      if (page.url() !== address) await page.goto(address);
      const faults = await faultsOf(page, table).catch((error: Error) => [error.message]);
      if (faults.length > 0) wrong.push([table.file, faults]);
    }
    expect(wrong).toEqual([]);
    const formulas: string[] = [];
    for (const at of ['/applications', '/sessions']) {
      await page.goto(`${world.url}/console${at}`);
      await page.getByText(formula).first().waitFor();
      formulas.push(
        ...(await fileOf(page.getByRole('main'))).text
          .split(/[,\r\n]+/)
          .filter((cell) => cell.includes(formula)),
      );
    }
    expect(formulas).toEqual([`'${formula}`, `'${formula}`]);
  }, 120_000);
});

describe('the keys of the console', () => {
  it('j and k move through the rows of every page that has a list', async () => {
    const { admin } = world;
    const { sid } = await admin.signIn();
    await admin.post('/v1/resources', {
      audience: `https://${randomUUID()}.example.test`,
      name: 'Keys',
      scopes: [],
    });
    const name = `r${randomUUID().slice(0, 8)}`;
    await admin.post('/v1/gateway-routes', {
      name,
      position: 9_001,
      resource: orders,
      hosts: ['keys.example.test'],
    });
    await aProvider(admin);
    await aTransmitter(admin);
    const page = await world.enter('/console/now');
    const pressed = async (key: string) => {
      await page.keyboard.press(key);
      return page.evaluate(() => {
        const rows = [...document.querySelectorAll('main [data-row]')];
        return document.activeElement ? rows.indexOf(document.activeElement) : -1;
      });
    };
    const moved: Record<string, number[]> = {};
    for (const [route, [address, there]] of Object.entries(await pageAddresses(world, sid))) {
      await page.goto(`${world.url}/console${address}`);
      await page.getByText(there).first().waitFor();
      await world.whole(page);
      if ((await page.locator('main [data-row]').count()) < 2) continue;
      await page.evaluate(() => (document.activeElement as HTMLElement).blur());
      const keys = [await pressed('j'), await pressed('j'), await pressed('k'), await pressed('k')];
      moved[route] = keys;
    }
    const lists = [
      '/people',
      '/people/identity-providers',
      '/applications',
      '/apis',
      '/apis/routes',
      '/policies',
      '/events',
      '/events/transmitters',
      '/scenarios',
      '/compliance',
      '/sessions',
    ];
    expect(moved).toMatchObject(Object.fromEntries(lists.map((list) => [list, [0, 1, 0, 0]])));
    expect(Object.values(moved).filter((keys) => keys.join() !== '0,1,0,0')).toEqual([]);
  }, 90_000);

  it('Escape closes a dialog and goes back to the list, and loses nothing that was typed in a policy', async () => {
    const name = await aPolicy();
    const page = await world.enter(`/console/policies/${name}`);
    const pressEscape = async () => {
      await page.keyboard.press('Escape');
      await world.whole(page);
    };
    await page.getByRole('button', { name: 'Change it' }).click();
    const idle = page.getByLabel('inactivity timeout');
    await idle.fill('25m');
    await pressEscape();
    await page.getByRole('heading', { name: 'Your change' }).click();
    await pressEscape();
    expect(await idle.inputValue()).toBe('25m');
    await page.getByRole('button', { name: 'Cancel' }).click();

    await page.getByRole('button', { name: 'Attach …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('To', { exact: true }).selectOption('client');
    await pressEscape();
    expect([await dialog.count(), new URL(page.url()).pathname]).toEqual([0, `/console/policies/${name}`]);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Attach …');

    await page.getByRole('link', { name: 'Try out' }).click();
    const trial = page.getByLabel('Inactivity timeout to try');
    await trial.fill('soon');
    await page.getByRole('heading', { name: 'Shadow' }).click();
    await pressEscape();
    expect(await trial.inputValue()).toBe('soon');
    await page.getByRole('button', { name: 'Start the shadow' }).click();
    await page.getByText('must be a duration such as 15m').waitFor();
    await pressEscape();
    expect(await trial.inputValue()).toBe('soon');
    await trial.fill('5m');
    await page.getByRole('button', { name: 'Start the shadow' }).click();
    await page.getByText('sessions would have ended').waitFor();
    await page.keyboard.press('Escape');
    await page.waitForURL(`${world.url}/console/policies`);
  }, 60_000);
});

it.each([
  ['light', 1280],
  ['dark', 320],
] as const)(
  'each part of a policy is accessible in %s at %d pixels, and fits',
  async (colorScheme, width) => {
    const page = await world.enter('/console/insight', { colorScheme, viewport: { width, height: 800 } });
    const seen: [string, string[]][] = [];
    const name = await aPolicy();
    for (const [path, there] of [
      [`/console/policies/${name}`, 'Timeouts of documents'],
      [`/console/policies/${name}?view=trials`, 'Below each figure stands its 95 % interval'],
      [`/console/policies/${name}?view=adaptation`, 'Mark a release of it'],
      [`/console/policies/${name}?view=revisions`, 'The first one.'],
    ] as const) {
      await page.goto(`${world.url}${path}`);
      await page.getByText(there).first().waitFor();
      seen.push([path, await world.faults(page)]);
    }
    expect(seen.filter(([, faults]) => faults.length > 0)).toEqual([]);
  },
);
