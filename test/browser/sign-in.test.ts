import { profiles } from '@curfew/session-policy/settings';
import type { Page } from 'playwright-core';
import { freePort } from '../support/ports.js';
import { moveAbout } from './chromium.js';
import { House } from './house.js';

let house: House;

beforeAll(async () => {
  house = await House.open();
}, 60_000);

afterAll(async () => house?.close());

describe('signing in to an application', () => {
  afterEach(async () => expect(await house?.tidy()).toEqual([]));

  const backAt = (page: Page) => page.getByRole('heading', { name: 'Back at the application' });

  it('leads over the sign-in page and consent back to the application, without script', async () => {
    const application = await house.application();
    const page = await house.window();
    await page.goto(application.authorizationUrl({ scope: 'openid offline_access', prompt: 'consent' }));
    expect(await page.title()).toBe('Sign in – Curfew');
    await house.signIn(page);
    expect(await page.textContent('h1')).toMatch(/^Allow .+\?$/);
    expect(await page.textContent('main')).toContain('Recognize you');
    expect(await page.textContent('main')).toContain(new URL(application.redirectUri).host);
    await page.getByRole('button', { name: 'Allow' }).click();
    await backAt(page).waitFor();
    const back = new URL(page.url()).searchParams;
    expect(back.get('state')).toBe('state-of-the-application');
    expect(back.get('iss')).toBe(house.issuer);
    expect(await application.redeem(page.url())).toMatchObject({ token_type: 'Bearer' });
  });

  it('lets in who clicks twice', async () => {
    const application = await house.application();
    const page = await house.window({ javaScriptEnabled: true });
    await page.goto(application.authorizationUrl({ prompt: 'consent' }));
    await house.fillIn(page);
    await page.getByRole('button', { name: 'Sign in' }).dblclick();
    await page.getByRole('button', { name: 'Allow' }).dblclick();
    await backAt(page).waitFor();
    expect(page.url()).toContain('code=');
  });

  it('says in words what is asked for at an API, and remembers nothing that was not allowed', async () => {
    const application = await house.application();
    const page = await house.window();
    const asked = { scope: 'openid orders:read', resource: house.data.clients.api.resource };
    await page.goto(application.authorizationUrl(asked));
    await house.signIn(page, { account: 1 });
    const api = page.getByRole('region', { name: 'At Orders, it can' });
    expect(await api.textContent()).toContain('See orders');
    await page.getByRole('button', { name: 'Deny' }).click();
    await backAt(page).waitFor();
    await page.goto(application.authorizationUrl(asked));
    await page.getByRole('button', { name: 'Allow' }).click();
    await backAt(page).waitFor();
    expect(await application.redeem(page.url())).toHaveProperty('access_token');
  });

  it('asks for consent once: the second time the answer is remembered', async () => {
    const application = await house.application();
    const page = await house.window();
    await house.signInTo(application, page);
    await page.goto(application.authorizationUrl());
    await backAt(page).waitFor();
    expect(page.url()).toContain('code=');
  });

  it.each([
    [false, 'goes with the window'],
    [true, 'outlives the window, and not the absolute lifetime of everyone’s policy'],
  ])('with "Keep me signed in" ticked: %p, the cookie %s', async (remember) => {
    const page = await house.window();
    await page.goto(`${house.issuer}/sign-in?next=sessions`);
    await house.signIn(page, { remember });
    await page.getByRole('heading', { name: 'Your sessions' }).waitFor();
    const kept = await page.context().cookies(house.issuer);
    const { expires } = kept.find(({ name }) => name === 'curfew')!;
    const left = expires - Date.now() / 1000;
    const limit = profiles.standard.policy.absoluteLifetime;
    // Whole seconds of Max-Age, and the time that the page took.
    if (remember) expect([left > limit - 60, left <= limit + 2]).toEqual([true, true]);
    else expect(expires).toBe(-1);
  });

  it('leads whoever reloads the page, or goes back to it, to the application', async () => {
    const application = await house.application();
    await house.signInTo(application, await house.window());
    const page = await house.window();
    await page.goto(application.authorizationUrl());
    await page.reload();
    await house.signIn(page);
    await backAt(page).waitFor();
    const first = page.url();
    await page.goBack();
    await backAt(page).waitFor();
    expect(page.url()).toContain('code=');
    expect(page.url()).not.toBe(first);
  });

  it('says the same of a wrong password and of a name that does not exist, and keeps the name', async () => {
    const application = await house.application();
    const page = await house.window();
    const tried: (string | null)[] = [];
    for (const username of [house.data.accounts[1]!.username, 'nobody@example.test']) {
      await page.goto(application.authorizationUrl());
      await page.getByLabel('Username').fill(username);
      await page.getByLabel('Password').fill('not the password');
      await page.getByRole('button', { name: 'Sign in' }).click();
      expect(await page.getByLabel('Username').inputValue()).toBe(username);
      expect(await page.getByLabel('Password').inputValue()).toBe('');
      expect(await page.title()).toMatch(/^Error: /);
      tried.push(await page.getByRole('alert').textContent());
    }
    expect(tried).toEqual(Array(2).fill('Wrong username or password.'));
  });

  it.each([
    ['an application', false],
    ['an application', true],
    ['one’s own pages', false],
  ])(
    'that was refused can be gone back to and loaded again: %s, with script: %p',
    async (place, javaScriptEnabled) => {
      const application = await house.application();
      const page = await house.window({ javaScriptEnabled });
      const statuses: number[] = [];
      page.on('response', (answer) => {
        if (answer.request().isNavigationRequest()) statuses.push(answer.status());
      });
      const own = `${house.issuer}/sign-in?next=sessions`;
      await page.goto(place === 'an application' ? application.authorizationUrl() : own);
      await page.getByLabel('Username').fill(house.data.accounts[0]!.username);
      await page.getByLabel('Password').fill('not the password');
      await page.getByLabel(/Keep me signed in/).check();
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('alert').waitFor();
      expect(statuses).toEqual([200, 303, 422]);
      expect(await page.getByLabel(/Keep me signed in/).isChecked()).toBe(true);
      expect(page.url()).not.toMatch(/user|password/);
      const kept = (await page.context().cookies(page.url())).map(({ name }) => name);
      expect(kept).not.toContain('curfew_notice');
      expect(await moveAbout(page)).toEqual(Array(3).fill('Sign in'));
      expect(await page.getByRole('alert').count()).toBe(0);
      await house.signIn(page);
      const allow = page.getByRole('button', { name: 'Allow' });
      const ownPage = page.getByRole('heading', { name: 'Your sessions' });
      await allow.or(backAt(page)).or(ownPage).first().waitFor();
    },
  );

  it('says of a form that was answered in another tab that it has expired, on a page that can be come back to', async () => {
    const application = await house.application();
    await house.signInTo(application, await house.window());
    const page = await house.window();
    await page.goto(application.authorizationUrl());
    const action = await page.locator('form[method=post]').first().getAttribute('action');
    const other = await page.context().newPage();
    await other.goto(new URL(action!, page.url()).href);
    await house.signIn(other);
    await backAt(other).waitFor();
    await house.signIn(page);
    await page.getByRole('heading', { name: 'This page has expired' }).waitFor();
    const expired = 'This page has expired';
    expect(await moveAbout(page)).toEqual(['Back at the application', expired, expired]);
  });

  it('in six tabs at once leads each of them to the application, with one more click at most', async () => {
    const application = await house.application();
    const first = await house.window({ javaScriptEnabled: true });
    const others = await Promise.all(Array.from({ length: 5 }, () => first.context().newPage()));
    const tabs = [first, ...others];
    const asked = { scope: 'openid offline_access', prompt: 'consent' };
    for (const tab of tabs) await tab.goto(application.authorizationUrl(asked));
    await Promise.all(tabs.map((tab) => house.fillIn(tab, 2)));
    const allows = tabs.map((tab) => tab.getByRole('button', { name: 'Allow' }));
    await Promise.all(tabs.map((tab) => tab.getByRole('button', { name: 'Sign in' }).click()));
    await Promise.all(allows.map((allow) => allow.waitFor()));
    // One sign-in is left in the browser in the end; a consent that rests on another one is asked for once more, at another address.
    for (const [index, tab] of tabs.entries()) {
      await allows[index]!.click();
      await tab.waitForURL((url) => !url.pathname.startsWith('/interaction/'));
      if (!tab.url().startsWith(application.redirectUri)) await allows[index]!.click();
      await backAt(tab).waitFor();
    }
    for (const tab of tabs) expect(await application.redeem(tab.url())).toHaveProperty('access_token');
  });

  it('tells a tab what was wrong with its own form, and no other tab of the same browser', async () => {
    const page = await house.window();
    await page.goto(`${house.issuer}/sign-in`);
    const other = await page.context().newPage();
    const csrf = await page.locator('input[name=csrf]').first().inputValue();
    const form = { csrf, username: 'somebody', password: 'not the password' };
    // While the first tab is on its way to the page that tells it, the other one comes to the same page.
    const sent = await page
      .context()
      .request.post(`${house.issuer}/sign-in`, { form, maxRedirects: 0, headers: { accept: 'text/html' } });
    for (const path of ['/sign-in', '/sign-in?notice=another']) {
      await other.goto(`${house.issuer}${path}`);
      expect(await other.getByLabel('Username').inputValue()).toBe('');
      expect(await other.getByRole('alert').count()).toBe(0);
    }
    await page.goto(new URL(sent.headers()['location']!, house.issuer).href);
    expect(await page.getByLabel('Username').inputValue()).toBe('somebody');
    await page.getByRole('alert').waitFor();
  });

  it('does not let a name become markup', async () => {
    const page = await house.window({ javaScriptEnabled: true });
    await page.goto(`${house.issuer}/sign-in`);
    await page
      .getByLabel('Username')
      .fill('"><img src=x onerror="document.title=1"><script>alert(1)</script>');
    await page.getByLabel('Password').fill('x');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.locator('img').count()).toBe(0);
    // Those that the form brings along; the one of the passkeys has an address and no text.
    expect(await page.locator('script').allTextContents()).toEqual([
      expect.stringMatching(/^var sent;/),
      expect.stringContaining('button.reveal'),
      '',
    ]);
    expect(await page.locator('script[src]').count()).toBe(1);
  });

  it('can be done with the keyboard alone', async () => {
    const { username, password } = house.data.accounts[1]!;
    const application = await house.application();
    const page = await house.window();
    await page.goto(application.authorizationUrl({ scope: 'openid offline_access', prompt: 'consent' }));
    // Typing starts in the first field, once the page is drawn; the rest is Tab and Enter.
    await page.locator('#username:focus').waitFor();
    await page.keyboard.type(username);
    await page.keyboard.press('Tab');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Allow' }).waitFor();
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    expect(await focused.textContent()).toBe('Skip to content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await focused.textContent()).toBe('Deny');
    await page.keyboard.press('Tab');
    expect(await focused.textContent()).toBe('Allow');
    expect(await focused.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe('solid');
    await page.keyboard.press('Enter');
    await backAt(page).waitFor();
  });

  it.each([
    ['the sign-in page', 'Cancel and go back', false],
    ['the consent page', 'Deny', true],
  ])('can be refused on %s, which the application learns', async (_, button, signedIn) => {
    const application = await house.application();
    const page = await house.window();
    await page.goto(application.authorizationUrl({ scope: 'openid offline_access', prompt: 'consent' }));
    if (signedIn) await house.signIn(page);
    await page.getByRole('button', { name: button }).click();
    await backAt(page).waitFor();
    expect(new URL(page.url()).searchParams.get('error')).toBe('access_denied');
  });

  it('can answer the application by a form that submits itself (form_post)', async () => {
    const application = await house.application();
    const page = await house.window({ javaScriptEnabled: true });
    await page.goto(application.authorizationUrl({ response_mode: 'form_post', prompt: 'login' }));
    await house.signIn(page);
    await backAt(page).waitFor();
    expect(page.url()).toBe(application.redirectUri);
  });

  it('forgets the browser when it closes, unless asked to remember', async () => {
    const lasting = async (remember: boolean) => {
      const page = await house.window();
      await page.goto(`${house.issuer}/sign-in`);
      await house.signIn(page, { remember });
      await page.getByRole('heading', { name: 'Your account' }).waitFor();
      const cookies = await page.context().cookies();
      const session = cookies.find(({ name }) => name === 'curfew');
      expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
      return session!.expires;
    };
    expect(await lasting(false)).toBe(-1);
    expect(await lasting(true)).toBeGreaterThan(Date.now() / 1000);
  });

  it('gives the browser another session identifier than it had before', async () => {
    const page = await house.window();
    const identifier = async () =>
      (await page.context().cookies()).find(({ name }) => name === 'curfew')?.value;
    await page.goto(`${house.issuer}/device`);
    const before = await identifier();
    expect(before).toBeDefined();
    await page.goto(`${house.issuer}/sign-in`);
    await house.signIn(page);
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    expect(await identifier()).not.toBe(before);
  });

  it('lets another person sign in where one is signed in already', async () => {
    const application = await house.application();
    const page = await house.window({ javaScriptEnabled: true });
    await house.signInTo(application, page);
    await page.goto(application.authorizationUrl({ prompt: 'login' }));
    await house.signIn(page, { account: 1 });
    const allow = page.getByRole('button', { name: 'Allow' });
    await allow.or(backAt(page)).first().waitFor();
    if ((await allow.count()) > 0) await allow.click();
    await backAt(page).waitFor();
    const { id_token: idToken = '' } = await application.redeem(page.url());
    const claims = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString());
    const rows = await house.database.query<{ id: string }>('SELECT id FROM account WHERE username = $1', [
      house.data.accounts[1]!.username,
    ]);
    expect(claims.sub).toBe(rows[0]?.id);
  });
});

describe('a form that does not come from our page', () => {
  afterEach(async () => void (await house?.tidy()));

  const elsewhere = async (action: string, fields: Record<string, string>) => {
    const { createServer } = await import('node:http');
    const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(
        `<form method="post" action="${action}">${inputs.join('')}<button>Win a prize</button></form>`,
      );
    });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return {
      url: `http://127.0.0.1:${port}/`,
      close: () => new Promise((resolve) => server.close(resolve)),
    };
  };

  it.each([
    ['/sign-in', { username: 'user1@example.test', password: 'x' }],
    ['/sessions', { end: 'others' }],
    ['/password', { current: 'a', new: 'b', repeat: 'b' }],
  ])('is refused at %s with 403, even in a browser that is signed in', async (path, fields) => {
    const page = await house.window();
    await page.goto(`${house.issuer}/sign-in`);
    await house.signIn(page);
    const trap = await elsewhere(`${house.issuer}${path}`, fields);
    await page.goto(trap.url);
    const [response] = await Promise.all([
      page.waitForResponse((answer) => answer.request().method() === 'POST'),
      page.getByRole('button').click(),
    ]);
    expect(response.status()).toBe(403);
    await trap.close();
  });

  it('is refused at an interaction without its cookie, and without its token', async () => {
    const application = await house.application();
    const page = await house.window();
    await page.goto(application.authorizationUrl());
    const action = await page.locator('form[method=post]').first().getAttribute('action');
    const address = new URL(action!, page.url()).href;
    const csrf = await page.locator('input[name=csrf]').first().inputValue();
    const body = new URLSearchParams({ csrf, username: 'a', password: 'b' });
    expect((await fetch(address, { method: 'POST', body, redirect: 'manual' })).status).toBe(403);
    const cookie = (await page.context().cookies(address)).map(({ name, value }) => `${name}=${value}`);
    const send = (form: URLSearchParams) =>
      fetch(address, {
        method: 'POST',
        body: form,
        redirect: 'manual',
        headers: { cookie: cookie.join('; ') },
      });
    const answer = await send(body);
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      expect.stringContaining('?notice='),
    ]);
    body.set('csrf', `${csrf.slice(1)}A`);
    expect((await send(body)).status).toBe(403);
    body.delete('csrf');
    expect((await send(body)).status).toBe(403);
  });
});
