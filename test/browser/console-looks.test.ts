import { createHash } from 'node:crypto';
import type { Page } from 'playwright-core';
import { orders } from '../e2e/admin-world.js';
import { picture, pictureFolder } from './chromium.js';
import { type Life, live, passwordOf, people, shopAddress } from './console-life.js';
import { actButtons, asking, ConsoleWorld, openAct, rawWords } from './console-world.js';

let world: ConsoleWorld;
let life: Life;

beforeAll(async () => {
  world = await ConsoleWorld.open({
    CURFEW_DELIVERY_PRIVATE_ADDRESSES: 'true',
    CURFEW_DELIVERY_ATTEMPTS: '1',
    CURFEW_DELIVERY_INTERVAL: '100ms',
  });
  life = await live(world.admin);
}, 120_000);
afterEach(async () => expect(await world?.tidy()).toEqual([]));
afterAll(async () => {
  await world?.close();
  await life?.provider.close();
});

// Colours depend on the scheme alone and places on the width alone, so two pairs show everything in each; people look at a third one, too.
const looks = [
  ['light', 1_280],
  ['dark', 390],
  ...(pictureFolder ? ([['dark', 1_280]] as const) : []),
] as const;

/** Pages, parts and states of pages: an address, and the presses that lead to what is looked at. */
const states = (): Readonly<
  Record<string, readonly [address: string, open?: (page: Page) => Promise<void>]>
> => ({
  now: [
    '/now',
    async (page) => {
      // A thief shows a token that was replaced, and somebody is thrown out.
      await page.getByText('live', { exact: true }).waitFor();
      await world.admin.reuse(await world.admin.signIn());
      const { sid } = await world.admin.signIn();
      await world.admin.call('DELETE', `/v1/sessions/${sid}`);
      await page.locator('.feed li').getByText('ended: ended by administrator').first().waitFor();
    },
  ],
  'own-session': ['/now', (page) => page.locator('.own summary').click()],
  palette: [
    '/now',
    async (page) => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('anna');
      await page.getByRole('option', { name: 'anna.keller' }).waitFor();
    },
  ],
  sessions: ['/sessions?state=live'],
  'sessions-ended': ['/sessions?state=ended'],
  session: [`/sessions/${life.sid}?state=live`],
  'session-stolen': [`/sessions/${life.stolen}?state=ended`],
  people: ['/people'],
  person: [`/people/${life.account}`],
  applications: ['/applications'],
  application: [`/applications/${life.client}`],
  'application-kinds': [
    '/applications',
    (page) => page.getByRole('button', { name: 'New application' }).click(),
  ],
  'new-host': ['/applications', (page) => page.getByRole('button', { name: 'Allow a host …' }).click()],
  host: ['/applications?host=agents.example.test'],
  'identity-providers': ['/people/identity-providers'],
  'identity-provider': ['/people/identity-providers?provider=company'],
  'new-identity-provider': [
    '/people/identity-providers',
    (page) => page.getByRole('button', { name: 'New identity provider' }).click(),
  ],
  apis: ['/apis'],
  api: ['/apis', (page) => page.locator('[data-row]').first().click()],
  routes: ['/apis/routes?url=https%3A%2F%2Fshop.example.test%2Forders%2F7&method=GET'],
  route: ['/apis/routes/orders'],
  'new-route': ['/apis/new-route'],
  policies: [`/policies?client=${life.client}`],
  policy: [`/policies/${life.policy}`],
  'policy-linter': [
    `/policies/${life.policy}`,
    async (page) => {
      await page.getByRole('button', { name: 'Change it' }).click();
      await page.getByLabel('inactivity timeout').fill('9h');
      await page.getByText('would end').first().waitFor();
    },
  ],
  'policy-trials': [`/policies/${life.policy}?view=trials`],
  'policy-adaptation': [`/policies/${life.policy}?view=adaptation`],
  'policy-revisions': [`/policies/${life.policy}?view=revisions&from=1&to=3`],
  insight: [`/insight?policy=${life.policy}`],
  events: ['/events'],
  event: [
    '/events?type=session.ended',
    async (page) => {
      await page.locator('main [data-row]').first().focus();
      await page.keyboard.press('Enter');
    },
  ],
  scenarios: ['/scenarios'],
  scenario: ['/scenarios?scenario=stolen-token'],
  compliance: ['/compliance'],
  control: ['/compliance?standard=hipaa', (page) => page.getByText('A session ends by itself').click()],
  system: ['/system'],
});

/** Pages whose acts are asked about in a dialog or a form. */
const asked = (): readonly string[] => [
  '/now',
  `/sessions/${life.sid}?state=live`,
  '/people',
  `/people/${life.account}`,
  '/applications',
  `/applications/${life.client}`,
  '/apis',
  '/apis/routes/orders',
  '/policies',
  `/policies/${life.policy}`,
  '/system',
];

it.each(looks)(
  'every page with something to show, and every dialog, is accessible in %s at %d pixels, fits, and speaks in words of a person',
  async (colorScheme, width) => {
    const look = { colorScheme, viewport: { width, height: 800 } };
    const page = await world.enter('/console/now', look);
    const wrong: [string, string[]][] = [];
    const seen = async (name: string) => {
      const faults = [...(await world.faults(page)), ...(await rawWords(page))];
      if (faults.length > 0) wrong.push([name, faults]);
      await picture(page, name, look);
    };
    const open = async (address: string) => {
      await page.goto(`${world.url}/console${address}`);
      await world.whole(page);
    };
    for (const [name, [address, press]] of Object.entries(states())) {
      await open(address);
      await press?.(page);
      await seen(name);
    }
    const acts: string[] = [];
    for (const address of asked()) {
      await open(address);
      const buttons = actButtons(page);
      for (const act of new Set((await buttons.allTextContents()).filter((one) => asking.test(one)))) {
        await open(address);
        await openAct(page, act);
        await seen(`act ${address.replace(/\?.*|[0-9a-f-]{36}/g, '')} ${act}`);
        acts.push(act);
      }
    }
    await open('/sessions?state=live');
    await world.cut(page, async () => {
      await page.getByText('The connection to the admin API is lost.').waitFor();
      await seen('connection-lost');
    });
    expect(wrong).toEqual([]);
    expect(acts.length).toBeGreaterThan(25);
  },
  420_000,
);

/** The request of the shop that a person sees the sign-in of. */
const shopping = () =>
  new URLSearchParams({
    ...{ client_id: life.shop, response_type: 'code', state: 'one', redirect_uri: shopAddress },
    ...{ scope: 'openid orders:read', resource: orders, code_challenge_method: 'S256' },
    code_challenge: createHash('sha256').update('v'.repeat(43)).digest('base64url'),
  });

/** Puts a fingerprint reader into the device of a page. */
async function withReader(page: Page): Promise<void> {
  const device = await page.context().newCDPSession(page);
  await device.send('WebAuthn.enable');
  await device.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
}

it.each(looks.map((look, at) => [...look, people.at(-1 - at)!] as const))(
  'the pages that people meet on their way into an application are accessible in %s at %d pixels, and fit',
  async (colorScheme, width, username) => {
    const look = { colorScheme, viewport: { width, height: 800 } };
    const { issuer } = world.admin.server;
    const page = await world.window(look);
    const wrong: [string, string[]][] = [];
    const seen = async (name: string) => {
      const faults = await world.faults(page);
      if (faults.length > 0) wrong.push([name, faults]);
      await picture(page, `people ${name}`, look);
    };
    const heading = (name: string | RegExp) => page.getByRole('heading', { name }).first().waitFor();
    await page.goto(`${issuer}/authorize?${shopping()}`);
    await page.getByText('Company account').waitFor();
    await seen('sign-in');
    await world.signIn(page, username, passwordOf(username));
    await page.getByRole('button', { name: 'Later' }).waitFor();
    await seen('enrolment');
    await page.getByRole('button', { name: 'Later' }).click();
    await page.getByRole('button', { name: 'Allow' }).waitFor();
    await seen('consent');
    await withReader(page);
    const unlock = async (code?: string) => {
      await page.goto(`${issuer}/second-step`);
      await page.getByLabel('Current password').fill(passwordOf(username));
      if (code) await page.getByLabel('Recovery code').fill(code);
      await page.getByRole('button', { name: 'Continue' }).click();
      await heading('Passkeys');
    };
    await unlock();
    await page.getByLabel('Name of the new passkey').fill('This computer');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await heading('Your recovery codes');
    await seen('recovery-codes');
    const [code] = await page.locator('ul.codes code').allTextContents();
    await page.goto(`${issuer}/second-step`);
    await seen('second-step-locked');
    await unlock(code);
    await seen('passkeys');
    await page.goto(`${issuer}/identities`);
    await heading('Sign-ins elsewhere');
    await seen('identities');
    await page.goto(`${world.url}/.curfew/callback?code=one&state=two`);
    await heading('This sign-in is over');
    await seen('gateway-page');
    expect(wrong).toEqual([]);
  },
  120_000,
);
