import type { Page } from 'playwright-core';
import { moveAbout, picture } from './chromium.js';
import { violations } from './console-world.js';
import { House } from './house.js';

describe('the pages of one’s own account', () => {
  let house: House;

  beforeAll(async () => {
    house = await House.open();
  }, 60_000);

  afterEach(async () => expect(await house?.tidy()).toEqual([]));

  afterAll(async () => house?.close());

  /** Signs out what tests before this one left signed in. */
  async function endAllOthers(page: Page): Promise<void> {
    await page.goto(`${house.issuer}/sessions`);
    await page.getByRole('heading', { name: 'Your sessions' }).waitFor();
    const button = page.getByRole('button', { name: 'End all others' });
    if (await button.isVisible()) await button.click();
    expect(await page.getByRole('article').filter({ hasNotText: 'This browser' }).count()).toBe(0);
  }

  it('send whoever is not signed in to sign in first, and then where they wanted to go', async () => {
    const page = await house.window();
    await page.goto(`${house.issuer}/sessions`);
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    await house.signIn(page);
    await page.getByRole('heading', { name: 'Your sessions' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/sessions');
  });

  it('never lead elsewhere after signing in', async () => {
    const page = await house.window();
    await page.goto(`${house.issuer}/sign-in?next=https://evil.example/`);
    await house.signIn(page);
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    expect(page.url()).toBe(`${house.issuer}/`);
  });

  it('show what is signed in where and until when, and end one session at once', async () => {
    const application = await house.application();
    const here = await house.window();
    const there = await house.window();
    const tokensHere = await house.signInTo(application, here, {
      scope: 'openid offline_access',
      prompt: 'consent',
    });
    await endAllOthers(here);
    const tokensThere = await house.signInTo(application, there, {
      scope: 'openid offline_access',
      prompt: 'consent',
    });
    await here.goto(`${house.issuer}/sessions`);
    const cards = here.getByRole('article');
    expect(await cards.count()).toBe(2);
    const own = cards.filter({ hasText: 'This browser' });
    const other = cards.filter({ hasNotText: 'This browser' });
    expect(await own.textContent()).toMatch(
      /From[\s\S]+Signed in\s*just now[\s\S]+Ends\s*in .+, and no later than\s*in /,
    );
    expect(await other.textContent()).toContain('Example web application');
    await other.getByRole('button', { name: 'End' }).click();
    expect(await here.getByRole('status').textContent()).toContain('Signed out.');
    expect(await cards.count()).toBe(1);
    expect(await application.refresh(tokensThere)).toMatchObject({ error: 'invalid_grant' });
    expect(await application.refresh(tokensHere)).toHaveProperty('access_token');
  });

  it('sign a browser out with its row, and keep its offline sessions where that is ticked', async () => {
    const application = await house.application();
    const here = await house.window();
    const there = await house.window();
    await here.goto(`${house.issuer}/sessions`);
    await house.signIn(here);
    await endAllOthers(here);
    const asked = { scope: 'openid offline_access', prompt: 'consent' };
    const kept = await house.signInTo(application, there, asked);
    const other = here.getByRole('article').filter({ hasNotText: 'This browser' });
    await here.goto(`${house.issuer}/sessions`);
    expect(await here.getByRole('article').filter({ hasText: 'This browser' }).textContent()).toContain(
      'No application is signed in here.',
    );
    await other.getByLabel(/Keep offline access of/).check();
    await other.getByRole('button', { name: 'End' }).click();
    await here.getByRole('status').waitFor();
    const next = await application.refresh(kept);
    expect(next).toHaveProperty('access_token');
    await there.goto(`${house.issuer}/sessions`);
    expect(new URL(there.url()).pathname).toBe('/sign-in');
    expect(await other.getByRole('heading', { level: 2 }).count()).toBe(1);
    await other.getByRole('button', { name: 'End' }).click();
    await here.getByRole('status').waitFor();
    expect(await other.count()).toBe(0);
    expect(await application.refresh(next)).toMatchObject({ error: 'invalid_grant' });
  });

  it('end all other sessions and sign other browsers out', async () => {
    const application = await house.application();
    const here = await house.window();
    const there = await house.window();
    const tokensHere = await house.signInTo(application, here, {
      scope: 'openid offline_access',
      prompt: 'consent',
    });
    const tokensThere = await house.signInTo(application, there, {
      scope: 'openid offline_access',
      prompt: 'consent',
    });
    await here.goto(`${house.issuer}/sessions`);
    await here.getByRole('button', { name: 'End all others' }).click();
    expect(await here.getByRole('status').textContent()).toContain('Signed out everywhere else');
    expect(await here.getByRole('article').filter({ hasNotText: 'This browser' }).count()).toBe(0);
    expect(await application.refresh(tokensThere)).toMatchObject({ error: 'invalid_grant' });
    expect(await application.refresh(tokensHere)).toHaveProperty('access_token');
    await there.goto(`${house.issuer}/sessions`);
    expect(new URL(there.url()).pathname).toBe('/sign-in');
  });

  it('stay readable with thirty sessions: by browser, this one first, on a phone, and one end leaves the others', async () => {
    const look = { colorScheme: 'light', viewport: { width: 390, height: 800 } } as const;
    const application = await house.application();
    const here = await house.window({ ...look, javaScriptEnabled: true });
    await house.signInTo(application, here, { scope: 'openid offline_access', prompt: 'consent' });
    await endAllOthers(here);
    const { username } = house.data.accounts[0]!;
    const browsers = [
      { ua: 'Firefox', os: 'Windows' },
      { ua: 'Safari', os: 'macOS' },
      { ua: 'Edge', os: 'Android' },
    ];
    const ofAccount = '(SELECT id FROM account WHERE username = $1)';
    await house.database.query(
      `INSERT INTO browser_session SELECT (jsonb_populate_record(b, jsonb_build_object(
         'id_hash', '\\x' || lpad(to_hex(n), 64, '0'), 'uid', 'seeded-' || n, 'signed_in_at', b.signed_in_at - make_interval(mins => n),
         'baseline', b.baseline || jsonb_build_object('ip', '2001:db8:' || n || '::1') || ($2::jsonb -> (n % 3))))).*
       FROM browser_session b, generate_series(1, 29) n WHERE b.account_id = ${ofAccount} AND b.ended_at IS NULL`,
      [username, JSON.stringify(browsers)],
    );
    await house.database.query(
      `INSERT INTO session SELECT (jsonb_populate_record(s, jsonb_build_object(
         'id', gen_random_uuid(), 'browser_session_uid', 'seeded-' || n, 'signed_in_at', s.signed_in_at - make_interval(mins => n)))).*
       FROM session s, generate_series(1, 29) n WHERE s.account_id = ${ofAccount} AND s.ended_at IS NULL`,
      [username],
    );
    await here.goto(`${house.issuer}/sessions`);
    const cards = here.getByRole('article');
    expect(await cards.count()).toBe(30);
    expect(await here.locator('section.places > h2').allTextContents()).toEqual([
      expect.stringMatching(/1 sign-in$/),
      'Safari on macOS 10 sign-ins',
      'Edge on Android 10 sign-ins',
      'Firefox on Windows 9 sign-ins',
    ]);
    expect(await cards.first().textContent()).toContain('This browser');
    const levels = await here
      .locator('h1, h2, h3, h4')
      .evaluateAll((all) => all.map((one) => Number(one.tagName.slice(1))));
    expect(levels[0]).toBe(1);
    expect(levels.filter((level, at) => level > (levels[at - 1] ?? 1) + 1)).toEqual([]);
    for (const summary of await here.locator('summary').all()) await summary.click();
    expect(await here.locator('html').evaluate((root) => root.scrollWidth - root.clientWidth)).toBe(0);
    expect(await violations(here)).toEqual([]);
    await picture(here, 'thirty sessions', look);
    const ended = cards.filter({ has: here.getByRole('heading', { name: '2001:db8:2::1' }) });
    await ended.getByRole('button', { name: 'End' }).click();
    expect(await here.getByRole('status').textContent()).toContain('Signed out.');
    expect([await cards.count(), await ended.count()]).toEqual([29, 0]);
    const left = await house.database.query(
      `SELECT count(*)::int AS live FROM session WHERE account_id = ${ofAccount} AND ended_at IS NULL`,
      [username],
    );
    expect(left).toEqual([{ live: 29 }]);
    await endAllOthers(here);
  });

  it('take back what an application was allowed: it loses access and asks again', async () => {
    const application = await house.application();
    const page = await house.window();
    const tokens = await house.signInTo(application, page, {
      scope: 'openid offline_access',
      prompt: 'consent',
    });
    await page.goto(`${house.issuer}/applications`);
    await page.getByRole('button', { name: 'Remove access' }).first().click();
    expect(await page.getByRole('status').textContent()).toContain('Access removed');
    expect(await application.refresh(tokens)).toMatchObject({ error: 'invalid_grant' });
    const [{ types }] = (await house.database.query(
      `SELECT array_agg(DISTINCT type ORDER BY type) AS types FROM event
       WHERE xid = (SELECT xid FROM event WHERE type = 'consent.withdrawn' ORDER BY id DESC LIMIT 1)`,
    )) as [{ types: string[] }];
    expect(types).toEqual(['consent.withdrawn', 'session.ended']);
    await page.goto(application.authorizationUrl());
    await page.getByRole('button', { name: 'Allow' }).waitFor();
  });

  it('change the password, which ends everything else and keeps this browser signed in', async () => {
    const { username, password } = house.data.accounts[1]!;
    const page = await house.window();
    const there = await house.window();
    for (const window of [page, there]) {
      await window.goto(`${house.issuer}/sign-in?next=password`);
      await house.signIn(window, { account: 1 });
      await window.getByRole('heading', { name: 'Change your password' }).waitFor();
    }
    const send = async (current: string, chosen: string, repeated: string) => {
      await page.getByLabel('Current password').fill(current);
      await page.getByLabel('New password', { exact: true }).fill(chosen);
      await page.getByLabel('Confirm new password').fill(repeated);
      await page.getByRole('button', { name: 'Change password' }).click();
    };
    const chosen = 'three words in a row';
    await send('not this one', chosen, chosen);
    expect(await page.getByRole('alert').textContent()).toBe('This is not your current password.');
    await send(password, chosen, `${chosen}!`);
    expect(await page.getByRole('alert').textContent()).toBe('The two new passwords are not the same.');
    await send(password, username, username);
    expect(await page.getByRole('alert').textContent()).toBe('The password must not be your username.');
    expect(await moveAbout(page)).toEqual(Array(3).fill('Change your password'));
    await send(password, chosen, chosen);
    expect(await page.getByRole('status').textContent()).toContain('Your password is changed');
    await page.goto(`${house.issuer}/`);
    expect(await page.textContent('main')).toContain(username);
    await there.goto(`${house.issuer}/`);
    expect(new URL(there.url()).pathname).toBe('/sign-in');
    await there.getByLabel('Username').fill(username);
    await there.getByLabel('Password').fill(password);
    await there.getByRole('button', { name: 'Sign in' }).click();
    await there.getByRole('alert').waitFor();
    await there.getByLabel('Password').fill(chosen);
    await there.getByRole('button', { name: 'Sign in' }).click();
    await there.getByRole('heading', { name: 'Your account' }).waitFor();
  });

  it('ask for a new password before going on where one is due', async () => {
    const { username, password } = house.data.accounts[0]!;
    await house.database.query('UPDATE account SET must_change_password = true WHERE username = $1', [
      username,
    ]);
    const application = await house.application();
    const page = await house.window();
    await page.goto(application.authorizationUrl({ scope: 'openid offline_access', prompt: 'consent' }));
    await house.signIn(page);
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
    const choose = async (chosen: string, repeated: string) => {
      await page.getByLabel('New password', { exact: true }).fill(chosen);
      await page.getByLabel('Confirm new password').fill(repeated);
      await page.getByRole('button', { name: 'Change and continue' }).click();
    };
    await choose('three words in a row', 'two words in a row');
    expect(await page.getByRole('alert').textContent()).toBe('The two new passwords are not the same.');
    // The page is shown once: a person who comes back to it may be somebody else, and has to know the old password.
    expect(await moveAbout(page)).toEqual(Array(3).fill('Sign in'));
    await house.signIn(page);
    await choose(`${password}, changed`, `${password}, changed`);
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Back at the application' }).waitFor();
  });
});
