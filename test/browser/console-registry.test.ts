import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Locator, Page } from 'playwright-core';
import { type AdminAnswer, deviceGrant, orders } from '../e2e/admin-world.js';
import { Person } from '../support/person.js';
import { ConsoleWorld, violations } from './console-world.js';

let world: ConsoleWorld;
/** One window for all: the operator stays signed in, and every act is within five minutes of that. */
let page: Page;

beforeAll(async () => {
  world = await ConsoleWorld.open();
  page = await world.enter('/console/people');
  await page.getByRole('heading', { name: 'People' }).waitFor();
}, 90_000);
afterAll(async () => {
  const complaints = await world?.tidy();
  await world?.close();
  expect(complaints).toEqual([]);
});

const open = async (path: string) => {
  await page.goto(`${world.url}/console${path}`);
};
const dialog = (name: string | RegExp) => page.getByRole('dialog', { name });
const press = (name: string | RegExp) => page.getByRole('button', { name }).click();

describe('the pages of people', () => {
  it('make an account whose password is shown once, say at the field what is refused, and keep what was typed', async () => {
    const username = `p${randomUUID().slice(0, 8)}@example.test`;
    await press('New person');
    const made = dialog('New person');
    await made.getByLabel('Username').fill('with a space');
    await made.getByLabel('Password').fill('a good long password');
    await made.getByRole('button', { name: 'Create' }).click();
    await made.getByText('A username has 1 to 254 characters').waitFor();
    expect(await made.getByLabel('Username').getAttribute('aria-invalid')).toBe('true');
    expect(await made.getByLabel('Password').inputValue()).toBe('a good long password');
    await made.getByLabel('Username').fill(username);
    await made.getByLabel('Password').fill('');
    await made.getByRole('button', { name: 'Create' }).click();
    const told = dialog(`${username} can sign in`);
    const password = (await told.locator('code').textContent()) ?? '';
    await told.getByRole('link', { name: 'Open this person' }).click();
    await page.getByRole('heading', { name: username }).waitFor();
    await page.getByText('must choose a password').waitFor();
    const { body } = await world.admin.get(`/v1/accounts?prefix=${username}`);
    expect(body.items).toHaveLength(1);
    expect(password).toMatch(/^[\w-]{24}$/);
  });

  it('count the sessions that a disabled account loses, end them, and keep the note', async () => {
    const username = `p${randomUUID().slice(0, 8)}@example.test`;
    const password = randomUUID();
    const { body } = await world.admin.post('/v1/accounts', { username, password });
    const { sid } = await world.admin.signIn(new Person(username, password));
    await open(`/people?prefix=${username.slice(0, 6)}`);
    await page.locator(`[data-row="${body.id}"]`).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Live sessions' }).getByText('left').waitFor();
    await page.getByRole('region', { name: 'Allowed applications' }).getByText('since').waitFor();
    await press('Disable …');
    const asked = dialog(`Disable ${username}`);
    await asked.getByText('1 live session ends').waitFor();
    await asked.getByLabel(/^Note/).fill('left the company');
    await asked.getByRole('button', { name: 'Disable' }).click();
    await page.getByText('disabled', { exact: true }).waitFor();
    const ended = await world.admin.get(`/v1/sessions/${sid}`);
    expect(ended.body).toMatchObject({ state: 'ended', end_reason: 'account_disabled' });
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'People' }).waitFor();
    expect(new URL(page.url()).search).toBe(`?prefix=${username.slice(0, 6)}`);
    await page.waitForFunction((id) => document.activeElement?.getAttribute('data-row') === id, body.id);
  });

  it('make somebody an operator, scope by scope', async () => {
    const { body } = await world.admin.post('/v1/accounts', { username: `o${randomUUID()}@example.test` });
    await open(`/people/${body.id}`);
    const operator = page.getByRole('region', { name: 'Operator' });
    await operator.getByLabel('sessions:read').check();
    await operator.getByLabel('events:read').check();
    await operator.getByRole('button', { name: 'Save' }).click();
    await operator.getByRole('button', { name: 'Save' }).waitFor({ state: 'detached' });
    const { operator_scopes: scopes } = (await world.admin.get(`/v1/accounts/${body.id}`)).body;
    expect(scopes.sort()).toEqual(['events:read', 'sessions:read']);
  });
});

describe('the pages of applications', () => {
  it('register one by its kind, show its secret once, and say at the field which redirect URI is refused', async () => {
    const name = `Shop ${randomUUID().slice(0, 8)}`;
    await open('/applications');
    await press('New application');
    await press(/^Web application/);
    const made = dialog('New: Web application');
    await made.getByLabel('Name').fill(name);
    const redirects = made.getByLabel('Redirect URIs');
    await redirects.fill('https://shop.example.test/callback\nhttp://shop.example.test/callback');
    await made.getByRole('button', { name: 'Register' }).click();
    await made.getByText(/^http:\/\/shop\.example\.test\/callback must use https/).waitFor();
    expect(await made.getByLabel('Name').inputValue()).toBe(name);
    await redirects.fill('https://shop.example.test/callback');
    await made.getByLabel(orders).check();
    await made.getByRole('button', { name: 'Register' }).click();
    const told = dialog(`${name} is registered`);
    expect(await told.locator('.secret code').textContent()).toMatch(/^cfw_cs_/);
    await told.getByRole('link', { name: 'Open this application' }).click();
    await page.getByRole('heading', { name }).waitFor();
    await page.getByRole('region', { name: 'Registration' }).getByText('required').waitFor();
    const { body } = await world.admin.get(`/v1/clients?search=${encodeURIComponent(name)}`);
    expect(body.items).toEqual([
      expect.objectContaining({
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_basic',
        redirect_uris: ['https://shop.example.test/callback'],
        resources: [orders],
      }),
    ]);
    const secrets = page.getByRole('region', { name: 'Secrets' });
    await secrets.getByRole('button', { name: 'New secret' }).click();
    await press('Make it');
    await dialog('New secret').locator('.secret code').waitFor();
    await press('Done');
    await secrets.getByText(', ends in').waitFor();
    expect(await secrets.getByRole('listitem').count()).toBe(2);
  });

  it('attach a policy, show a second operator what the first one changed, and delete with the number of sessions', async () => {
    const { body } = await world.admin.post('/v1/clients', {
      client_name: 'Field app',
      grant_types: [deviceGrant, 'refresh_token'],
      token_endpoint_auth_method: 'none',
      resources: [orders],
    });
    const id: string = body.client_id;
    const tokens = await world.admin.signInRaw(world.admin.person(), {
      client_id: id,
      resource: orders,
      scope: 'openid offline_access',
    });
    const { sid } = await world.admin.introspect(tokens['access_token'] ?? '');
    await open(`/applications/${id}`);
    const policy = page.getByRole('region', { name: 'Policy' });
    await policy.getByRole('button', { name: 'Attach a policy' }).click();
    const attach = dialog('The policy of Field app');
    await attach.getByLabel('Policy').selectOption('kiosk');
    await attach.getByText('would end at once').waitFor();
    await attach.getByRole('button', { name: 'Attach' }).click();
    await policy.getByRole('link', { name: 'kiosk' }).waitFor();
    await page.getByRole('region', { name: 'Refreshes' }).getByText('in four weeks').waitFor();

    await press('Change it');
    await page.getByLabel('Name').fill('Field app of mine');
    const other = await world.admin.call('PATCH', `/v1/clients/${id}`, {
      body: { scope: 'orders:read' },
      headers: { 'if-match': '"1"' },
    });
    expect(other.status).toBe(200);
    await press('Save');
    await page.getByRole('alert').getByText('They changed: Scopes.').waitFor();
    expect(await page.getByLabel('Scopes').inputValue()).toBe('orders:read');
    expect(await page.getByLabel('Name').inputValue()).toBe('Field app of mine');
    await press('Save');
    await page.getByRole('heading', { name: 'Field app of mine' }).waitFor();

    await press('Delete …');
    const asked = dialog('Delete Field app of mine');
    await asked.getByText('1 live session ends').waitFor();
    await asked.getByRole('button', { name: 'Delete for ever' }).click();
    await page.getByRole('heading', { name: 'Applications' }).waitFor();
    await page.locator(`[data-row="${id}"]`).waitFor({ state: 'detached' });
    expect((await world.admin.get(`/v1/sessions/${sid}`)).body.state).toBe('ended');
  });

  it('give one a logo and colours, refuse a colour that is hard to read with its contrast, and its sign-in has them', async () => {
    const { body } = await world.admin.post('/v1/clients', {
      client_name: 'Greengrocer',
      redirect_uris: ['https://greengrocer.example.test/callback'],
    });
    const id: string = body.client_id;
    await open(`/applications/${id}`);
    await press('Give it a look');
    const look = page.getByRole('form', { name: 'Look' });
    const logo = look.getByLabel('Logo');
    await logo.setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('<svg/>') });
    await look.getByText('No picture that a browser can show').first().waitFor();
    await look.getByLabel('Colour on light pages').fill('#ffd400');
    await look.getByRole('button', { name: 'Save' }).click();
    await look.getByText(/must have a contrast of at least 4\.5 .* it has 1\.\d\d/).waitFor();
    await look.getByText(/^must be a PNG/).waitFor();
    await logo.setInputFiles('test/fixtures/logo.png');
    await look.getByLabel('Colour on light pages').fill('#0b5d3b');
    await look.getByLabel('Colour on dark pages').fill('#8fdcaa');
    await look.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Change the look' }).waitFor();
    const preview = page.getByRole('img', { name: 'Preview of the sign-in to Greengrocer' });
    expect(
      await preview
        .locator('canvas')
        .evaluateAll((all) => all.map((one) => (one as HTMLCanvasElement).width)),
    ).toEqual([96, 96]);

    const sent = readFileSync('test/fixtures/logo.png').toString('base64');
    const kept = (await world.admin.get(`/v1/clients/${id}`)).body['logo_png'];
    expect(Buffer.from(kept, 'base64').includes('made by an editor')).toBe(false);
    const { items } = (await world.admin.get('/v1/clients?search=Greengrocer')).body;
    expect(items[0]).toMatchObject({ accent_color_light: '#0b5d3b' });
    expect(items[0]).not.toHaveProperty('logo_png');
    const description = { clients: { [id]: { client_name: 'Greengrocer', logo_png: sent } } };
    const again = await world.admin.post('/v1/apply', { description, dry_run: true });
    expect(again.body.plan).toEqual([]);

    const request = new URLSearchParams({
      ...{ client_id: id, response_type: 'code', scope: 'openid', state: 'one' },
      ...{ redirect_uri: 'https://greengrocer.example.test/callback', code_challenge_method: 'S256' },
      code_challenge: createHash('sha256').update('v'.repeat(43)).digest('base64url'),
    });
    for (const [colorScheme, width, colour] of [
      ['light', 320, 'rgb(11, 93, 59)'],
      ['dark', 1280, 'rgb(143, 220, 170)'],
    ] as const) {
      const visitor = await world.window({ colorScheme, viewport: { width, height: 700 } });
      const titles = ['Sign in', 'Greengrocer'];
      await visitor.goto(`${world.admin.server.issuer}/authorize?${request}`);
      for (const title of titles) {
        await visitor.getByRole('heading', { name: title }).waitFor();
        const shown = visitor.locator('img.logo');
        expect(await shown.evaluate((picture: HTMLImageElement) => picture.naturalWidth)).toBe(96);
        const button = visitor.locator('button:not(.plain,.reveal)').first();
        expect(await button.evaluate((one) => getComputedStyle(one).backgroundColor)).toBe(colour);
        expect(await visitor.locator('html').evaluate((root) => root.scrollWidth - root.clientWidth)).toBe(0);
        expect(await violations(visitor)).toEqual([]);
        if (title === 'Sign in') await world.signIn(visitor);
      }
    }
    const answer = await fetch(`${world.admin.server.issuer}/assets/logo-${id}-${'0'.repeat(16)}.png`);
    expect(answer.status).toBe(404);
  });
});

describe('the pages of APIs and gateway routes', () => {
  it('register an API, write routes for it, and say which of them takes a request and why', async () => {
    const audience = `https://${randomUUID().slice(0, 8)}.example.test`;
    await open('/apis');
    await press('New API');
    const made = dialog('New API');
    await made.getByLabel('Audience').fill('not a uri');
    await made.getByLabel('Name', { exact: true }).fill('Reports');
    await made.getByRole('button', { name: 'Register' }).click();
    await made.getByText('must be an absolute URI').waitFor();
    await made.getByLabel('Audience').fill(audience);
    await made.getByLabel('Scopes', { exact: true }).fill('reports:read reports:write');
    await made.getByRole('button', { name: 'Register' }).click();
    await page.locator(`[data-row="${audience}"]`).getByText('reports:read reports:write').waitFor();
    await page.locator(`[data-row="${audience}"]`).click();
    await dialog('Reports').getByLabel('Name', { exact: true }).fill('Reports of the house');
    await dialog('Reports').getByRole('button', { name: 'Save' }).click();
    await page.locator(`[data-row="${audience}"]`).getByText('Reports of the house').waitFor();

    await page.getByRole('link', { name: 'Gateway routes', exact: true }).click();
    await press('New route');
    await page.getByLabel('Name', { exact: true }).fill('reports-admin');
    await page.getByLabel('Position').fill('10');
    await page.getByLabel('API', { exact: true }).fill('Reports of the house');
    await page.getByLabel('API', { exact: true }).press('Enter');
    await page.waitForFunction(
      (chosen) => [...document.querySelectorAll('input')].some(({ value }) => value === chosen),
      audience,
    );
    await page.getByLabel('Hosts').fill('Reports.example.test');
    await page.getByLabel('Path', { exact: true }).fill('/admin/**');
    await page.getByLabel('Sign-in within').fill('5m');
    await press('Create');
    await page.getByText('must be a host name in lower case').waitFor();
    expect(await page.getByLabel('Path', { exact: true }).inputValue()).toBe('/admin/**');
    await page.getByLabel('Hosts').fill('reports.example.test');
    await press('Create');
    await page.locator('[data-row="reports-admin"]').getByText('a sign-in within 5m').waitFor();
    await world.admin.post('/v1/gateway-routes', {
      name: 'reports-all',
      position: 20,
      resource: audience,
      hosts: ['reports.example.test'],
      methods: ['GET'],
    });

    const trial = page.getByRole('region', { name: 'Try a request' });
    await press('Refresh');
    await trial.getByLabel('Address').fill('https://reports.example.test/ADMIN/users');
    await press('Try it');
    await trial.getByText('reports-all takes it.').waitFor();
    await trial.getByText('It also has to meet reports-admin').waitFor();
    await page.locator('[data-row="reports-admin"]').getByText('applies, too').waitFor();
    await trial.getByLabel('Method').selectOption('POST');
    await trial.getByLabel('Address').fill('https://reports.example.test/list');
    await press('Try it');
    await trial.getByText('No route that is kept here takes it.').waitFor();
    await page.locator('[data-row="reports-all"]').getByText('Another method').waitFor();
    await page.locator('[data-row="reports-admin"]').getByText('Another path').waitFor();
    expect(new URL(page.url()).searchParams.get('method')).toBe('POST');
    await trial.getByLabel('Address').fill('reports.example.test');
    await press('Try it');
    await trial.getByText('must be an address such as').waitFor();

    const kept = {
      ...(await world.admin.get('/v1/gateway-routes/reports-all')).body,
      allow: ['semicolon'],
      cors: ['https://shop.example.test'],
      scopes: ['reports:read'],
      acr: ['urn:curfew:acr:mfa'],
      timeouts: { idle: '15m', absolute: '8h', max_auth_age: '5m', max_token_age: '60s' },
      activity: 'passive',
      case_sensitive: true,
    };
    const { name, version, created_at, updated_at, ...body } = kept;
    await world.admin.call('PUT', `/v1/gateway-routes/${name}`, {
      body,
      headers: { 'if-match': `"${version}"` },
    });
    await open(`/apis/routes/${name}`);
    await press('Change it');
    await page.getByLabel('Position').fill('30');
    await press('Save');
    await page.getByText('a good token, scope reports:read, acr').waitFor();
    const { body: saved } = await world.admin.get(`/v1/gateway-routes/${name}`);
    expect(saved).toMatchObject({ ...body, position: 30, version: version + 2 });
    await page.getByRole('link', { name: 'Gateway routes', exact: true }).first().click();

    await page.locator('[data-row="reports-admin"]').click();
    await press('Delete …');
    await dialog('Delete reports-admin').getByRole('button', { name: 'Delete' }).click();
    await page.locator('[data-row="reports-all"]').waitFor();
    expect((await world.admin.get('/v1/gateway-routes/reports-admin')).status).toBe(404);
  });
});

/** A form or a question: how it is reached, the button that sends it, and a value for each field that the admin API refuses. */
interface Refused {
  readonly at: string;
  readonly opens?: readonly (string | RegExp)[];
  /** The button; Enter in the field where there is none. */
  readonly sends?: string;
  readonly within?: string;
  /** Values without which the admin API refuses something else before. */
  readonly first?: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

/** The other kinds of applications, each with what is asked beside its name. */
const kinds: readonly (readonly [RegExp, Readonly<Record<string, string>>])[] = [
  [/^Single-page application/, { 'Redirect URIs': 'http://spa.example.test/' }],
  [/^Native application/, { 'Redirect URIs': 'https://a.example.test/#b' }],
  [/^Machine/, {}],
  [/^API/, { 'The API that it answers for': 'https://nobody.example' }],
  [/^Agent or command line/, { 'Redirect URIs, if it can open a browser': 'http://192.0.2.1/callback' }],
];

const bell = 'a bell \u0007';
const long = 'x'.repeat(201);

async function refusals(): Promise<readonly Refused[]> {
  const { admin } = world;
  const [account, client, policy] = await Promise.all([
    admin.post('/v1/accounts', { username: `p${randomUUID()}@example.test` }),
    admin.post('/v1/clients', {
      client_name: 'Refused',
      redirect_uris: ['https://refused.example.test/callback'],
    }),
    admin.post('/v1/policies', { name: `p${randomUUID().slice(0, 8)}`, settings: { basedOn: 'standard' } }),
  ]);
  const { sid } = await admin.signIn(admin.person());
  const target = { kind: 'client', client_id: client.body.client_id };
  await admin.call('PUT', '/v1/policy-attachments', { body: { target, policy: policy.body.name } });
  const audience = `https://${randomUUID()}.example.test`;
  await admin.post('/v1/resources', { audience, name: 'Refused API', scopes: [] });
  const person = `/people/${account.body.id}`;
  const application = `/applications/${client.body.client_id}`;
  const own = `/policies/${policy.body.name}`;
  const note = { 'Note for those who read the history later': bell };
  return [
    { at: '/people', opens: ['New person'], sends: 'Create', fields: { Username: 'a b' } },
    {
      at: '/people',
      opens: ['New person'],
      first: { Username: `p${randomUUID()}@example.test` },
      sends: 'Create',
      fields: { Password: 'short' },
    },
    {
      at: person,
      opens: ['Set a password …'],
      sends: 'Set the password',
      fields: { 'New password': 'short' },
    },
    { at: person, opens: ['Disable …'], sends: 'Disable', fields: note },
    {
      at: '/applications',
      opens: ['New application', /^Web application/],
      sends: 'Register',
      fields: { Name: long, 'Redirect URIs': 'http://shop.example.test/' },
    },
    {
      at: application,
      opens: ['Change it'],
      sends: 'Save',
      within: 'Registration',
      fields: {
        Name: long,
        'Redirect URIs': 'https://a.example.test/#b',
        'Addresses after signing out': 'ftp://a.example.test/',
        'Address that is told of ends (back-channel logout)': 'no address',
        Scopes: 'a"b',
      },
    },
    {
      at: application,
      opens: ['Give it a look'],
      sends: 'Save',
      within: 'Look',
      fields: { 'Colour on light pages': 'red', 'Colour on dark pages': '#111' },
    },
    { at: application, opens: ['Disable …'], sends: 'Disable', fields: note },
    {
      at: '/apis',
      opens: ['New API'],
      sends: 'Register',
      first: { Audience: `https://${randomUUID()}.example.test`, Name: 'Refused' },
      fields: {
        Audience: 'no uri',
        Name: long,
        Scopes: 'a"b',
        'Scopes of a request that names none': 'unknown:scope',
      },
    },
    {
      at: `/apis?api=${encodeURIComponent(audience)}`,
      opens: [],
      sends: 'Save',
      within: 'Refused API',
      fields: { Name: long, Scopes: 'a"b', 'Scopes of a request that names none': 'unknown:scope' },
    },
    {
      at: '/apis/new-route',
      sends: 'Create',
      within: 'Route',
      fields: {
        Name: 'a name!',
        Position: 'first',
        Hosts: 'Upper.example.test',
        Path: 'no path',
        Methods: 'get it',
        Scopes: 'a"b',
        'Authentication contexts (acr)': 'x'.repeat(129),
        'Activity within': 'soon',
        'Session at most': 'soon',
        'Sign-in within': 'soon',
        'Token at most': 'soon',
        Upstream: 'ftp://a.example.test',
        'Browser client': 'a name!',
        'Origins of pages that may read refusals': 'no origin',
      },
    },
    { at: '/apis/routes', sends: 'Try it', within: 'Try a request', fields: { Address: 'no address' } },
    { at: '/policies', opens: ['New policy'], sends: 'Create', fields: { Name: 'A Name' } },
    {
      at: `${own}?view=trials`,
      sends: 'Start the shadow',
      within: 'Shadow',
      fields: { 'Inactivity timeout to try': 'soon', 'Absolute lifetime to try': 'soon' },
    },
    {
      at: `${own}?view=trials`,
      sends: 'Begin the canary',
      within: 'Canary',
      first: { 'Inactivity timeout of the canary': '45m' },
      fields: { 'Inactivity timeout of the canary': 'soon', 'Share of the accounts, in per cent': '80' },
    },
    {
      at: `${own}?view=adaptation`,
      sends: 'Save what it may do',
      within: 'Limits',
      fields: {
        'Never shorter than': 'soon',
        'Never longer than': 'late',
        'At most': '0',
        'Days on which it takes no step': 'tomorrow',
      },
    },
    {
      at: own,
      opens: ['Change it'],
      fields: { 'inactivity timeout': 'soon', 'absolute lifetime': 'late', 'sessions per account': 'few' },
    },
    ...kinds.map(
      ([kind, more]): Refused => ({
        at: '/applications',
        opens: ['New application', kind],
        sends: 'Register',
        fields: { Name: long, ...more },
      }),
    ),
    { at: `${own}?view=adaptation`, within: 'Releases', fields: { Application: 'nobody' } },
    {
      at: '/now',
      opens: ['End everything …', 'Go on'],
      sends: 'End everything',
      first: { 'Type end everything to confirm': 'end everything' },
      fields: note,
    },
    { at: `/sessions/${sid}`, opens: ['End this session …'], sends: 'End it', fields: note },
    { at: `/sessions?state=live`, opens: ['End these …'], sends: 'End', fields: note },
    { at: '/sessions', fields: { 'Address or network': '300.1.1.1', 'Browser or system': 'x'.repeat(101) } },
    { at: '/events', fields: { Session: 'no id', 'Address or network': '300.1.1.1' } },
    { at: '/people', fields: { 'Username begins with': 'x'.repeat(255) } },
    { at: '/applications', fields: { 'Part of the name or the id': long } },
    { at: '/apis', fields: { 'Part of the audience or the name': long } },
    { at: '/compliance', fields: { API: 'https://nobody.example' } },
  ];
}

/** Fills a field with what is refused, sends the form, and returns what is said at the field and what the field has then. */
async function refusedAt(form: Locator, label: string, bad: string, sends: string | undefined) {
  const field = form.getByLabel(label, { exact: true }).and(form.page().locator('input, textarea'));
  const before = await field.inputValue();
  await field.fill(bad);
  if (sends) await form.getByRole('button', { name: sends }).last().click();
  else await field.press('Enter');
  await field.and(form.page().locator('[aria-invalid=true]')).waitFor();
  const told = await field.evaluate((one: HTMLInputElement) => {
    const said = document.getElementById(one.getAttribute('aria-describedby') ?? '');
    return {
      isSaid: said?.checkVisibility() === true && said.role === 'alert',
      text: said?.textContent,
      kept: one.value,
    };
  });
  await field.fill(before);
  return told;
}

it('every form says at the field what the admin API refuses, to the eye and to a screen reader, and keeps what was typed', async () => {
  const window = await world.enter('/console/now');
  window.setDefaultTimeout(10_000);
  const wrong: unknown[] = [];
  for (const { at, opens = [], sends, within, first = {}, fields } of await refusals()) {
    await window.goto(`${world.url}/console${at}`);
    for (const name of opens) await window.getByRole('button', { name }).first().click();
    const isDialog = opens.length > 0 && sends !== undefined && within === undefined;
    const form =
      within === 'Refused API'
        ? window.getByRole('dialog', { name: within })
        : window.locator(isDialog ? 'dialog' : within ? `[aria-label="${within}"]` : 'main');
    for (const [label, good] of Object.entries(first))
      await form.getByLabel(label, { exact: true }).and(window.locator('input')).fill(good);
    for (const [label, bad] of Object.entries(fields)) {
      const told = await refusedAt(form, label, bad, sends).catch((error: Error) => error.message);
      if (typeof told === 'string' || !told.isSaid || !told.text || told.kept !== bad)
        wrong.push([at, label, told]);
    }
  }
  expect(wrong).toEqual([]);
}, 240_000);

/** Choices that the admin API refuses: how they are reached and made, what happens meanwhile, and the group or the list that says so. */
interface RefusedChoice {
  readonly at: string;
  readonly opens: readonly (string | RegExp)[];
  readonly name?: string;
  readonly chooses?: string;
  readonly meanwhile: () => Promise<AdminAnswer>;
  readonly sends: string;
  readonly saidAt: string;
}

async function refusedChoices(): Promise<readonly RefusedChoice[]> {
  const { admin } = world;
  const gone = () => `https://${randomUUID()}.example.test`;
  const [first, second] = [gone(), gone()];
  for (const audience of [first, second])
    await admin.post('/v1/resources', { audience, name: 'Going', scopes: [] });
  const deleting = (audience: string) => () =>
    admin.call('DELETE', `/v1/resources/${encodeURIComponent(audience)}`);
  const { body } = await admin.post('/v1/clients', {
    client_name: 'Choosing',
    redirect_uris: ['https://choosing.example.test/callback'],
  });
  const application = `/applications/${body.client_id}`;
  /** Somebody else has it authenticate without a secret. */
  const withoutSecrets = () =>
    admin.call('PATCH', `/v1/clients/${body.client_id}`, {
      body: { token_endpoint_auth_method: 'none' },
      headers: { 'if-match': '"1"' },
    });
  return [
    {
      at: '/applications',
      opens: ['New application', /^Machine/],
      name: 'Choosing machine',
      chooses: first,
      meanwhile: deleting(first),
      sends: 'Register',
      saidAt: 'APIs that it may ask tokens for',
    },
    {
      at: application,
      opens: ['Change it'],
      chooses: second,
      meanwhile: deleting(second),
      sends: 'Save',
      saidAt: 'APIs',
    },
    {
      at: application,
      opens: ['New secret …'],
      meanwhile: withoutSecrets,
      sends: 'Make it',
      saidAt: 'The secret in force is accepted',
    },
  ];
}

it('a choice that is refused says so at its group, to the eye and to a screen reader, and stays as it was made', async () => {
  const window = await world.enter('/console/now');
  window.setDefaultTimeout(10_000);
  const wrong: unknown[] = [];
  for (const { at, opens, name, chooses, meanwhile, sends, saidAt } of await refusedChoices()) {
    await window.goto(`${world.url}/console${at}`);
    for (const button of opens) await window.getByRole('button', { name: button }).first().click();
    if (name) await window.getByLabel('Name', { exact: true }).fill(name);
    if (chooses) await window.getByLabel(chooses).check();
    const { status, text } = await meanwhile();
    expect([saidAt, status < 300 || text]).toEqual([saidAt, true]);
    await window.getByRole('button', { name: sends, exact: true }).click();
    const place = window
      .getByRole('group', { name: saidAt, exact: true })
      .or(window.getByLabel(saidAt, { exact: true }).and(window.locator('select')));
    await place.and(window.locator('[aria-describedby]')).waitFor();
    const told = await place.evaluate((one) => {
      const said = document.getElementById(one.getAttribute('aria-describedby') ?? '');
      return { isSaid: said?.checkVisibility() === true && said.role === 'alert', text: said?.textContent };
    });
    const isKept = chooses === undefined || (await window.getByLabel(chooses).isChecked());
    if (!told.isSaid || !told.text || !isKept) wrong.push([at, saidAt, told, isKept]);
  }
  expect(wrong).toEqual([]);
}, 90_000);
