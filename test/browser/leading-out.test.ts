import type { Page } from 'playwright-core';
import { House } from './house.js';

let house: House;

beforeAll(async () => {
  house = await House.open();
}, 60_000);

afterEach(async () => expect(await house?.tidy()).toEqual([]));

afterAll(async () => house?.close());

/*
 * Chromium applies `form-action` to every redirect that follows a form (CSP3 §6.5.1.1), also to those that an application answers with. A
 * violation is a complaint of the console, and `afterEach` expects none.
 */
const destinations = [
  ['another origin', (port: string) => ({ onward: `http://127.0.0.1:${port}/home` })],
  [
    'a third origin over a second one',
    (port: string) => ({
      onward: `http://127.0.0.1:${port}/hop`,
      '/hop': `http://third.localhost:${port}/home`,
    }),
  ],
  ['the scheme of an app', () => ({ onward: 'claude://signed-in' })],
] as const;

const cases = destinations.flatMap(([name, redirects]) =>
  [true, false].map((javaScriptEnabled) => ({ name, redirects, javaScriptEnabled })),
);

describe.each(cases)(
  'an application that sends people on to $name, with script: $javaScriptEnabled',
  ({ redirects, javaScriptEnabled }) => {
    /** An application that sends on whoever comes to `path`. */
    const applicationAt = async (path: string) => {
      const { onward, ...others } = redirects(new URL(house.data.clients.web.redirect_uris[0]!).port);
      return { onward, application: await house.application({ ...others, [path]: onward }) };
    };

    /** Does in a window what leads out, and waits until the browser has followed as far as it can. */
    const follow = async (
      page: Page,
      { application, onward }: Awaited<ReturnType<typeof applicationAt>>,
      path: string,
      click: () => Promise<void>,
    ) => {
      // Nothing here opens the app, so its request never comes: that the browser went to the callback has to do.
      const arrived = onward.startsWith('http') ? page.waitForURL('**/home') : application.visit(path);
      await Promise.all([arrived, click()]);
      // One round trip more, so that a late complaint is heard.
      await page.title();
    };

    it('takes them along from sign-in and from consent', async () => {
      const leaving = await applicationAt('/callback');
      const [first, second] = [
        await house.window({ javaScriptEnabled }),
        await house.window({ javaScriptEnabled }),
      ];
      await first.goto(leaving.application.authorizationUrl({ prompt: 'consent' }));
      await house.signIn(first);
      await follow(first, leaving, '/callback', () => first.getByRole('button', { name: 'Allow' }).click());
      await second.goto(leaving.application.authorizationUrl({ prompt: 'login' }));
      await follow(second, leaving, '/callback', () => house.signIn(second));
    });

    it('takes them along from the question whether to sign out', async () => {
      const leaving = await applicationAt('/');
      const page = await house.window({ javaScriptEnabled });
      await page.goto(`${house.issuer}/sign-in`);
      await house.signIn(page);
      const returnTo = new URL('/', leaving.application.redirectUri).href;
      const asked = { client_id: house.data.clients.web.client_id, post_logout_redirect_uri: returnTo };
      await page.goto(`${house.issuer}/logout?${new URLSearchParams(asked)}`);
      const everything = page.getByRole('button', { name: 'Sign out everywhere in this browser' });
      await follow(page, leaving, '/', () => everything.click());
    });
  },
);

it('a page that leads nowhere else keeps its forms here', async () => {
  const page = await house.window();
  const policies: (string | undefined)[] = [];
  for (const path of ['/sign-in', '/device', '/logout'])
    policies.push((await page.goto(`${house.issuer}${path}`))?.headers()['content-security-policy']);
  expect(policies).toEqual(Array(3).fill(expect.stringContaining("form-action 'self';")));
});
