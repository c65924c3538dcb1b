import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { mmdbFile } from '../support/mmdb.js';
import { picture } from './chromium.js';
import { violations } from './console-world.js';
import { House } from './house.js';

let house: House;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'curfew-places-'));
  const places = join(folder, 'places.mmdb');
  const munich = { country: { iso_code: 'DE' }, city: { names: { en: 'Munich', de: 'München' } } };
  await writeFile(places, mmdbFile('Places', { '127.0.0.0/8': munich }));
  house = await House.open({ CURFEW_MAXMIND_COUNTRY: places });
}, 60_000);

afterEach(async () => expect(await house?.tidy()).toEqual([]));

afterAll(async () => {
  await house?.close();
  await rm(folder, { recursive: true, force: true });
});

const own = ['/', '/sessions', '/applications', '/password', '/second-step', '/mail', '/identities'];

const background = (page: Page) =>
  page.locator('body').evaluate((body) => getComputedStyle(body).backgroundColor);

it('follows the person’s choice between light and dark', async () => {
  const [light, dark] = await Promise.all([
    house.window({ colorScheme: 'light' }),
    house.window({ colorScheme: 'dark' }),
  ]);
  await Promise.all([light, dark].map((page) => page.goto(`${house.issuer}/sign-in`)));
  expect(await background(light)).toBe('rgb(243, 243, 248)');
  expect(await background(dark)).toBe('rgb(16, 16, 27)');
});

it('moves nothing for people who asked for less motion', async () => {
  const page = await house.window({ reducedMotion: 'reduce' });
  await page.goto(`${house.issuer}/sign-in`);
  const duration = await page
    .getByRole('button', { name: 'Sign in' })
    .evaluate((button) => getComputedStyle(button).transitionDuration);
  expect(duration).toBe('0s');
});

it.each([320, 1280])(
  'fits a window %d pixels wide without scrolling sideways (WCAG 1.4.10)',
  async (width) => {
    const page = await house.window({ viewport: { width, height: 800 } });
    await page.goto(`${house.issuer}/sign-in`);
    await house.signIn(page);
    for (const path of own) {
      await page.goto(`${house.issuer}${path}`);
      const overflow = await page.locator('html').evaluate((root) => root.scrollWidth - root.clientWidth);
      expect([path, overflow]).toEqual([path, 0]);
    }
  },
);

it('tells password managers what each field is for', async () => {
  const page = await house.window();
  await page.goto(`${house.issuer}/sign-in?next=password`);
  const purposes = () =>
    page
      .locator('input[autocomplete]')
      .evaluateAll((fields) => fields.map((field) => field.getAttribute('autocomplete')));
  expect(await purposes()).toEqual(['username webauthn', 'current-password']);
  await house.signIn(page);
  await page.getByRole('heading', { name: 'Change your password' }).waitFor();
  expect(await purposes()).toEqual(['username', 'current-password', 'new-password', 'new-password']);
  await page.goto(`${house.issuer}/device`);
  expect(await purposes()).toEqual(['one-time-code']);
});

it.each(['/sign-in', '/device', '/authorize', '/interaction/unknown', '/nowhere', '/logout'])(
  'sends %s with headers that allow no script, no frame and no copy',
  async (path) => {
    const { headers } = await fetch(`${house.issuer}${path}`, { headers: { accept: 'text/html' } });
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toContain('no-store');
  },
);

it('serves the stylesheet once and for all under the name of its content', async () => {
  const page = await (await fetch(`${house.issuer}/sign-in`)).text();
  const [, path] = /rel="stylesheet" href="([^"]+)"/.exec(page) ?? [];
  const answer = await fetch(`${house.issuer}${path}`);
  expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(answer.headers.get('content-type')).toBe('text/css; charset=utf-8');
  expect((await fetch(`${house.issuer}/assets/other.css`)).status).toBe(404);
});

it('lets a person see what they type, and sends it as a password again', async () => {
  const page = await house.window({ javaScriptEnabled: true });
  await page.goto(`${house.issuer}/sign-in`);
  await house.fillIn(page);
  const field = page.getByLabel('Password', { exact: true });
  const show = page.getByRole('button', { name: 'Show password' });
  const state = async () => [await field.getAttribute('type'), await show.getAttribute('aria-pressed')];
  expect(await state()).toEqual(['password', 'false']);
  await show.click();
  expect(await state()).toEqual(['text', 'true']);
  await field.fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  expect(await state()).toEqual(['password', 'false']);
  const without = await house.window();
  await without.goto(`${house.issuer}/sign-in`);
  expect(await without.getByRole('button', { name: 'Show password' }).count()).toBe(0);
});

it('has the look of the installation on every page', async () => {
  const branded = await House.open({
    CURFEW_LOGO: join(process.cwd(), 'test/fixtures/logo.png'),
    CURFEW_ACCENT_COLOR_LIGHT: '#0b5d3b',
  });
  try {
    const open = [
      '/sign-in',
      '/device',
      '/authorize',
      '/interaction/unknown',
      '/nowhere',
      '/%zz',
      '/assets/x',
    ];
    const plain = [];
    for (const path of open) {
      const answer = await fetch(`${branded.issuer}${path}`, { headers: { accept: 'text/html' } });
      const markup = await answer.text();
      if (
        !/class="logo" src="\/assets\/logo-.*accent-0b5d3b-none|accent-0b5d3b-none.*"logo" src=/s.test(markup)
      )
        plain.push(`${path} ${answer.status} ${markup.slice(0, 200)}`);
    }
    expect(plain).toEqual([]);
    const page = await branded.window({ colorScheme: 'light', javaScriptEnabled: true });
    page.setDefaultTimeout(5_000);
    await page.goto(`${branded.issuer}/sign-in`);
    await branded.signIn(page);
    await page.getByRole('navigation').waitFor();
    for (const path of own) {
      await page.goto(`${branded.issuer}${path}`);
      const logo = page.getByRole('link', { name: 'Account', exact: true }).locator('img.logo');
      expect([
        path,
        await logo.evaluate((image) => (image as HTMLImageElement).naturalWidth),
        await page.locator('main').evaluate((main) => getComputedStyle(main).getPropertyValue('--accent')),
      ]).toEqual([path, 96, '#0b5d3b']);
      await picture(page, `branded${path}`, { colorScheme: 'light' });
    }
    expect(await violations(page)).toEqual([]);
    expect(await branded.tidy()).toEqual([]);
  } finally {
    await branded.close();
  }
}, 60_000);

const looks = [
  { colorScheme: 'light', locale: 'en-GB' },
  { colorScheme: 'dark', locale: 'de-DE' },
  { colorScheme: 'light', locale: 'de-DE', viewport: { width: 320, height: 700 } },
] as const;

it('has no fault that axe finds in its own pages, in either language, by day and by night, on a phone', async () => {
  const userAgents = ['Firefox/140.0', 'Chrome/140.0.0.0'].map(
    (browser) => `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Gecko/20100101 ${browser}`,
  );
  for (let i = 0; i < 6; i++) {
    const other = await house.window({ userAgent: userAgents[i % 2]! });
    await other.goto(`${house.issuer}/sign-in?next=sessions`);
    await house.signIn(other);
    await other.getByRole('heading', { name: 'Your sessions' }).waitFor();
  }
  for (const look of looks) {
    const page = await house.window({ ...look, javaScriptEnabled: true });
    await page.goto(`${house.issuer}/sign-in?next=sessions`);
    const faults = [...(await violations(page))];
    const { username, password } = house.data.accounts[0]!;
    await page.locator('#username').fill(username);
    await page.locator('#password').fill(password);
    await page.locator('button.full').first().click();
    await page.locator('section.places').first().waitFor();
    const place = look.locale === 'de-DE' ? '127.0.0.1, München, Deutschland' : '127.0.0.1, Munich, Germany';
    expect(await page.getByRole('heading', { name: place }).count()).toBeGreaterThan(6);
    for (const path of [...own, '/device', '/logout', '/nowhere']) {
      await page.goto(`${house.issuer}${path}`);
      expect(await page.locator('html').getAttribute('lang')).toBe(look.locale.slice(0, 2));
      faults.push(...(await violations(page)).map((fault) => `${path} ${fault}`));
      await picture(page, `people${path}`, look);
    }
    expect(faults).toEqual([]);
  }
}, 120_000);
