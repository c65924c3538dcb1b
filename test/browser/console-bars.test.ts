import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { adminScopeNames } from '@curfew/config/admin-scopes';
import type { Page } from 'playwright-core';
import { deviceGrant, orders } from '../e2e/admin-world.js';
import { Person } from '../support/person.js';
import { asking, ConsoleWorld, neededScopes, openAct, pageAddresses, routedPages } from './console-world.js';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open();
}, 90_000);
afterEach(async () => expect(await world?.tidy()).toEqual([]));
afterAll(() => world?.close());

/** A session of a person that an operator can look at. */
async function aSession(name = 'Shop'): Promise<{ username: string; sid: string }> {
  const { admin } = world;
  const username = `p${randomUUID()}@example.test`;
  const password = randomUUID();
  await admin.post('/v1/accounts', { username, password });
  const made = await admin.post('/v1/clients', {
    client_name: name,
    grant_types: [deviceGrant, 'refresh_token'],
    token_endpoint_auth_method: 'none',
    resources: [orders],
  });
  const tokens = await admin.signInRaw(new Person(username, password), {
    client_id: made.body.client_id,
    resource: orders,
    scope: 'openid offline_access',
  });
  const { sid } = await admin.introspect(tokens['access_token'] ?? '');
  return { username, sid };
}

describe('the page of sessions', () => {
  it('has the number typed where a bulk end reaches more than a thousand', async () => {
    const { sid } = await aSession('Warehouse');
    const { client_id: client } = (await world.admin.get(`/v1/sessions/${sid}`)).body;
    await world.admin.database.query(
      `INSERT INTO session SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid()))).*
       FROM session s, generate_series(1, 1200) WHERE s.id = $1`,
      [sid],
    );
    const page = await world.enter(`/console/sessions?state=live&client=${client}`);
    await page.getByText('50 shown').waitFor();
    await page.getByRole('button', { name: 'End these' }).click();
    const dialog = page.getByRole('dialog');
    const end = dialog.getByRole('button', { name: 'End 1,201 sessions' });
    await end.waitFor();
    const typed = dialog.getByLabel('Type 1201 to confirm');
    for (const [text, isOff] of [
      ['', true],
      ['1200', true],
      ['1201', false],
    ] as const) {
      await typed.fill(text);
      expect([text, await end.isDisabled()]).toEqual([text, isOff]);
    }
    await end.click();
    await dialog.getByText('1,201 sessions have ended').waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByText('No session meets these conditions.').waitFor();
  }, 90_000);

  it('names the person before the gateway that redeemed their code, and what else the browser signed in', async () => {
    const page = await world.enter('/console/sessions?state=live');
    await page.locator('.row', { hasText: 'you' }).locator('.badge', { hasText: 'you' }).click();
    const detail = page.getByRole('region', { name: 'Session' });
    await detail.getByText('this is your own session').waitFor();
    await detail.getByText('its code was redeemed by a gateway or server').waitFor();
    await detail.getByRole('region', { name: 'Same browser' }).getByText('Nothing else.').waitFor();
  }, 90_000);
});

describe('a thousand applications', () => {
  it('stand by their names wherever they appear, and are found by name or id where one is chosen', async () => {
    const { admin } = world;
    await admin.database.query(
      `INSERT INTO client SELECT (jsonb_populate_record(c, jsonb_build_object('id', 'many-' || n, 'name', CASE WHEN n > 998 THEN 'Twin' ELSE 'Shop ' || n END))).*
       FROM client c, generate_series(1, 1000) n WHERE c.id = $1`,
      [admin.data.clients.web.client_id],
    );
    const ids = ['many-1', 'many-345', 'many-678', 'many-919'];
    await admin.post('/v1/policies', { name: 'many', settings: { basedOn: 'standard' } });
    for (const client_id of ids)
      await admin.call('PUT', '/v1/policy-attachments', {
        body: { target: { kind: 'client', client_id }, policy: 'many' },
      });
    const page = await world.enter('/console/now');
    await page.goto('about:blank'); // the page before asks for names as well
    const asked: { readonly activity: string; readonly ids: readonly string[] }[] = [];
    page.on('request', (request) => {
      const { pathname, searchParams } = new URL(request.url());
      const activity = request.headers()['x-session-activity'] ?? 'active';
      if (pathname === '/v1/clients') asked.push({ activity, ids: searchParams.getAll('id') });
    });
    await page.goto(`${world.url}/console/policies`);
    const named = page.locator('li', { hasText: /^Shop 919 many-919$/ });
    await named.first().waitFor();
    await world.whole(page);
    expect(await page.locator('li', { hasText: /^many-\d+$/ }).count()).toBe(0);
    // At most one question for each list that the page shows (policies; what they are attached to), no name asked twice, no session kept awake.
    const names = asked.flatMap((one) => one.ids);
    expect([asked.length <= 2, new Set(names).size, names]).toEqual([
      true,
      names.length,
      expect.arrayContaining(ids),
    ]);
    expect(asked.filter(({ activity }) => activity !== 'passive')).toEqual([]);

    const field = page.getByLabel('Application', { exact: true });
    const chosen = async (text: string) => {
      await field.fill(text);
      await field.press('Enter');
    };
    await chosen('shop 777');
    await page.waitForURL(/client=many-777/);
    await page.waitForFunction(
      () => document.querySelector<HTMLInputElement>('main input')?.value === 'Shop 777',
    );
    await chosen('many-42');
    await page.waitForURL(/client=many-42$/);
    await chosen('Twin');
    await page.getByText('Several have this name. Choose one of them by its id.').waitFor();
    // A name that arrives late takes the place of nothing that was typed, looked up and refused meanwhile.
    let arrive = () => {};
    const late = new Promise<void>((resolve) => (arrive = resolve));
    await page.route(/\/v1\/clients\?id=many-1000\b/, (route) => late.then(() => route.continue()));
    await chosen('Twin · many-1000');
    await page.waitForURL(/client=many-1000/);
    await chosen('Nothing');
    await page.getByText('No application is called that.').waitFor();
    const arrived = page.waitForResponse(/\/v1\/clients\?id=many-1000\b/);
    arrive();
    await (await arrived).finished();
    await world.whole(page);
    expect([await field.inputValue(), await world.faults(page)]).toEqual(['Nothing', []]);
  }, 120_000);

  // The lists of the tests after this one are whole on one page.
  afterAll(async () => {
    await world.admin.database.query("DELETE FROM policy_attachment WHERE target LIKE 'many-%'");
    await world.admin.database.query("DELETE FROM client WHERE id LIKE 'many-%'");
  });
});

describe('more APIs than a list shows at once', () => {
  it('are found by name or audience in every chooser, and several of them are added one after the other', async () => {
    const { admin } = world;
    await admin.database.query(
      `INSERT INTO resource SELECT (jsonb_populate_record(r, jsonb_build_object('audience', 'https://' || n || '.many.example.test', 'name', 'Depot ' || n))).*
       FROM resource r, generate_series(1, 500) n WHERE r.audience = $1`,
      [orders],
    );
    await admin.post('/v1/policies', { name: 'depots', settings: { basedOn: 'standard' } });
    const page = await world.enter('/console/now');
    const chosen = 'https://477.many.example.test';
    const web = admin.data.clients.web.client_id;
    const wrong: unknown[] = [];
    for (const [at, presses, label] of [
      ['/apis/routes', [], 'API'],
      ['/apis/new-route', [], 'API'],
      ['/compliance', [], 'API'],
      [`/policies?client=${web}`, [], 'API'],
      ['/policies/depots', ['Attach …'], 'API'],
      ['/applications', ['New application', /^API/], 'The API that it answers for'],
      ['/applications', ['New application', /^Web application/], 'Add an API'],
      [`/applications/${web}`, ['Change it'], 'Add an API'],
    ] as const) {
      await page.goto(`${world.url}/console${at}`);
      for (const name of presses) await page.getByRole('button', { name }).first().click();
      if (at === '/policies/depots') await page.getByLabel('To', { exact: true }).selectOption('resource');
      const field = page.getByLabel(label, { exact: true });
      await field.fill('no such depot');
      await field.press('Enter');
      await page.getByText('No API is called that.').waitFor();
      await field.fill('depot 477');
      await field.press('Enter');
      if (label === 'Add an API') await page.getByLabel(chosen).and(page.locator(':checked')).waitFor();
      else
        await page.waitForFunction(
          (audience) => [...document.querySelectorAll('input')].some(({ value }) => value === audience),
          chosen,
          { timeout: 10_000 },
        );
      // Enter took what was typed, and sent no form.
      if ((await page.locator('[aria-invalid=true]').count()) > 0) wrong.push([at, label]);
    }
    expect(wrong).toEqual([]);
    await page.goto(`${world.url}/console/apis`);
    await page.getByLabel('Part of the audience or the name').fill('DEPOT 49');
    await page.getByLabel('Part of the audience or the name').press('Enter');
    await page.waitForURL(/search=DEPOT/);
    await page.getByText('11 shown, that is all').waitFor();
    await page.locator('[data-row="https://49.many.example.test"]').click();
    await page.waitForURL(/api=https/);
    await page.getByRole('dialog', { name: 'Depot 49', exact: true }).waitFor();
    expect(await world.faults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(new URL(page.url()).search).toBe('?search=DEPOT+49');
  }, 120_000);

  afterAll(() =>
    world.admin.database.query("DELETE FROM resource WHERE audience LIKE '%.many.example.test'"),
  );
});

describe('a lost connection', () => {
  it('is said, keeps what was typed, and the feed goes on where it was, with nothing missing or twice', async () => {
    const { sid } = await aSession();
    const now = await world.enter('/console/now');
    await now.getByText('live', { exact: true }).waitFor();
    /** The lines of the feed that tell of an account's creation. */
    const linesOf = (username: string) =>
      now.locator('.feed li', { hasText: 'account changed' }).filter({ hasText: username });
    const created = async (kind: string) => {
      const username = `${kind}-${randomUUID()}@example.test`;
      await world.admin.post('/v1/accounts', { username, password: randomUUID() });
      return username;
    };
    const before = await created('before');
    await linesOf(before).waitFor();
    const page = await now.context().newPage();
    await page.goto(`${world.url}/console/sessions/${sid}?state=live`);
    await page.getByRole('button', { name: 'End this session' }).click();
    const note = page.getByLabel('Note for those who read the history later');
    await note.fill('a lost badge');
    const meanwhile: string[] = [];
    await world.outage(async () => {
      await page.getByRole('button', { name: 'End it' }).click();
      await page
        .getByRole('dialog')
        .getByText('The admin API does not answer. It may or may not have done this')
        .waitFor();
      expect(await note.inputValue()).toBe('a lost badge');
      await now.getByText('connection lost, trying again').waitFor();
      for (let n = 0; n < 5; n += 1) meanwhile.push(await created('meanwhile'));
    });
    expect((await world.admin.get(`/v1/sessions/${sid}`)).body.state).toBe('live');
    await page.getByRole('button', { name: 'End it' }).click();
    await page.getByText('The session is over').waitFor();
    await now.getByText('live', { exact: true }).waitFor();
    // The feed goes on behind the last event that it had: nothing that happened meanwhile is missing, and nothing is told twice.
    const after = await created('after');
    for (const username of [...meanwhile, after]) await linesOf(username).waitFor();
    const all = [before, ...meanwhile, after];
    expect(await Promise.all(all.map((username) => linesOf(username).count()))).toEqual(all.map(() => 1));
  }, 90_000);
});

/** Buttons that read and change nothing, so that they may be tried without a connection. */
const reads = [
  'CSV',
  'JSON lines',
  'PDF',
  'Signed JSON',
  'Look again',
  'Look further back',
  'Show more',
  'Check the history',
];

/** The buttons for acts of the dialog that is open, or else of the page, with the reason of each that is off. */
const actsInFront = (page: Page) =>
  page.evaluate(() =>
    [
      ...(document.querySelector('dialog[open]') ?? document).querySelectorAll<HTMLElement>('.act > button'),
    ].map((one) => ({
      name: one.textContent ?? '',
      isOff: one.matches('[aria-disabled=true]'),
      reason: document.getElementById(one.getAttribute('aria-describedby') ?? '')?.textContent ?? '',
    })),
  );

/** An operator with some scopes, who has signed in to the console. */
async function anOperator(scopes: readonly string[]): Promise<Page> {
  const username = `o${randomUUID()}@example.test`;
  const password = randomUUID();
  const { body } = await world.admin.post('/v1/accounts', { username, password });
  await world.admin.call('PUT', `/v1/accounts/${body.id}/operator`, { body: { scopes } });
  return world.enter('/console/now', {}, username, password);
}

/** Everything on a page that can be pressed or changed and is off, with the reason that a screen reader reads out, and whether it is reached. */
const offControls = (page: Page) =>
  page.evaluate(() =>
    [
      ...document.querySelectorAll<HTMLElement>(
        'button, input, select, textarea, summary, a, [role=button], [role=link], [role=switch], [role=combobox]',
      ),
    ]
      .filter((one) => one.matches(':disabled, [aria-disabled=true]'))
      .map((one) => {
        one.focus();
        const ids = (one.getAttribute('aria-describedby') ?? '').split(' ');
        const said = ids.map((id) => document.getElementById(id)).filter((found) => found !== null);
        return {
          name: (one.closest('label') ?? one).textContent ?? '',
          reason: said.map(({ textContent }) => textContent).join(' '),
          isReached: document.activeElement === one && said.some((found) => found.checkVisibility()),
          isWhole: said.every((found) => {
            const { left, right } = found.getBoundingClientRect();
            return left >= 0 && right <= window.innerWidth;
          }),
        };
      }),
  );

const ofRoute = ['Change it: policies:write', 'Delete …: policies:write'];
const ofPolicy = ['Change it: policies:write', 'Attach …: policies:write'];
const scopeBoxes = adminScopeNames.map((scope) => `${scope}: accounts:write`);

/** The controls that an operator who may only read finds off, page by page, with the scope that is missing. */
const actsByScope: Readonly<Record<string, readonly string[]>> = {
  '/now': ['End everything …: sessions:end'],
  '/people': ['Import …: accounts:write', 'New person: accounts:write'],
  '/people/identity-providers': ['New identity provider: accounts:write'],
  '/people/$id': [
    'Set a password …: accounts:write',
    'Require a new one …: accounts:write',
    'Disable …: accounts:write',
    'Delete …: accounts:write',
    'Erase …: accounts:write',
    'Copy of the data: accounts:write',
    'Sign out …: sessions:end',
    'Withdraw …: accounts:write',
    'Change groups …: accounts:write',
    ...scopeBoxes,
  ],
  '/applications': ['New application: clients:write', 'Allow a host …: clients:write'],
  '/applications/$id': [
    'Disable …: clients:write',
    'Delete …: clients:write',
    'Change it: clients:write',
    'End it …: clients:write',
    'New secret …: clients:write',
    'Give it a look: clients:write',
    'Attach a policy …: policies:write',
  ],
  '/apis': ['New API: clients:write'],
  '/apis/routes': ['New route: policies:write'],
  '/apis/routes/$name': ofRoute,
  '/apis/new-route': ['Create: policies:write'],
  '/policies': ['Stop all adaptation …: policies:write', 'New policy: policies:write'],
  '/policies/$name': ['Attach …: policies:write'],
  '/insight': [],
  '/events': [],
  '/events/transmitters': ['New transmitter: accounts:write'],
  '/scenarios': ['Play: sessions:end'],
  '/compliance': [],
  '/system': ['Rotate …: keys:rotate'],
  '/sessions': ['End these …: sessions:end'],
  '/sessions/$id': ['End these …: sessions:end', 'End this session …: sessions:end'],
  trials: [
    'Change it: policies:write',
    'Start the shadow: policies:write',
    'Begin the canary: policies:write',
  ],
  adaptation: [
    'Change it: policies:write',
    'Save what it may do: policies:write',
    'Mark a release of it: clients:write',
  ],
  changes: ofPolicy,
};

/** The scope that an act lacks, as it is listed above. */
const scopeOf = (act: string) => act.slice(act.lastIndexOf(': ') + 2);

/** A control that is off for lack of a scope, as it is listed above. */
const lackingIn = ({ name, reason }: { readonly name: string; readonly reason: string }) => {
  const scope = /You need the scope (\S+) for this/.exec(reason)?.[1];
  return scope === undefined ? [] : [`${name}: ${scope}`];
};

/** Every page, and the parts of a policy of one's own. */
async function pagesWithActs(sid: string): Promise<Readonly<Record<string, readonly [string, string]>>> {
  await world.admin.post('/v1/policies', { name: 'own', settings: { basedOn: 'standard' } });
  return {
    ...(await pageAddresses(world, sid)),
    trials: ['/policies/own?view=trials', 'Begin the canary'],
    adaptation: ['/policies/own?view=adaptation', 'Mark a release of it'],
    changes: ['/policies/own', 'Change it'],
  };
}

describe('an operator without a scope', () => {
  it('finds on every page which scope each act needs, reads it, and hears it', async () => {
    const { sid } = await aSession();
    const pages = await pagesWithActs(sid);
    const page = await anOperator([
      'sessions:read',
      'policies:read',
      'events:read',
      'clients:read',
      'accounts:read',
    ]);
    const found: Record<string, string[]> = {};
    for (const [name, [address, there]] of Object.entries(pages)) {
      await page.goto(`${world.url}/console${address}`);
      await page.getByText(there).first().waitFor();
      await world.whole(page);
      const off = await offControls(page);
      expect([name, off.filter(({ reason, isReached }) => reason === '' || !isReached)]).toEqual([name, []]);
      found[name] = off.flatMap(lackingIn);
    }
    expect(found).toEqual(actsByScope);
    await page.setViewportSize({ width: 390, height: 800 });
    for (const name of ['/applications/$id', '/people/$id']) {
      await page.goto(`${world.url}/console${pages[name]![0]}`);
      await world.whole(page);
      const off = await offControls(page);
      expect([name, off.length > 2, off.filter(({ isWhole }) => !isWhole)]).toEqual([name, true, []]);
    }
  }, 120_000);

  it.each([...new Set(Object.values(actsByScope).flat().map(scopeOf))])(
    'without %s alone finds off exactly the acts that need it',
    async (scope) => {
      const { sid } = await aSession();
      const pages = await pagesWithActs(sid);
      const page = await anOperator(adminScopeNames.filter((one) => one !== scope));
      const found: Record<string, readonly string[]> = {};
      const expected: Record<string, readonly string[]> = {};
      for (const [name, [address, there]] of Object.entries(pages)) {
        const acts = actsByScope[name] ?? [];
        if (acts.length === 0) continue;
        await page.goto(`${world.url}/console${address}`);
        await page.getByText(there).first().waitFor();
        await world.whole(page);
        found[name] = (await offControls(page)).flatMap(lackingIn);
        expected[name] = acts.filter((act) => scopeOf(act) === scope);
      }
      expect(found).toEqual(expected);
    },
    120_000,
  );

  it.each(adminScopeNames.filter((scope) => scope.endsWith(':read')))(
    'without %s alone reads which scope it is on its page, and wherever something is refused for it',
    async (scope) => {
      const { sid } = await aSession();
      const page = await anOperator(adminScopeNames.filter((one) => one !== scope));
      const refused: string[] = [];
      page.on('response', (response) => {
        if (response.status() === 403) refused.push(new URL(response.url()).pathname);
      });
      const silent: unknown[] = [];
      for (const [name, [address]] of Object.entries(await pagesWithActs(sid))) {
        // An answer to the page before is none to this one.
        await page.goto('about:blank');
        refused.length = 0;
        await page.goto(`${world.url}/console${address}`);
        await world.whole(page);
        const text = (await page.locator('main').textContent()) ?? '';
        const isMissed = refused.length > 0 || neededScopes()[name] === scope;
        if (isMissed && !text.includes(scope)) silent.push([name, [...refused]]);
      }
      expect(silent).toEqual([]);
    },
    120_000,
  );

  it('reads on every page that shows nothing without a scope which one that is', async () => {
    const { sid } = await aSession();
    const page = await anOperator(['sessions:end']);
    const silent: string[] = [];
    for (const [name, [address]] of Object.entries(await pageAddresses(world, sid))) {
      await page.goto(`${world.url}/console${address}`);
      await world.whole(page);
      const text = (await page.locator('main').textContent()) ?? '';
      if (!/scope\W+[a-z]+:(read|write|rotate)/.test(text)) silent.push(`${name}: ${text.slice(0, 200)}`);
    }
    expect(silent).toEqual([]);
  }, 120_000);
});

describe('each page without a connection', () => {
  it('says so, puts its acts off with the reason, and reads everything again in silence once it is back', async () => {
    const { sid } = await aSession();
    const page = await world.enter('/console/now');
    const banner = page.getByRole('alert').getByText('The connection to the admin API is lost.');
    for (const [name, [address, there]] of Object.entries(await pageAddresses(world, sid))) {
      await page.goto(`${world.url}/console${address}`);
      await page.getByText(there).first().waitFor();
      await world.whole(page);
      expect([name, await banner.count()]).toEqual([name, 0]);
      const acts = (await offControls(page)).length;
      await world.cut(page, async () => {
        await banner.waitFor();
        expect([name, await world.faults(page)]).toEqual([name, []]);
        const on = await page.locator('.act > button:not([aria-disabled])').allTextContents();
        const off = await offControls(page);
        expect([name, on.filter((one) => !reads.includes(one)), off.length >= acts]).toEqual([
          name,
          [],
          true,
        ]);
      });
      const asked: string[] = [];
      page.on('request', (request) => {
        const isHeard = request.headers()['x-session-activity'] === 'passive';
        if (request.url().includes('/v1/')) asked.push(`${isHeard ? 'passive' : 'active'} ${request.url()}`);
      });
      await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
      await banner.waitFor({ state: 'detached' });
      await world.whole(page);
      page.removeAllListeners('request');
      expect([name, asked.filter((one) => one.startsWith('active'))]).toEqual([name, []]);
      expect([name, asked.length > 1]).toEqual([name, true]);
    }
  }, 180_000);

  it('puts the button of each dialog and form off as well, says why beside it, and has it on again afterwards', async () => {
    const { sid } = await aSession();
    const page = await world.enter('/console/now');
    const banner = page.getByRole('alert').getByText('The connection to the admin API is lost.').last();
    const seen: string[] = [];
    const wrong: unknown[] = [];
    for (const [address, there] of Object.values(await pageAddresses(world, sid))) {
      const open = async () => {
        await page.goto(`${world.url}/console${address}`);
        await page.getByText(there).first().waitFor();
        await world.whole(page);
      };
      await open();
      const buttons = page.locator('main .act > button:not([aria-disabled])');
      for (const act of new Set((await buttons.allTextContents()).filter((one) => asking.test(one)))) {
        await openAct(page, act);
        await world.whole(page);
        await world.cut(page, async () => {
          await banner.waitFor();
          const acts = (await actsInFront(page)).filter(({ name }) => !reads.includes(name));
          const on = acts.filter(({ isOff, reason }) => !isOff || !reason.includes('The connection is lost'));
          if (acts.length === 0 || on.length > 0) wrong.push([address, act, acts]);
        });
        await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
        await banner.waitFor({ state: 'detached' });
        const still = (await actsInFront(page)).filter(({ reason }) => reason.includes('is lost'));
        if (still.length > 0) wrong.push([address, act, still]);
        seen.push(act);
        await open();
      }
    }
    expect(wrong).toEqual([]);
    const listed = routedPages().flatMap((name) => [
      ...new Set(
        (actsByScope[name] ?? []).map((act) => act.replace(/: \S+$/, '')).filter((act) => asking.test(act)),
      ),
    ]);
    // Keys are shown only to those who may rotate them.
    expect(seen.toSorted()).toEqual([...listed, 'Withdraw …'].toSorted());
  }, 240_000);

  it('never carries an act out by itself later', async () => {
    const { sid } = await aSession();
    const page = await world.enter(`/console/sessions/${sid}?state=live`);
    await page.getByRole('button', { name: 'End this session' }).click();
    const calls: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'DELETE') calls.push(request.url());
    });
    await world.cut(
      page,
      async () => {
        const end = page.getByRole('button', { name: 'End it' });
        await end.click();
        await page.getByRole('dialog').getByText('The admin API does not answer.').waitFor();
        // The lost act has told the page, so the same press does nothing now.
        await end.and(page.locator('[aria-disabled=true]')).waitFor();
        await end.focus();
        await page.keyboard.press('Enter');
        await page.context().setOffline(true);
        await page.context().setOffline(false);
      },
      false,
    );
    await page.getByText('The connection to the admin API is lost.').first().waitFor({ state: 'detached' });
    await world.whole(page);
    expect(calls).toHaveLength(1);
    expect((await world.admin.get(`/v1/sessions/${sid}`)).body.state).toBe('live');
  }, 60_000);
});

describe('the session of the operator', () => {
  it('warns before it ends by silence, and is kept by one key', async () => {
    const page = await world.window();
    await page.clock.install();
    await page.goto(`${world.url}/console/policies`);
    await world.signIn(page);
    await world.allow(page);
    await page.getByRole('heading', { name: 'Policies' }).waitFor();
    // A request that is still on its way would be activity after the silence, and keep the session for another 15 minutes.
    await world.whole(page);
    const warning = page.getByRole('region', { name: 'Your session' });
    expect(await warning.count()).toBe(0);
    await world.admin.post('/v1/clock/advance', { seconds: 800 });
    // The gateway goes by the clock of the last beat that it heard.
    const told = () => page.evaluate(async () => (await fetch('/.curfew/session')).json());
    for (let known = await told(); known.signed_in && known.idle_expires_in > 120; known = await told())
      await pause(200);
    await page.clock.fastForward(800_000);
    await warning
      .getByRole('alert')
      .getByText(/^You will be signed out in (1 min 30 s|2 min) unless/)
      .waitFor();
    expect(await world.faults(page)).toEqual([]);
    await warning.getByRole('button', { name: 'Stay signed in' }).focus();
    await page.keyboard.press('Enter');
    await warning.waitFor({ state: 'detached' });
    await page.locator('.own .clock', { hasText: /^1[45]:\d\d$/ }).waitFor();
  }, 90_000);
});

describe('the page of scenarios', () => {
  it('plays a theft step by step, keeps the operator signed in while hours pass, and shows the session die at the gateway', async () => {
    const page = await world.enter('/console/scenarios?scenario=stolen-token');
    await page.getByText('moves the clock of this installation by 12 min').waitFor();
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    const play = page.getByRole('region', { name: 'Play' });
    await play.locator('li[aria-current=step]').waitFor();
    await play.getByText('Everything happened as the scenario says.').waitFor({ timeout: 60_000 });
    expect(await play.locator('.steps .passed').count()).toBe(12);
    expect(await play.locator('.denial').textContent()).toMatch(
      /^\d+ ms after the act .* denied at the gateway\.$/,
    );
    // The end stands in the feed beside the play, with the time until it was felt.
    const end = page.getByRole('region', { name: 'Events' }).locator('li', { hasText: 'session ended' });
    expect(await end.filter({ hasText: 'refresh token reuse' }).locator('.remark').allTextContents()).toEqual(
      [expect.stringMatching(/^ denied at the gateway after \d+ ms$/)],
    );
    expect(await world.faults(page)).toEqual([]);
    await play.getByText('ended: refresh token reuse').first().waitFor();
    expect(await page.locator('.own .clock').textContent()).toMatch(/^1[45]:\d\d$/);
    await page.getByRole('region', { name: 'Played before' }).getByText('passed').first().waitFor();
  }, 90_000);

  it('stops a play without a new sign-in, although the clock has made every sign-in old', async () => {
    const page = await world.enter('/console/scenarios?scenario=absolute-end');
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    const play = page.getByRole('region', { name: 'Play' });
    await play.locator('.passed', { hasText: '9m pass' }).waitFor({ timeout: 30_000 });
    await play.getByRole('button', { name: 'Stop' }).click();
    await play.getByText('It was stopped, and what it made was removed.').waitFor({ timeout: 30_000 });
  }, 90_000);
});
