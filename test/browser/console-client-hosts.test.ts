import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { orders } from '../e2e/admin-world.js';
import { ConsoleWorld, violations } from './console-world.js';

let world: ConsoleWorld;
let page: Page;

beforeAll(async () => {
  world = await ConsoleWorld.open({ CURFEW_CLIENT_DOCUMENTS: 'true' });
  page = await world.enter('/console/applications');
  await page.getByRole('heading', { name: 'Hosts of documents' }).waitFor();
}, 90_000);
afterAll(async () => {
  const complaints = await world?.tidy();
  await world?.close();
  expect(complaints).toEqual([]);
});

const hosts = () => page.getByRole('region', { name: 'Hosts of documents' });
const kept = async () => (await world.admin.get('/v1/client-hosts')).body.items;

it('allows a host, says at its field which one is refused, and gives it other APIs', async () => {
  await hosts().getByText('None is allowed.').waitFor();
  await hosts().getByRole('button', { name: 'Allow a host' }).click();
  const dialog = page.getByRole('dialog', { name: 'Allow a host' });
  const send = dialog.getByRole('button', { name: 'Allow', exact: true });
  expect(await send.getAttribute('aria-disabled')).toBe('true');
  const field = dialog.getByLabel('Host', { exact: true });
  await field.fill('Agents.Example.Test');
  await dialog.getByLabel(orders).check();
  await send.click();
  await dialog.getByText('must be the name of a host, in lower case').waitFor();
  expect([await field.getAttribute('aria-invalid'), await dialog.getByLabel(orders).isChecked()]).toEqual([
    'true',
    true,
  ]);
  await field.fill('agents.example.test');
  await send.click();
  await hosts().getByText('it has introduced none').waitFor();
  expect(await kept()).toMatchObject([{ host: 'agents.example.test', resources: [orders], clients: [] }]);

  await hosts().getByRole('button', { name: 'Change' }).click();
  const change = page.getByRole('dialog', { name: 'agents.example.test' });
  await change.getByLabel(orders).uncheck();
  await change.getByRole('button', { name: 'Save' }).click();
  await hosts().getByText('no API', { exact: true }).waitFor();
  expect(await kept()).toMatchObject([{ host: 'agents.example.test', resources: [] }]);
  expect(await violations(page)).toEqual([]);
});

it('gives no host an API back that somebody has taken from it meanwhile, nor another API than was seen to one that is allowed already', async () => {
  const { admin } = world;
  const host = 'agents.example.test';
  const hostHas = (resources: readonly string[]) =>
    admin.call('PUT', `/v1/client-hosts/${host}`, { body: { resources } });
  const resources = async () => (await kept())[0].resources;
  await hostHas([orders]);
  await page.reload();
  await hosts().getByText(orders).waitFor();
  await hosts().getByRole('button', { name: 'Change' }).click();
  const change = page.getByRole('dialog', { name: host });
  await change.getByLabel(/^Note/).fill('checked');
  await hostHas([]);
  await change.getByRole('button', { name: 'Save' }).click();
  await change.getByText('They changed: APIs, which are now: none.').waitFor();
  // An API that was taken away does not come back with what was chosen here.
  expect([await change.getByLabel(orders).isChecked(), await resources()]).toEqual([false, []]);
  await change.getByRole('button', { name: 'Cancel' }).click();

  await hosts().getByRole('button', { name: 'Allow a host' }).click();
  const dialog = page.getByRole('dialog', { name: 'Allow a host' });
  await dialog.getByLabel('Host', { exact: true }).fill(host);
  await dialog.getByLabel(orders).check();
  await dialog.getByRole('button', { name: 'Allow', exact: true }).click();
  await dialog.getByText('They changed: whether it is allowed.').waitFor();
  expect(await resources()).toEqual([]);
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
});

it('revokes a host by name, with the applications that it introduced and their sessions', async () => {
  const { admin } = world;
  const id = `https://agents.example.test/${randomUUID()}.json`;
  const introduce = (one: string) =>
    admin.database.query(
      `INSERT INTO client SELECT (jsonb_populate_record(c, jsonb_build_object('id', $1::text, 'name', 'Introduced', 'document_fresh_until', now() + interval '1 hour'))).*
       FROM client c WHERE c.id = $2`,
      [one, admin.data.clients.device.client_id],
    );
  await introduce(id);
  const tokens = await admin.signInRaw(admin.person(), {
    client_id: id,
    resource: orders,
    scope: 'openid offline_access',
  });
  expect(tokens['access_token']).toBeDefined();
  await page.reload();
  await hosts().getByText('it has introduced 1 application').waitFor();
  // By keys alone: the host is the last of the rows, and Enter opens it; its address is that of the form.
  const row = hosts().locator('[data-row="host agents.example.test"]');
  await row.waitFor();
  while (!(await row.evaluate((one) => one === document.activeElement))) await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'agents.example.test' }).waitFor();
  await page.waitForURL(/host=agents\.example\.test/);
  await page.keyboard.press('Escape');
  await page.waitForURL((url) => url.search === '');
  // An application whose id is an address has a page of its own, also where that is loaded again.
  await hosts()
    .getByRole('link', { name: `Introduced ${id}` })
    .click();
  for (const move of ['come', 'again']) {
    if (move === 'again') await page.reload();
    await page.getByRole('heading', { name: 'Introduced' }).waitFor();
    await page.getByRole('region', { name: 'Registration' }).getByText(orders).waitFor();
  }
  await page.goto(`${world.url}/console/applications?host=nobody.example.test`);
  await hosts().getByText('The host nobody.example.test is not allowed.').waitFor();
  await page.goto(`${world.url}/console/applications`);
  await hosts().getByRole('button', { name: 'Revoke' }).click();
  const dialog = page.getByRole('dialog', { name: 'Revoke agents.example.test' });
  await dialog.getByText(id).waitFor();
  await dialog.getByLabel(/^Note/).fill('its owner has gone');
  const other = `https://agents.example.test/${randomUUID()}.json`;
  await introduce(other);
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
  await dialog.getByText('They changed: Applications.').waitFor();
  await dialog.getByText(other).waitFor();
  expect((await admin.get(`/v1/clients/${encodeURIComponent(id)}`)).status).toBe(200);
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
  await hosts().getByText('None is allowed.').waitFor();
  expect(await kept()).toEqual([]);
  expect((await admin.get(`/v1/clients/${encodeURIComponent(id)}`)).status).toBe(404);
  expect((await admin.introspect(tokens['access_token']!)).active).toBe(false);
});
