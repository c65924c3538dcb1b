import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { deviceGrant, orders } from '../e2e/admin-world.js';
import { Person } from '../support/person.js';
import { ConsoleWorld } from './console-world.js';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open();
}, 90_000);
afterEach(async () => expect(await world?.tidy()).toEqual([]));
afterAll(() => world?.close());

const api = { audience: `https://${randomUUID()}.example.test`, name: 'Timetables', scopes: ['plan:read'] };

/** Somebody with a session at an application that shares its refresh token among its processes, and asks for one API. */
async function somebody() {
  const { admin } = world;
  const [username, password, name] = [
    `p${randomUUID()}@example.test`,
    randomUUID(),
    `p${randomUUID().slice(0, 8)}`,
  ];
  await admin.post('/v1/accounts', { username, password });
  if ((await admin.get(`/v1/resources?search=${api.audience}`)).body.items.length === 0)
    await admin.post('/v1/resources', api);
  const { client_id } = (
    await admin.post('/v1/clients', {
      client_name: 'Planner',
      grant_types: [deviceGrant, 'refresh_token'],
      token_endpoint_auth_method: 'none',
      resources: [api.audience],
    })
  ).body;
  await admin.post('/v1/policies', { name, settings: { basedOn: 'standard', siblings: 'serve' } });
  const attach = (target: object) =>
    admin.call('PUT', '/v1/policy-attachments', { body: { target, policy: name } });
  await attach({ kind: 'client', client_id });
  const tokens = await admin.signInRaw(new Person(username, password), {
    client_id,
    resource: api.audience,
    scope: 'openid offline_access plan:read',
  });
  const refresh = (refresh_token: string | undefined) =>
    admin.form('/token', { grant_type: 'refresh_token', client_id, refresh_token: refresh_token! });
  const [session] = (await admin.get(`/v1/sessions?client=${client_id}&state=live`)).body.items;
  return { username, client_id, policy: name, attach, refresh, tokens, sid: session.id as string };
}

describe('a session', () => {
  it('says how often its client asked again and its siblings were served, with both in its history', async () => {
    const { sid, tokens, refresh } = await somebody();
    const { refresh_token: first } = tokens;
    const second = await refresh(first);
    // Two answers that were lost: the client asks again, and gets the same tokens.
    for (const _ of [1, 2]) expect((await refresh(first)).refresh_token).toBe(second.refresh_token);
    await refresh(second.refresh_token);
    for (const _ of [1, 2, 3]) {
      const late = await refresh(first);
      expect([typeof late.access_token, late.refresh_token]).toEqual(['string', undefined]);
    }
    const page = await world.enter(`/console/sessions/${sid}?state=live`);
    const detail = page.getByRole('region', { name: 'Session' });
    // Retries are recorded a moment later.
    const told = detail.getByText('2 retries answered with the same tokens');
    while ((await told.count()) === 0) {
      await page.reload();
      await detail.getByText('What happened').waitFor();
      await world.whole(page);
    }
    await detail
      .getByText(
        'refreshed 2 times, 2 retries answered with the same tokens, siblings were given an access token alone 3 times',
      )
      .waitFor();
    const history = detail.locator('.timeline');
    await history
      .getByText(/^refresh retried/)
      .first()
      .waitFor();
    await history
      .getByText(/^sibling served/)
      .first()
      .waitFor();
    expect((await world.admin.get(`/v1/sessions/${sid}`)).body.state).toBe('live');
    expect(await world.faults(page)).toEqual([]);
  }, 90_000);
});

describe('an API', () => {
  it('stands by its name, with its audience beside it, wherever it is shown', async () => {
    const { sid, client_id, policy, attach } = await somebody();
    await attach({ kind: 'resource', audience: api.audience });
    const route = `r${randomUUID().slice(0, 8)}`;
    await world.admin.post('/v1/gateway-routes', {
      name: route,
      position: 9_100,
      resource: api.audience,
      hosts: ['plan.example.test'],
    });
    await world.admin.call('PUT', '/v1/client-hosts/agents.example.test', {
      body: { resources: [api.audience] },
    });
    const page = await world.enter('/console/now');
    const wrong: string[] = [];
    for (const [address, region] of [
      [`/applications/${client_id}`, 'Registration'],
      ['/applications', 'Hosts of documents'],
      ['/apis/routes', undefined],
      [`/apis/routes/${route}`, 'Route'],
      [`/sessions/${sid}?state=live`, 'Session'],
      ['/policies', 'Your own'],
      [`/policies/${policy}`, 'Applies to'],
      ['/compliance?standard=gdpr', 'Whose sessions are judged'],
    ] as const) {
      await page.goto(`${world.url}/console${address}`);
      await world.whole(page);
      const part = region ? page.getByRole('region', { name: region, exact: true }) : page.getByRole('main');
      const beside = part.locator('*', { hasText: api.name }).locator('.mono', { hasText: api.audience });
      await beside
        .first()
        .waitFor({ timeout: 5_000 })
        .catch(() => wrong.push(address));
    }
    expect(wrong).toEqual([]);
  }, 90_000);

  it('stands by its name wherever it is chosen', async () => {
    const { client_id } = await somebody();
    const page = await world.enter(`/console/applications/${client_id}`);
    const registration = page.getByRole('region', { name: 'Registration', exact: true });
    await registration.getByRole('button', { name: 'Change it' }).click();
    const both = page.getByRole('checkbox', { name: `${api.name} ${api.audience}` });
    expect(await both.isChecked()).toBe(true);
    await page.goto(`${world.url}/console/policies?client=${client_id}&resource=${api.audience}`);
    const field = page.getByRole('region', { name: 'Effective policy' }).getByLabel('API');
    await field.and(page.locator('[aria-describedby]')).waitFor();
    const hint = await field.evaluate(
      (input) => document.getElementById(input.getAttribute('aria-describedby') ?? '')?.textContent,
    );
    expect([await field.inputValue(), hint]).toEqual([api.audience, api.name]);
  }, 60_000);
});

/** The labels of the buttons for acts that take more than one line. */
const brokenLabels = (page: Page) =>
  page.locator('main .act > button').evaluateAll((buttons) =>
    buttons.flatMap((button) => {
      const range = document.createRange();
      range.selectNodeContents(button);
      const tops = [...range.getClientRects()].filter(({ height }) => height > 0).map(({ top }) => top);
      return Math.max(...tops) - Math.min(...tops) > 8 ? [button.textContent] : [];
    }),
  );

it('a button beside a long name keeps its label on one line, on a phone too', async () => {
  const { policy, attach } = await somebody();
  await attach({ kind: 'resource', audience: api.audience });
  for (const width of [390, 320]) {
    const page = await world.enter(`/console/policies/${policy}`, { viewport: { width, height: 800 } });
    await page.getByRole('button', { name: 'Detach' }).nth(1).waitFor();
    await world.whole(page);
    expect([width, await brokenLabels(page)]).toEqual([width, []]);
    expect(await world.faults(page)).toEqual([]);
  }
}, 60_000);

describe('answers that come late', () => {
  it('take the place of nothing that was marked, typed or chosen meanwhile', async () => {
    const { admin } = world;
    await admin.database.query(
      `INSERT INTO client SELECT (jsonb_populate_record(c, jsonb_build_object('id', 'late-' || n, 'name', 'Kiosk ' || n))).*
       FROM client c, generate_series(1, 5) n WHERE c.id = $1`,
      [admin.data.clients.web.client_id],
    );
    const page = await world.enter('/console/policies');
    const field = page.getByLabel('Application', { exact: true });
    const choose = async (text: string, into = field) => {
      await into.fill(text);
      await into.press('Enter');
    };
    const hold = async (address: RegExp) => {
      let arrive = () => {};
      const late = new Promise<void>((resolve) => {
        arrive = resolve;
      });
      await page.route(address, (route) => late.then(() => route.continue()));
      return () => arrive();
    };
    // The name comes between the marking of the text and the first key.
    const name = await hold(/\/v1\/clients\?id=late-1\b/);
    await choose('late-1');
    await page.waitForURL(/client=late-1$/);
    await field.selectText();
    name();
    await page.waitForFunction(
      () => document.querySelector<HTMLInputElement>('main input')?.value === 'Kiosk 1',
    );
    await page.keyboard.insertText('late-2');
    expect(await field.inputValue()).toBe('late-2');
    await field.press('Enter');
    await page.waitForURL(/client=late-2$/);
    // The older of two lookups is answered last.
    const older = await hold(/\/v1\/clients\?search=late-3\b/);
    await choose('late-3');
    await choose('late-4');
    await page.waitForURL(/client=late-4$/);
    older();
    await world.whole(page);
    expect([new URL(page.url()).search, await field.inputValue()]).toEqual(['?client=late-4', 'Kiosk 4']);
    // Another condition is chosen while a name is looked up.
    const lookup = await hold(/\/v1\/clients\?search=kiosk(\+|%20)1\b/);
    await choose('kiosk 1');
    await choose(orders, page.getByLabel('API', { exact: true }));
    await page.waitForURL(/resource=/);
    lookup();
    await page.waitForURL(/client=late-1/);
    expect(new URL(page.url()).searchParams.get('resource')).toBe(orders);
    // The text that is marked becomes the value itself, so that nothing is to be marked again.
    const [unnamed, found] = [
      await hold(/\/v1\/clients\?id=late-5\b/),
      await hold(/\/v1\/clients\?search=late-5\b/),
    ];
    await choose('late-5');
    await field.selectText();
    found();
    await page.waitForURL(/client=late-5/);
    await page.keyboard.type('ab');
    expect(await field.inputValue()).toBe('ab');
    unnamed();
    // The page is left while a name is looked up.
    const left = await hold(/\/v1\/clients\?search=kiosk(\+|%20)2\b/);
    await choose('kiosk 2');
    await page.getByRole('link', { name: 'Sessions', exact: true }).click();
    await page.waitForURL(/\/sessions/);
    const answered = page.waitForResponse(/search=kiosk(\+|%20)2\b/);
    left();
    await answered;
    await world.whole(page);
    expect(new URL(page.url()).pathname).toMatch(/\/sessions$/);
  }, 90_000);
});
