import { randomUUID } from 'node:crypto';
import { alertPatterns } from '@curfew/events/alerts';
import type { Page } from 'playwright-core';
import { Person } from '../support/person.js';
import { type EventReceiver, startReceiver } from '../support/receiver.js';
import { ConsoleWorld, fileOf } from './console-world.js';

let world: ConsoleWorld;
let desk: EventReceiver;

beforeAll(async () => {
  desk = await startReceiver();
  world = await ConsoleWorld.open({
    CURFEW_DELIVERY_PRIVATE_ADDRESSES: 'true',
    CURFEW_DELIVERY_ATTEMPTS: '1',
    CURFEW_DELIVERY_INTERVAL: '100ms',
    CURFEW_ALERT_UNKNOWN_TOKENS: '20/5m',
  });
}, 90_000);
afterEach(async () => expect(await world?.tidy()).toEqual([]));
afterAll(async () => {
  await world?.close();
  await desk?.close();
});

/** A person who is signed in on a device. */
async function somebody(): Promise<{ readonly id: string; readonly username: string; readonly sid: string }> {
  const username = `p${randomUUID()}@example.test`;
  const password = randomUUID();
  const { body } = await world.admin.post('/v1/accounts', { username, password });
  const { sid } = await world.admin.signIn(new Person(username, password));
  return { id: body.id, username, sid };
}

describe('the search over everything', () => {
  /** The option that Enter takes, as the field says it to a screen reader. */
  const chosen = (page: Page) =>
    page.getByRole('combobox', { name: 'Search or go to' }).evaluate((field) => {
      const option = document.getElementById(field.getAttribute('aria-activedescendant') ?? '');
      return [option?.getAttribute('aria-selected'), option?.querySelector('.strong')?.textContent];
    });

  it('opens by keyboard on every page, and goes to a page, a person and a session by keys alone', async () => {
    const { username, sid } = await somebody();
    const page = await world.enter('/console/system');
    await page.getByRole('heading', { name: 'System' }).waitFor();
    const palette = page.getByRole('dialog', { name: 'Search or go to' });
    const { keyboard } = page;
    await keyboard.press('Control+k');
    await palette.waitFor();
    expect(await world.faults(page)).toEqual([]);
    await keyboard.type('insi');
    expect(await chosen(page)).toEqual(['true', 'Insight']);
    await keyboard.press('Enter');
    await page.waitForURL(/\/console\/insight/);
    await page.getByRole('heading', { name: 'Insight' }).waitFor();
    expect(await palette.count()).toBe(0);

    await keyboard.press('Meta+k');
    await palette.waitFor();
    expect(await chosen(page)).toEqual(['true', 'Now']);
    await keyboard.press('ArrowUp');
    expect(await chosen(page)).toEqual(['true', 'System']);
    await keyboard.press('ArrowDown');
    await keyboard.press('ArrowDown');
    expect(await chosen(page)).toEqual(['true', 'Sessions']);
    await keyboard.type(username.slice(0, 12));
    await palette.getByRole('option', { name: username }).waitFor();
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: username }).waitFor();

    await keyboard.press('Control+k');
    await keyboard.type(sid);
    expect(await chosen(page)).toEqual(['true', `Session ${sid}`]);
    await keyboard.press('Enter');
    await page.getByRole('region', { name: 'Session' }).getByText(username).first().waitFor();

    await page.getByRole('button', { name: 'Refresh' }).focus();
    await keyboard.press('Control+k');
    await keyboard.type('no such thing');
    await palette.getByText('Nothing is called that.').waitFor();
    await keyboard.press('Enter');
    await keyboard.press('Escape');
    await palette.waitFor({ state: 'detached' });
    // The focus is where it was, and the page as well.
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Refresh');
    expect(new URL(page.url()).pathname).toBe(`/console/sessions/${sid}`);
  }, 90_000);
});

describe('the data of a person', () => {
  it('are handed out as a file, and erased to the end, while the sealed history still verifies', async () => {
    const { id, username, sid } = await somebody();
    const page = await world.enter(`/console/people/${id}`);
    await page.getByRole('heading', { name: username }).waitFor();
    const copy = await fileOf(page.getByRole('main'), 'Copy of the data');
    expect(copy.name).toBe(`${id}.json`);
    expect(JSON.parse(copy.text)).toMatchObject({ account: { id, username }, sessions: [{ id: sid }] });
    expect(copy.text).not.toMatch(/argon2|password_hash|token_hash|cfw_/);

    await page.getByRole('button', { name: 'Erase …' }).click();
    const dialog = page.getByRole('dialog', { name: `Erase ${username}` });
    await dialog.getByText('1 live session ends').waitFor();
    await dialog.getByText('The sealed history still verifies.').waitFor();
    await dialog.getByLabel(/^Note/).fill('asked by letter');
    await dialog.getByRole('button', { name: 'Erase for ever' }).click();
    await page.getByRole('heading', { name: 'People' }).waitFor();
    await page.locator(`[data-row="${id}"]`).waitFor({ state: 'detached' });
    expect((await world.admin.get(`/v1/accounts/${id}`)).status).toBe(404);
    expect((await world.admin.get(`/v1/sessions/${sid}`)).body).toMatchObject({ state: 'ended' });
    for (const table of ['event', 'event_count', 'session', 'browser_session']) {
      const left = await world.admin.database.query(
        `SELECT 1 FROM ${table} t WHERE account_id = $1 AND to_jsonb(t)::text LIKE '%' || $2 || '%'`,
        [id, username],
      );
      expect([table, left]).toEqual([table, []]);
    }
    await page.goto(`${world.url}/console/events`);
    await page.getByRole('button', { name: 'Check the history' }).click();
    await page.getByText('sealed events are as they were recorded').waitFor();
  }, 90_000);
});

describe('dead letters', () => {
  it('are shown with their cause, and sent again by one press', async () => {
    desk.behave(500);
    const made = await world.admin.post('/v1/receivers', {
      name: 'Ticket desk',
      address: desk.url,
      event_types: ['session.ended'],
    });
    const letters = async () =>
      (await world.admin.get(`/v1/receivers/${made.body.id}/dead-letters`)).body.items.length;
    const { sid } = await somebody();
    await world.admin.call('DELETE', `/v1/sessions/${sid}`);
    const page = await world.enter('/console/system');
    const row = page.getByRole('region', { name: 'Receivers' }).getByRole('row', { name: /Ticket desk/ });
    await row.waitFor();
    while ((await letters()) === 0) await page.waitForTimeout(100);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await row.getByRole('button', { name: '1 dead letter …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Dead letters of Ticket desk' });
    await dialog.getByText('after 1 attempt').waitFor();
    expect(await world.faults(page)).toEqual([]);
    desk.behave(204);
    const before = desk.received.length;
    await dialog.getByRole('button', { name: 'Send all again' }).click();
    await dialog.getByRole('status').getByText('1 is sent again.').waitFor();
    await dialog.getByText('None is left.').waitFor();
    while (desk.received.length === before) await page.waitForTimeout(100);
    expect(desk.received.at(-1)?.body).toContain(sid);
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await row.getByText('none').waitFor();
  }, 90_000);
});

describe('an alert', () => {
  it('comes by itself when somebody tries tokens, and says what to do, as each of the others does', async () => {
    const { admin } = world;
    const page = await world.enter('/console/now');
    await page.getByText('live', { exact: true }).waitFor();
    const alerts = page.getByRole('region', { name: 'Alerts' });
    await alerts.getByText('No pattern passed its threshold.').waitFor();
    for (let n = 0; n < 25; n += 1)
      await admin.form('/token', {
        grant_type: 'refresh_token',
        client_id: admin.data.clients.device.client_id,
        refresh_token: `cfw_rt_never-issued-${n}`,
      });
    const first = alerts.getByRole('listitem').first();
    await first.getByText('unknown token spray').waitFor();
    await first
      .getByText(/^2\d in 5 min; the limit is 20\. Somebody tries tokens that no session has\./)
      .waitFor();
    expect(await world.faults(page)).toEqual([]);
    const steps = new Set<string>();
    for (const pattern of [...alertPatterns, 'stale_follower', 'one that is new']) {
      const data = { pattern, severity: 'low', observed: 1, threshold: 1, window: 60 };
      await admin.database.query(
        `INSERT INTO event (id, at, type, data) VALUES (gen_random_uuid(), clock_timestamp(), 'alert.raised', $1)`,
        [JSON.stringify(data)],
      );
      await first.getByText(pattern.replaceAll('_', ' '), { exact: true }).waitFor();
      const words = (await first.locator('p').last().textContent()) ?? '';
      steps.add(words.replace(/^.*?; the limit is \d+\. /, ''));
    }
    expect([...steps].filter((step) => step.length < 40)).toEqual([]);
    // Each has its own words, and one that this console does not know the last ones.
    expect(steps.size).toBe(alertPatterns.length + 2);
  }, 90_000);
});

describe('a time', () => {
  it('is told as people speak of it, with the exact one on hover and for programs', async () => {
    const { id } = await somebody();
    const { created_at: at } = (await world.admin.get(`/v1/accounts/${id}`)).body;
    await world.admin.post('/v1/clock/advance', { seconds: 7_260 });
    const page = await world.enter(`/console/people/${id}`);
    const time = page.getByRole('region', { name: 'Account' }).locator('time').first();
    await time.and(page.getByText('2 h ago', { exact: true })).waitFor();
    const { machine, hover, exact } = await time.evaluate((element: HTMLTimeElement) => ({
      machine: element.dateTime,
      hover: element.title,
      exact: new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' }).format(
        new Date(element.dateTime),
      ),
    }));
    expect([machine, hover]).toEqual([at, exact]);
    expect(hover).toMatch(/\d{4}.*:\d\d:\d\d/);
  }, 60_000);
});
