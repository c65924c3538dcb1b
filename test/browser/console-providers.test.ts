import { randomUUID } from 'node:crypto';
import { Person } from '../support/person.js';
import { aProvider, ConsoleWorld } from './console-world.js';
import { dialogOf, rowOf, ServiceCourse } from './other-service.js';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open();
}, 90_000);
afterEach(async () => expect(await world?.tidy()).toEqual([]));
afterAll(() => world?.close());

const providers = {
  path: '/v1/identity-providers',
  called: 'identity provider',
  secret: 'Client secret',
  offered: 'Offered',
};

describe('identity providers in the console', () => {
  it('are added, changed, switched off and deleted, each pressed to the end, and no secret is shown', async () => {
    const page = await world.enter('/console/people');
    const course = new ServiceCourse(world, providers, page);
    await page.getByRole('link', { name: 'Identity providers', exact: true }).click();
    await page.getByText('People sign in with the accounts of this service alone.').waitFor();
    const made = await course.begin({
      ...{ Id: 'corp', Name: 'Example Corp', Issuer: 'https://corp.example.test', 'Client id': 'curfew' },
      'Client secret': 'a secret that nobody sees',
      'Classes that are believed': 'gold pwd otp mfa\nsilver pwd',
    });
    await made.getByLabel('Make accounts').check();
    expect(await course.add(made, 'corp', 'gets an account')).toMatchObject({
      ...{ name: 'Example Corp', scopes: ['profile', 'email'], creates_accounts: true, enabled: true },
      acr_methods: [
        { acr: 'gold', methods: ['pwd', 'otp', 'mfa'] },
        { acr: 'silver', methods: ['pwd'] },
      ],
    });
    const open = await course.look('corp', 'Example Corp', '/sign-in/upstream/corp/logout');
    await course.switchOff(open, 'corp');
    await course.delete('corp', 'Example Corp');
  }, 60_000);

  it('say at the field what the admin API refuses, keep what was typed, and show what somebody else has changed', async () => {
    await aProvider(world.admin, 'taken');
    const page = await world.enter('/console/people/identity-providers');
    const course = new ServiceCourse(world, providers, page);
    const good = {
      ...{ Id: 'fields', Name: 'Fields', Issuer: 'https://fields.example.test', Scopes: 'email' },
      ...{ 'Client id': 'curfew', 'Client secret': 'unused', 'Classes that are believed': '' },
    };
    await course.areRefused(good, [
      ['Id', 'Not A Word'],
      ['Name', 'x'.repeat(61)],
      ['Issuer', 'http://idp.example.test'],
      ['Issuer', 'https://taken.example.test'],
      ['Client id', 'x'.repeat(201)],
      ['Scopes', 'a"b'],
      ['Classes that are believed', 'gold fingerprint'],
    ]);
    const {
      version: _,
      id: __,
      redirect_uri: ___,
      created_at: ____,
      updated_at: _____,
      ...settings
    } = await course.kept('taken');
    const theirs = { ...settings, single_sign_on: true };
    const open = await course.open('taken', 'Provider taken');
    await course.areKept(open, 'taken', { Name: 'My name' }, theirs, 'Take the sign-in that is there');
    await rowOf(page, 'taken').getByText('My name').waitFor();
    expect(await course.kept('taken')).toMatchObject({ name: 'My name', single_sign_on: true });
    const changed = await course.open('taken', 'My name');
    await changed.getByRole('button', { name: 'Delete …' }).click();
    const question = dialogOf(page, 'Delete My name');
    await world.admin.call('PUT', '/v1/identity-providers/taken', {
      body: { ...settings, name: 'Their name' },
      headers: { 'if-match': '"3"' },
    });
    await question.getByRole('button', { name: 'Delete for ever' }).click();
    const told = dialogOf(page, 'Delete Their name');
    await told.getByText('They changed: Name, Take the sign-in that is there.').waitFor();
    expect((await world.admin.get('/v1/identity-providers/taken')).status).toBe(200);
    await told.getByRole('button', { name: 'Cancel' }).click();
    expect(await world.faults(page)).toEqual([]);
  }, 60_000);
});

describe('the sign-ins elsewhere of a person', () => {
  it('are shown, and unlinked to the end, which ends everything of the account', async () => {
    const [username, password] = [`p${randomUUID()}@example.test`, randomUUID()];
    const { body } = await world.admin.post('/v1/accounts', { username, password });
    const { sid } = await world.admin.signIn(new Person(username, password));
    await world.admin.database.query(
      `INSERT INTO linked_identity (issuer, subject, account_id, created_at, last_used_at) VALUES ('https://corp.example.test', 'someone', '${body.id}', now(), now())`,
    );
    const page = await world.enter(`/console/people/${body.id}`);
    const linked = page.getByRole('region', { name: 'Sign-ins elsewhere' });
    await linked.getByText('https://corp.example.test').waitFor();
    await world.admin.post('/v1/identity-providers', {
      ...{ id: 'named', name: 'Example Corp', issuer: 'https://corp.example.test', client_id: 'curfew' },
      ...{ client_secret: 'unused', enabled: false },
    });
    await page.reload();
    await linked.getByText('Example Corp', { exact: true }).waitFor();
    await linked.getByText('https://corp.example.test', { exact: true }).waitFor();
    expect(await world.faults(page)).toEqual([]);
    await linked.getByRole('button', { name: 'Unlink …' }).click();
    await dialogOf(page, `Unlink ${username}`).getByRole('button', { name: 'Unlink', exact: true }).click();
    await linked.getByText('None is linked.').waitFor();
    expect((await world.admin.get(`/v1/sessions/${sid}`)).body).toMatchObject({ state: 'ended' });
  }, 60_000);
});

describe('people of another system', () => {
  it('are imported from a file once it was checked, and its faults are told by line before anybody is', async () => {
    const [ada, bob] = [1, 2].map(() => `p${randomUUID().slice(0, 8)}@example.test`);
    const file = (name: string, text: string) => ({
      name,
      mimeType: 'text/plain',
      buffer: Buffer.from(text),
    });
    const known = async (username = '') =>
      (await world.admin.get(`/v1/accounts?prefix=${username}`)).body.items;
    const page = await world.enter('/console/people');
    const press = () => page.getByRole('button', { name: 'Import …' }).click();
    await press();
    const asked = dialogOf(page, 'Import people');
    const choose = asked.getByLabel('File', { exact: true });
    const check = asked.getByRole('button', { name: 'Check the file' });
    expect(await check.isDisabled()).toBe(true);
    const wrong = `username,email\n${ada},nothing\na b,\n`;
    await choose.setInputFiles(file('people.csv', wrong));
    await check.click();
    const faults = asked.getByRole('list', { name: 'Faults of the file' });
    await faults.getByText(/^Line 2: email: /).waitFor();
    await faults.getByText(/^Line 3: username: /).waitFor();
    expect(await world.faults(page)).toEqual([]);
    expect(await known(ada)).toEqual([]);
    // Names in another encoding are refused before anything is sent, and so is a file that JSON makes too long.
    const refused = [
      [Buffer.from(`username,display_name\n${ada},M\xfcller\n`, 'latin1'), 'This file is not in UTF-8.'],
      [Buffer.alloc(9 * 2 ** 20, '"'), 'A file may have 16 MiB,'],
    ] as const;
    for (const [buffer, words] of refused) {
      await choose.setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer });
      await asked.getByText(words).waitFor();
      expect(await check.isDisabled()).toBe(true);
    }
    // Another file is another question.
    const lines = [ada, bob].map((username) => JSON.stringify({ username })).join('\n');
    await choose.setInputFiles(file('people.jsonl', lines));
    await faults.waitFor({ state: 'detached' });
    await asked.getByLabel(/^Note/).fill('from the old shop');
    await check.click();
    await asked.getByText('people.jsonl is in order: 2 people would be imported.').waitFor();
    expect(await known(ada)).toEqual([]);
    // An import that was sent goes on: nothing closes its dialog until it is answered.
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/v1/accounts/import', async (route) => {
      await held;
      await route.continue();
    });
    await asked.getByRole('button', { name: 'Import 2 people' }).click();
    await asked.getByText(/^Importing …/).waitFor();
    const note = asked.getByLabel(/^Note/);
    await note.focus();
    for (let press = 0; press < 4; press += 1) {
      await page.keyboard.press('Escape');
      await asked.getByText(/^Importing …/).waitFor();
      expect(await asked.evaluate((shown) => shown.matches(':modal'))).toBe(true);
      expect(await note.evaluate((field) => field === document.activeElement)).toBe(true);
    }
    await asked.getByRole('button', { name: 'Close' }).click();
    expect(await asked.getByRole('button', { name: 'Cancel' }).isDisabled()).toBe(true);
    expect(await choose.isDisabled()).toBe(true);
    release();
    await asked.getByText('2 people imported.').waitFor();
    await asked.getByRole('button', { name: 'Done' }).click();
    await page.getByText(ada!, { exact: true }).waitFor();
    expect([await known(ada), await known(bob)]).toMatchObject([[{ username: ada }], [{ username: bob }]]);
    // The same file once more imports nobody.
    await press();
    await choose.setInputFiles(file('people.jsonl', lines));
    await check.click();
    await asked
      .getByText('Nobody in people.jsonl is new. 2 people with the same profile are there already.')
      .waitFor();
    await asked.getByRole('button', { name: 'Cancel' }).click();
  }, 90_000);
});
