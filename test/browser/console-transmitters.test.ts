import type { Page } from 'playwright-core';
import { aTransmitter, ConsoleWorld } from './console-world.js';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open();
}, 90_000);
afterEach(async () => expect(await world?.tidy()).toEqual([]));
afterAll(() => world?.close());

const row = (page: Page, id: string) => page.locator(`[data-row="${id}"]`);
const dialog = (page: Page, name: string) => page.getByRole('dialog', { name, exact: true });
const kept = async (id: string) => (await world.admin.get(`/v1/transmitters/${id}`)).body;

describe('transmitters in the console', () => {
  it('are added, changed, switched off and deleted, each pressed to the end, and no header is shown', async () => {
    const page = await world.enter('/console/events');
    await page.getByRole('link', { name: 'Transmitters', exact: true }).click();
    await page.getByText('No other service tells of security events.').waitFor();
    await page.getByRole('button', { name: 'New transmitter' }).click();
    const made = dialog(page, 'New transmitter');
    for (const [label, text] of [
      ['Id', 'corp'],
      ['Issuer', 'https://corp.example.test'],
      ['Audience', 'https://here.example.test'],
      ['Authorization header', 'Bearer that-nobody-sees'],
    ] as const)
      await made.getByLabel(label, { exact: true }).fill(text);
    await made.getByLabel('account-purged').uncheck();
    await made.getByLabel('Find people by address').check();
    expect(await world.faults(page)).toEqual([]);
    await made.getByRole('button', { name: 'Add it' }).click();
    await row(page, 'corp').getByText('heard').waitFor();
    const added = await kept('corp');
    expect(added).toMatchObject({
      ...{
        delivery: 'push',
        endpoint_url: null,
        jwks_uri: null,
        subject_issuer: 'https://corp.example.test',
      },
      ...{ signals: ['session-revoked', 'credential-change', 'account-disabled'], matches_email: true },
    });
    await row(page, 'corp').click();
    const open = dialog(page, 'corp');
    await open.getByText('/ssf/receive').waitFor();
    expect(await open.getByLabel('Authorization header').inputValue()).toBe('');
    // The header that it pushes with goes to no address that is polled.
    await open.getByLabel('Delivery').selectOption('poll');
    await open.getByLabel('Address that is polled').fill('https://corp.example.test/poll');
    await open.getByRole('button', { name: 'Save' }).click();
    await open.getByText('must be given with another issuer or endpoint_url').waitFor();
    await open.getByLabel('Delivery').selectOption('push');
    await open.getByLabel('Heard').uncheck();
    await open.getByRole('button', { name: 'Save' }).click();
    await row(page, 'corp').getByText('switched off').waitFor();
    const { version: _, updated_at: __, ...before } = added;
    expect(await kept('corp')).toMatchObject({ ...before, enabled: false });
    await row(page, 'corp').click();
    await dialog(page, 'corp').getByRole('button', { name: 'Delete …' }).click();
    await dialog(page, 'Delete corp').getByRole('button', { name: 'Delete for ever' }).click();
    await row(page, 'corp').waitFor({ state: 'detached' });
    expect((await world.admin.get('/v1/transmitters/corp')).status).toBe(404);
  }, 60_000);

  it('say at the field what the admin API refuses, keep what was typed, and show what somebody else has changed', async () => {
    await aTransmitter(world.admin, 'taken');
    const page = await world.enter('/console/events/transmitters');
    await page.getByRole('button', { name: 'New transmitter' }).click();
    const made = dialog(page, 'New transmitter');
    const good = {
      ...{ Id: 'fields', Issuer: 'https://fields.example.test', Audience: 'here' },
      ...{ 'Authorization header': 'Bearer of-these-fields', 'Address of its keys': '' },
      ...{ 'Issuer of its people': '' },
    };
    const field = (label: string) => made.getByLabel(label, { exact: true });
    for (const [label, text] of Object.entries(good)) await field(label).fill(text);
    for (const [label, bad] of [
      ['Id', 'Not A Word'],
      ['Issuer', 'http://fields.example.test'],
      ['Issuer', 'https://taken.example.test'],
      ['Audience', 'x'.repeat(501)],
      ['Authorization header', 'short'],
      ['Address of its keys', 'ftp://fields.example.test'],
      ['Issuer of its people', 'x'.repeat(501)],
    ] as const) {
      await field(label).fill(bad);
      await made.getByRole('button', { name: 'Add it' }).click();
      await field(label).and(page.locator('[aria-invalid=true]')).waitFor();
      expect([label, await field(label).inputValue()]).toEqual([label, bad]);
      await field(label).fill(good[label]);
    }
    await page.keyboard.press('Escape');
    await row(page, 'taken').click();
    const open = dialog(page, 'taken');
    await open.getByLabel('Audience', { exact: true }).fill('my audience');
    const { id, issuer, delivery } = await kept('taken');
    await world.admin.call('PUT', `/v1/transmitters/${id}`, {
      body: { issuer, delivery, audience: 'here', enabled: false, matches_email: true },
      headers: { 'if-match': '"1"' },
    });
    await open.getByRole('button', { name: 'Save' }).click();
    await open.getByText('Somebody else has saved meanwhile.').waitFor();
    await open.getByText('They changed: Find people by address.').waitFor();
    await open.getByRole('button', { name: 'Save' }).click();
    await open.waitFor({ state: 'detached' });
    expect(await kept('taken')).toMatchObject({ audience: 'my audience', matches_email: true });
    expect(await world.faults(page)).toEqual([]);
  }, 60_000);
});
