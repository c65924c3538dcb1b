import type { Page } from 'playwright-core';
import { moveAbout } from './chromium.js';
import { House } from './house.js';

interface DeviceStart {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
}

let house: House;

beforeAll(async () => {
  house = await House.open();
}, 60_000);

afterEach(async () => expect(await house?.tidy()).toEqual([]));

afterAll(async () => house?.close());

const post = async <Answer>(path: string, fields: Record<string, string>): Promise<Answer> => {
  const body = new URLSearchParams({ client_id: house.data.clients.device.client_id, ...fields });
  return (await (await fetch(`${house.issuer}${path}`, { method: 'POST', body })).json()) as Answer;
};

const poll = (device: DeviceStart) =>
  post<{ access_token?: string; error?: string }>('/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: device.device_code,
  });

const allowIfAsked = async (page: Page) => {
  const done = page.getByRole('heading', { name: 'Device connected' });
  const allow = page.getByRole('button', { name: 'Allow' });
  await done.or(allow).first().waitFor();
  if ((await allow.count()) > 0) await allow.click();
  await done.waitFor();
};

describe('connecting a device', () => {
  it('takes the code in any spelling, asks whether it is this device, and lets it in', async () => {
    const device = await post<DeviceStart>('/device/authorization', { scope: 'openid' });
    const page = await house.window();
    await page.goto(device.verification_uri);
    await page.getByLabel('Code').fill('WRNG-CODE');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByLabel('Code').inputValue()).toBe('WRNG-CODE');
    expect(await moveAbout(page)).toEqual(Array(3).fill('Connect a device'));
    await page.getByLabel('Code').fill(device.user_code.toLowerCase().replace('-', ' '));
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: 'Is this your device?' }).waitFor();
    expect(await page.textContent('main')).toContain(device.user_code);
    await page.getByRole('button', { name: 'Yes, continue' }).click();
    await house.signIn(page);
    await allowIfAsked(page);
    expect(await poll(device)).toHaveProperty('access_token');
  });

  it.each([true, false])(
    'works from the link with the code in it, with script: %p',
    async (javaScriptEnabled) => {
      const device = await post<DeviceStart>('/device/authorization', { scope: 'openid' });
      const page = await house.window({ javaScriptEnabled });
      await page.goto(device.verification_uri_complete);
      const question = page.getByRole('heading', { name: 'Is this your device?' });
      if (!javaScriptEnabled) await page.getByRole('button', { name: 'Continue' }).click();
      await question.waitFor();
      await page.getByRole('button', { name: 'Yes, continue' }).click();
      await house.signIn(page);
      await allowIfAsked(page);
      expect(await poll(device)).toHaveProperty('access_token');
    },
  );

  it('stops when the person says that it is not theirs', async () => {
    const device = await post<DeviceStart>('/device/authorization', { scope: 'openid' });
    const page = await house.window();
    await page.goto(device.verification_uri);
    await page.getByLabel('Code').fill(device.user_code);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'No, stop' }).click();
    await page.getByRole('heading', { name: 'Stopped' }).waitFor();
    expect([await page.title(), await page.getByRole('alert').count()]).toEqual(['Stopped – Curfew', 0]);
    expect(await poll(device)).toMatchObject({ error: 'access_denied' });
    expect(await moveAbout(page)).toEqual(Array(3).fill('Connect a device'));
  });
});

describe('signing out', () => {
  it('asks first, then ends what was signed in with this browser', async () => {
    const application = await house.application();
    const page = await house.window();
    const tokens = await house.signInTo(application, page);
    await page.goto(`${house.issuer}/`);
    await page.getByRole('link', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign out?' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await page.goto(`${house.issuer}/`);
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    if (tokens.refresh_token)
      expect(await application.refresh(tokens)).toMatchObject({ error: 'invalid_grant' });
  });

  it.each([
    ['Sign out of ', true],
    ['Sign out everywhere in this browser', false],
  ])('asked for by an application goes back to it: %s', async (button, staysSignedIn) => {
    const application = await house.application();
    const page = await house.window();
    const tokens = await house.signInTo(application, page);
    const returnTo = new URL('/', application.redirectUri).href;
    const request = { client_id: house.data.clients.web.client_id, post_logout_redirect_uri: returnTo };
    await page.goto(`${house.issuer}/logout?${new URLSearchParams(request)}`);
    await page.getByRole('button', { name: button }).click();
    await page.getByRole('heading', { name: 'Back at the application' }).waitFor();
    expect(page.url()).toBe(returnTo);
    expect(await application.refresh(tokens)).toMatchObject({ error: 'invalid_grant' });
    await page.goto(`${house.issuer}/`);
    expect(new URL(page.url()).pathname).toBe(staysSignedIn ? '/' : '/sign-in');
  });

  it('goes on by itself where the application shows who is to be signed out', async () => {
    const application = await house.application();
    const page = await house.window({ javaScriptEnabled: true });
    const tokens = await house.signInTo(application, page);
    const returnTo = new URL('/', application.redirectUri).href;
    const request = { id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: returnTo };
    await page.goto(`${house.issuer}/logout?${new URLSearchParams(request)}`);
    await page.waitForURL(returnTo);
    expect(await application.refresh(tokens)).toMatchObject({ error: 'invalid_grant' });
    // Somebody else at the same browser is asked: the hint is not of them.
    await page.goto(`${house.issuer}/sign-in`);
    await house.signIn(page, { account: 1 });
    await page.goto(`${house.issuer}/logout?${new URLSearchParams(request)}`);
    await page.getByRole('heading', { name: 'Sign out?' }).waitFor();
  });

  it('can be declined', async () => {
    const page = await house.window();
    await page.goto(`${house.issuer}/sign-in`);
    await house.signIn(page);
    await page.getByRole('link', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Stay signed in' }).click();
    await page.getByRole('heading', { name: 'You are still signed in' }).waitFor();
    await page.goto(`${house.issuer}/`);
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
  });
});
