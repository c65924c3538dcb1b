import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { deviceGrant, orders } from '../e2e/admin-world.js';
import { GatewayBrowser } from '../support/gateway-browser.js';
import { Person } from '../support/person.js';
import { picture } from './chromium.js';
import { ConsoleWorld, fileOf, pageAddresses, routedPages } from './console-world.js';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open();
}, 90_000);
afterEach(async () => expect(await world?.tidy()).toEqual([]));
afterAll(() => world?.close());

const markup = '"><img src=x onerror="document.title=1"><script>document.title=2</script>';

/** A session of a person that an operator can look at, at a client of this name. */
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

describe('signing in to the console', () => {
  it('goes through the gateway, keeps every token from scripts, and breaks no rule of the content security policy', async () => {
    const page = await world.enter('/console/sessions?state=live');
    await page.getByRole('heading', { name: 'Sessions' }).waitFor();
    await page.getByText('you', { exact: true }).waitFor();
    const seen = await page.evaluate(() =>
      JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]),
    );
    expect(seen).not.toMatch(/cfw_|curfew_gateway/);
    expect(await page.locator('.own .clock').textContent()).toMatch(/^1[45]:\d\d$/);
  });

  it('is refused to a page of another site, and to a frame', async () => {
    const host = new URL(world.url).host;
    const browser = new GatewayBrowser(host);
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: 'http://evil.localhost' },
      { origin: 'https://evil.example' },
    ]) {
      // Even with the cookie of an operator: the origin of the request is decided on first.
      browser.cookies.set('curfew_gateway', 'made-up');
      const { status } = await browser.fetch(
        '/v1/sessions/end',
        { ...headers, 'content-type': 'application/json' },
        'POST',
      );
      expect([headers, status]).toEqual([headers, expect.any(Number)]);
      expect([401, 403]).toContain(status);
    }
    const page = await world.window();
    await page.goto(`${world.url}/console/sessions?state=live`);
    await world.signIn(page);
    await world.allow(page);
    await page.getByText('that is all').waitFor();
    const headers = (await page.reload())?.headers() ?? {};
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; .*frame-ancestors 'none'; require-trusted-types-for 'script'/,
    );
    const status = await page.evaluate(async () => {
      const answer = await fetch('/v1/sessions/end', {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'text/plain' },
      });
      return answer.status;
    });
    expect(status).toBe(415);
  });
});

describe('the built console', () => {
  it('is served compressed and for ever, and only where it is', async () => {
    const { adminUrl } = world.admin;
    const home = await fetch(`${adminUrl}/`, { redirect: 'manual' });
    expect([home.status, home.headers.get('location')]).toEqual([302, `${world.url}/console/`]);
    const page = await world.window();
    const sent: { url: string; encoding: string | undefined; cache: string | undefined }[] = [];
    page.on('response', (response) => {
      const { 'content-encoding': encoding, 'cache-control': cache } = response.headers();
      sent.push({ url: response.url(), encoding, cache });
    });
    await page.goto(`${world.url}/console/sessions?state=live`);
    await world.signIn(page);
    await world.allow(page);
    await page.getByRole('heading', { name: 'Sessions' }).waitFor();
    const assets = sent.filter(({ url }) => url.includes('/console/assets/') && url.endsWith('.js'));
    expect(assets.length).toBeGreaterThan(2);
    for (const { url, encoding, cache } of assets)
      expect([url, encoding, cache]).toEqual([url, 'br', 'public, max-age=31536000, immutable']);
    const hosts = new Set(sent.map(({ url }) => new URL(url).host));
    expect([...hosts].sort()).toEqual(
      [new URL(world.url).host, new URL(world.admin.server.issuer).host].sort(),
    );
    for (const path of ['/console/assets/nothing.js', '/console/assets/../../package.json', '/consoles'])
      expect([path, (await fetch(`${adminUrl}${path}`, { redirect: 'manual' })).status]).toEqual([path, 404]);
  });
});

describe('the page of sessions', () => {
  it('shows names that clients and people gave as the text they are', async () => {
    const { username } = await aSession(markup);
    const page = await world.enter('/console/sessions?state=live');
    await page.getByText(username).click();
    await page.locator('.detail').getByText(markup).waitFor();
    expect(await page.title()).toBe('Curfew console');
    expect(await page.locator('main img').count()).toBe(0);
  });

  it('opens a session by keys, with both clocks, their policy and its history, and gives the focus back', async () => {
    const { sid } = await aSession();
    const page = await world.enter('/console/sessions?state=live');
    await page.locator(`[data-row="${sid}"]`).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.locator(`[data-row="${sid}"]`).focus();
    await page.keyboard.press('Enter');
    const detail = page.getByRole('region', { name: 'Session' });
    await detail.getByText('set by the policy standard').first().waitFor();
    expect(await detail.locator('.clock-line .left').allTextContents()).toEqual([
      expect.stringMatching(/^29:\d\d$/),
      expect.stringMatching(/^11:59:\d\d$/),
    ]);
    await detail.getByText('started').first().waitFor();
    await page.keyboard.press('Escape');
    await detail.waitFor({ state: 'detached' });
    expect(new URL(page.url()).search).toBe('?state=live');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-row'))).toBe(sid);
  });

  it('keeps every cell of the list inside its column, beside an opened session too', async () => {
    const { sid } = await aSession(`${'W'.repeat(40)} of a long name`);
    await world.admin.call('DELETE', `/v1/sessions/${sid}`);
    const page = await world.enter(`/console/sessions/${sid}?state=ended`);
    await page.locator(`[data-row="${sid}"] .badge`, { hasText: 'ended by administrator' }).waitFor();
    const outside = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('a.row .cell *')]
          .filter((one) => one.getBoundingClientRect().width > 0)
          .filter(
            (one) =>
              one.getBoundingClientRect().right >
              (one.closest('.cell')?.getBoundingClientRect().right ?? 0) + 1,
          )
          .map(({ textContent }) => textContent),
      );
    for (const width of [1130, 1280, 1920]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.locator(`[data-row="${sid}"]`).isVisible()).toBe(true);
      expect([width, await outside()]).toEqual([width, []]);
    }
  });

  it('asks for a new sign-in in the middle of an act, loses nothing that was typed, and carries it out', async () => {
    const { sid, username } = await aSession();
    const page = await world.enter(`/console/sessions/${sid}?state=live`);
    await page.getByRole('button', { name: 'End this session' }).click();
    const note = page.getByLabel('Note for those who read the history later');
    await note.fill('a stolen laptop');
    await world.admin.post('/v1/clock/advance', { seconds: 360 });
    // The gateway goes by the clock of the last beat that it heard, up to a second ago.
    const challenge = () =>
      page.evaluate(async () => (await fetch('/console/signed-in')).headers.get('www-authenticate') ?? '');
    while (!(await challenge()).includes('insufficient_user_authentication')) await pause(100);
    await page.getByRole('button', { name: 'End it' }).click();
    const again = page.getByRole('dialog', { name: 'Confirm that it is you' });
    await again.waitFor();
    expect(await note.inputValue()).toBe('a stolen laptop');
    const [popup] = await Promise.all([
      page.waitForEvent('popup'),
      again.getByRole('button', { name: 'Sign in again' }).click(),
    ]);
    await world.signIn(popup);
    await page.getByText('The session is over').waitFor();
    const { body } = await world.admin.get(`/v1/sessions/${sid}`);
    expect(body).toMatchObject({
      username,
      state: 'ended',
      end_reason: 'ended_by_administrator',
      ended_by: { kind: 'administrator', username: world.admin.data.operator },
    });
    expect(JSON.stringify(body.timeline)).toContain('a stolen laptop');
  });

  it('counts a bulk end before it ends anything, and ends what was counted', async () => {
    const { sid, username } = await aSession();
    const other = await aSession();
    const page = await world.enter('/console/sessions?state=live');
    await page.getByLabel('Person').fill(username);
    await page.getByLabel('Person').press('Enter');
    await page.getByText('1 shown, that is all').waitFor();
    await page.getByRole('button', { name: 'End these' }).click();
    await page.getByRole('button', { name: 'End 1 session' }).click();
    await page.getByText('1 session has ended').waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('No session meets these conditions.').waitFor();
    expect((await world.admin.get(`/v1/sessions/${sid}`)).body.state).toBe('ended');
    expect((await world.admin.get(`/v1/sessions/${other.sid}`)).body.state).toBe('live');
  });

  it('ends for the reason that was chosen, and says before how far that reaches', async () => {
    const { sid, username } = await aSession();
    // A device has no browser of its own; this session is as if the one in which it was approved had signed it in.
    const [{ uid, account } = { uid: '', account: '' }] = await world.admin.database.query<{
      uid: string;
      account: string;
    }>(
      `UPDATE session s SET browser_session_uid = b.uid FROM browser_session b
       WHERE s.id = $1::uuid AND b.account_id = s.account_id RETURNING b.uid, s.account_id::text AS account`,
      [sid],
    );
    const page = await world.enter(`/console/sessions?state=live&account=${account}`);
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'End these' }).click();
    await dialog.getByText('1 live session ends, and 1 browser is signed out.').waitFor();
    await dialog.getByLabel('Reason').selectOption('client disabled');
    await dialog.getByText('1 live session ends.').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();

    await page.goto(`${world.url}/console/sessions/${sid}`);
    await page.getByRole('button', { name: 'End this session' }).click();
    await dialog.getByText('ends 0 more that signed in there').waitFor();
    await dialog.getByLabel('Reason').selectOption('policy changed');
    await dialog.getByText('signs no browser out, and ends no other session').waitFor();
    await dialog.getByRole('button', { name: 'End it' }).click();
    await dialog.getByText('The session is over').waitFor();
    const session = (await world.admin.get(`/v1/sessions/${sid}`)).body;
    expect(session).toMatchObject({ state: 'ended', end_reason: 'policy_changed' });

    await page.goto(`${world.url}/console/people/${account}`);
    await page.getByRole('heading', { name: username }).waitFor();
    await page.getByRole('button', { name: 'Sign out …' }).click();
    await dialog.getByLabel('Reason').selectOption('account disabled');
    await dialog.getByRole('button', { name: 'Sign it out' }).click();
    await dialog.waitFor({ state: 'detached' });
    const { body } = await world.admin.get(`/v1/browsers/${uid}`);
    expect(body).toMatchObject({ state: 'ended', end_reason: 'account_disabled' });
  }, 60_000);

  it('says at the field what the admin API refuses, and keeps what was typed', async () => {
    const page = await world.enter('/console/sessions');
    await page.getByLabel('Address or network').fill('300.1.1.1');
    await page.getByLabel('Address or network').press('Enter');
    await page.getByText('must be an address or a network such as 192.0.2.0/24').first().waitFor();
    expect(await page.getByLabel('Address or network').inputValue()).toBe('300.1.1.1');
  });

  it('says to an operator without the scope why a button is off, and does nothing', async () => {
    const username = `reader${randomUUID()}@example.test`;
    const password = randomUUID();
    const { body } = await world.admin.post('/v1/accounts', { username, password });
    await world.admin.call('PUT', `/v1/accounts/${body.id}/operator`, {
      body: { scopes: ['sessions:read'] },
    });
    const page = await world.enter('/console/sessions', {}, username, password);
    const button = page.getByRole('button', { name: 'End these' });
    await button.waitFor();
    await page.getByText('You need the scope sessions:end').waitFor({ state: 'attached' });
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    await button.focus();
    await page.keyboard.press('Enter');
    expect(await page.getByRole('dialog').count()).toBe(0);
  });
});

describe('the page of this moment', () => {
  it('shows events as they come, stands still while it is paused, and goes on after a break', async () => {
    const page = await world.enter('/console/now');
    await page.getByText('live', { exact: true }).waitFor();
    const first = await aSession();
    const feed = page.getByRole('region', { name: 'Events' });
    await feed.getByText(first.username).first().waitFor();
    await feed.getByRole('button', { name: 'Pause' }).click();
    const second = await aSession();
    await feed.getByRole('button', { name: / new$/ }).waitFor();
    expect(await feed.getByText(second.username).count()).toBe(0);
    await feed.getByRole('button', { name: 'Go on' }).click();
    await feed.getByText(second.username).first().waitFor();
    await world.admin.call('DELETE', `/v1/sessions/${second.sid}`);
    await feed.getByText('ended: ended by administrator').first().waitFor();
    await page.getByRole('img', { name: /^1 ends in the last minute/ }).waitFor();
  });
});

describe('the page of events', () => {
  it('finds what was recorded by the conditions in its address, hands it out, and checks the whole history', async () => {
    const { sid, username } = await aSession();
    await world.admin.call('DELETE', `/v1/sessions/${sid}`);
    const page = await world.enter(`/console/events?session=${sid}`);
    const found = page.getByRole('list', { name: 'Found events' });
    await found.getByText('session ended: ended by administrator').waitFor();
    await page.getByLabel('Type').selectOption('session.started');
    await page.getByText('1 shown, that is all').waitFor();
    await page.getByRole('heading', { name: 'Events' }).click();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await found.getByRole('link', { name: sid }).waitFor();
    const { text } = await fileOf(page.getByRole('main'));
    expect(text).toContain(`session.started,${username},`);
    await page.getByLabel('Session').fill('not an id');
    await page.getByLabel('Session').press('Enter');
    await page.getByText('must be a UUID in lower case').first().waitFor();
    await page.getByRole('button', { name: 'Check the history' }).click();
    await page.getByText('sealed events are as they were recorded').waitFor();
  });
});

describe('the page of the system', () => {
  it('shows nodes, followers, receivers and keys, and has the keys followed by new ones', async () => {
    const page = await world.enter('/console/system');
    await page.getByText('commits go through').waitFor();
    await page.getByRole('region', { name: 'Nodes and followers' }).getByText('follows').first().waitFor();
    const doctor = page.getByRole('region', { name: 'Doctor' });
    await doctor.getByText('every end recorded').or(doctor.getByText('being recorded')).waitFor();
    await world.admin.database.query(
      "INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('broken', '', '20990101000000_broken')",
    );
    // For three seconds the doctor answers from the run before.
    while (!(await doctor.getByText('20990101000000_broken failed').isVisible())) {
      await doctor.getByRole('button', { name: 'Look again' }).click();
      await doctor.and(page.locator('[aria-busy=false]')).waitFor();
    }
    expect(await doctor.getByRole('listitem').first().textContent()).toMatch(/^wrong/);
    await doctor.getByText('mend the database, then run prisma migrate resolve').waitFor();
    await world.admin.database.query("DELETE FROM _prisma_migrations WHERE id = 'broken'");
    const keys = page.getByRole('region', { name: 'Signing keys' });
    await keys.getByText('signing', { exact: true }).first().waitFor();
    await keys.getByRole('button', { name: 'Rotate …' }).click();
    await page.getByRole('button', { name: 'Rotate', exact: true }).click();
    await keys.getByText('upcoming').first().waitFor();
  });
});

describe('the page of compliance', () => {
  it('shows control by control what meets it, and hands the report out signed', async () => {
    const page = await world.enter('/console/compliance?standard=hipaa');
    await page.getByText('gives no number').first().waitFor();
    await page.getByText('A session ends by itself').click();
    await page.getByText('inactivityTimeout').first().waitFor();
    const file = await fileOf(page.getByRole('main'), 'Signed JSON');
    expect(file.name).toBe('compliance.jwt');
    const [, claims = ''] = file.text.split('.');
    const { iss, report } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    expect([iss, report.standards.length]).toEqual([world.admin.server.issuer, 1]);
    await page.getByLabel('API').fill('https://nobody.example');
    await page.getByLabel('API').press('Enter');
    await page.getByLabel('API').and(page.locator('[aria-invalid=true]')).waitFor();
  });
});

// Colours depend on the scheme alone and places on the width alone, so two of the four pairs show every page in each.
it.each([
  ['light', 1280],
  ['dark', 390],
] as const)(
  'every page is accessible in %s at %d pixels, and fits',
  async (colorScheme, width) => {
    const { sid } = await aSession();
    const pages = await pageAddresses(world, sid);
    // A page that is new has to be looked at, too.
    expect(Object.keys(pages).toSorted()).toEqual(routedPages().toSorted());
    const window = { colorScheme, viewport: { width, height: 800 } };
    const page = await world.enter('/console/now', window);
    const seen: [string, string[]][] = [];
    for (const [address, there] of Object.values(pages)) {
      await page.goto(`${world.url}/console${address}`);
      await page.getByText(there).first().waitFor();
      seen.push([address, await world.faults(page)]);
      await picture(page, `/console${address}`.replace(/[0-9a-f-]{36}/, 'one').replace(/\?.*/, ''), window);
    }
    await page.getByRole('button', { name: 'End this session' }).click();
    await page.getByRole('button', { name: 'End it' }).waitFor();
    seen.push(['the dialog', await world.faults(page)]);
    await page.setViewportSize({ width: width === 390 ? 320 : width, height: 800 });
    await page.goto(`${world.admin.adminUrl}/docs`);
    seen.push(['the document of the admin API', await world.faults(page)]);
    await picture(page, 'docs', window);
    expect(seen.filter(([, faults]) => faults.length > 0)).toEqual([]);
  },
  120_000,
);
