import { decodeJwt } from 'jose';
import type { CDPSession, Page } from 'playwright-core';
import { House } from './house.js';

let house: House;
beforeAll(async () => {
  house = await House.open();
}, 60_000);
afterEach(async () => expect(await house?.tidy()).toEqual([]));
afterAll(async () => house?.close());

const passkey = { amr: ['swk', 'user', 'mfa'], acr: 'phr' };

/** A window whose device has a fingerprint reader; whether it shows a passkey by itself can be changed. */
const withDevice = async () => {
  const page = await house.window({ javaScriptEnabled: true });
  const device = await page.context().newCDPSession(page);
  await device.send('WebAuthn.enable');
  const { authenticatorId } = await device.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { page, device, authenticatorId };
};

const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true }).waitFor();

/** Proves who the person is at the settings, with the password alone or with a recovery code. */
const unlock = async (page: Page, account: number, code?: string) => {
  await page.goto(`${house.issuer}/second-step`);
  await page.getByLabel('Current password').fill(house.data.accounts[account]!.password);
  if (code) await page.getByLabel('Recovery code').fill(code);
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'Passkeys');
};

/** Signs in by password and adds a passkey; the recovery codes. */
const enrol = async (page: Page, account: number): Promise<string[]> => {
  await page.goto(`${house.issuer}/sign-in`);
  await house.signIn(page, { account });
  await unlock(page, account);
  await page.getByLabel('Name of the new passkey').fill('This computer');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await heading(page, 'Your recovery codes');
  return page.locator('ul.codes code').allTextContents();
};

const signOut = (page: Page) => page.context().clearCookies();

const setPresence = (device: CDPSession, authenticatorId: string, enabled: boolean) =>
  device.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });

it('is added, signs in without a password, is the second step after one, and is left off by a lost device', async () => {
  const application = await house.application();
  const { page, device, authenticatorId } = await withDevice();
  const codes = await enrol(page, 0);
  expect(codes).toHaveLength(10);

  // Offered beside the username (WebAuthn §5.1.4), it signs in without a click on the page: the device answers at once.
  await signOut(page);
  await page.goto(application.authorizationUrl());
  const offered = await afterConsent(page, application);
  expect(decodeJwt(offered.id_token!)).toMatchObject(passkey);

  // A device that waits for its person lets them use the password, and is the second step after it.
  await signOut(page);
  await setPresence(device, authenticatorId, false);
  await page.goto(application.authorizationUrl({ acr_values: 'phr' }));
  await house.signIn(page);
  await heading(page, 'Second step');
  await setPresence(device, authenticatorId, true);
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  const both = await afterConsent(page, application);
  expect(decodeJwt(both.id_token!)).toMatchObject({ amr: ['pwd', 'swk', 'user', 'mfa'], acr: 'phr' });

  // A browser that offers nothing beside a field has the button.
  await page.addInitScript('PublicKeyCredential.isConditionalMediationAvailable = async () => false');
  await signOut(page);
  await page.goto(application.authorizationUrl());
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  const chosen = await afterConsent(page, application);
  expect(decodeJwt(chosen.id_token!)).toMatchObject(passkey);

  // Another device, because the first one is lost: the password, and a recovery code where the passkey would be asked for.
  const other = await house.window({ javaScriptEnabled: true });
  await other.goto(application.authorizationUrl({ acr_values: 'phr' }));
  await house.signIn(other);
  await heading(other, 'Second step');
  await other.getByLabel('Recovery code').fill(codes[1]!);
  await other.getByRole('button', { name: 'Continue' }).click();
  // The code is a second step, and no passkey: the page says how to get a new one.
  await other.getByText('If you have lost your passkeys').waitFor();
  await unlock(other, 0, codes[0]);
  await other.getByRole('button', { name: 'Remove the passkey This computer' }).click();
  await other.getByText('The passkey is removed.').waitFor();

  await signOut(page);
  await page.goto(application.authorizationUrl());
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.getByText('This passkey was not accepted.').waitFor();
}, 90_000);

it('signs in beside a tab that signs in at the same time with a password and a code: both end at the application', async () => {
  const application = await house.application();
  const { page, device, authenticatorId } = await withDevice();
  const codes = await enrol(page, 1);
  await page.goto(application.authorizationUrl());
  await afterConsent(page, application);
  await signOut(page);
  await setPresence(device, authenticatorId, false);
  const other = await page.context().newPage();
  await page.goto(application.authorizationUrl());
  await other.goto(application.authorizationUrl());
  await house.signIn(other, { account: 1 });
  await other.getByLabel('Recovery code').fill(codes[0]!);
  await setPresence(device, authenticatorId, true);
  await Promise.all([
    page.getByRole('button', { name: 'Use a passkey' }).click(),
    other.getByRole('button', { name: 'Continue' }).click(),
  ]);
  const [shown, typed] = await Promise.all([page, other].map((tab) => afterConsent(tab, application)));
  expect(decodeJwt(shown!.id_token!)).toMatchObject(passkey);
  expect(decodeJwt(typed!.id_token!)).toMatchObject({
    amr: ['pwd', 'otp', 'mfa'],
    acr: 'urn:curfew:acr:mfa',
  });
}, 90_000);

/** Allows what the application asks for, if that is asked, and redeems the code. */
async function afterConsent(page: Page, application: Awaited<ReturnType<House['application']>>) {
  const allow = page.getByRole('button', { name: 'Allow' });
  const back = page.waitForURL((url) => url.href.startsWith(application.redirectUri));
  await Promise.race([back, allow.waitFor()]);
  if ((await allow.count()) > 0) await allow.click();
  await back;
  return application.redeem(page.url());
}
