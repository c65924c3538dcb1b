import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { Person } from '../support/person.js';
import { ConsoleWorld } from './console-world.js';

let world: ConsoleWorld;
/** One window for all: the operator stays signed in, and every act is within five minutes of that. */
let page: Page;

beforeAll(async () => {
  world = await ConsoleWorld.open();
  page = await world.enter('/console/people');
  await page.getByRole('heading', { name: 'People' }).waitFor();
}, 90_000);
afterAll(async () => {
  const complaints = await world?.tidy();
  await world?.close();
  expect(complaints).toEqual([]);
});

const open = async (path: string) => {
  await page.goto(`${world.url}/console${path}`);
};
const dialog = (name: string | RegExp) => page.getByRole('dialog', { name });
const press = (name: string | RegExp) => page.getByRole('button', { name }).click();

describe('the pages of people', () => {
  it('make an account whose password is shown once, say at the field what is refused, and keep what was typed', async () => {
    const username = `p${randomUUID().slice(0, 8)}@example.test`;
    await press('New person');
    const made = dialog('New person');
    await made.getByLabel('Username').fill('with a space');
    await made.getByLabel('Password').fill('a good long password');
    await made.getByRole('button', { name: 'Create' }).click();
    await made.getByText('A username has 1 to 254 characters').waitFor();
    expect(await made.getByLabel('Username').getAttribute('aria-invalid')).toBe('true');
    expect(await made.getByLabel('Password').inputValue()).toBe('a good long password');
    await made.getByLabel('Username').fill(username);
    await made.getByLabel('Password').fill('');
    await made.getByRole('button', { name: 'Create' }).click();
    const told = dialog(`${username} can sign in`);
    const password = (await told.locator('code').textContent()) ?? '';
    await told.getByRole('link', { name: 'Open this person' }).click();
    await page.getByRole('heading', { name: username }).waitFor();
    await page.getByText('must choose a password').waitFor();
    const { body } = await world.admin.get(`/v1/accounts?prefix=${username}`);
    expect(body.items).toHaveLength(1);
    expect(password).toMatch(/^[\w-]{24}$/);
  });

  it('count the sessions that a disabled account loses, end them, and keep the note', async () => {
    const username = `p${randomUUID().slice(0, 8)}@example.test`;
    const password = randomUUID();
    const { body } = await world.admin.post('/v1/accounts', { username, password });
    const { sid } = await world.admin.signIn(new Person(username, password));
    await open(`/people?prefix=${username.slice(0, 6)}`);
    await page.locator(`[data-row="${body.id}"]`).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Live sessions' }).getByText('left').waitFor();
    await page.getByRole('region', { name: 'Allowed applications' }).getByText('since').waitFor();
    await press('Disable …');
    const asked = dialog(`Disable ${username}`);
    await asked.getByText('1 live session ends').waitFor();
    await asked.getByLabel(/^Note/).fill('left the company');
    await asked.getByRole('button', { name: 'Disable' }).click();
    await page.getByText('disabled', { exact: true }).waitFor();
    const ended = await world.admin.get(`/v1/sessions/${sid}`);
    expect(ended.body).toMatchObject({ state: 'ended', end_reason: 'account_disabled' });
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'People' }).waitFor();
    expect(new URL(page.url()).search).toBe(`?prefix=${username.slice(0, 6)}`);
    await page.waitForFunction((id) => document.activeElement?.getAttribute('data-row') === id, body.id);
  });

  it('make somebody an operator, scope by scope', async () => {
    const { body } = await world.admin.post('/v1/accounts', { username: `o${randomUUID()}@example.test` });
    await open(`/people/${body.id}`);
    const operator = page.getByRole('region', { name: 'Operator' });
    await operator.getByLabel('sessions:read').check();
    await operator.getByLabel('events:read').check();
    await operator.getByRole('button', { name: 'Save' }).click();
    await operator.getByRole('button', { name: 'Save' }).waitFor({ state: 'detached' });
    const { operator_scopes: scopes } = (await world.admin.get(`/v1/accounts/${body.id}`)).body;
    expect(scopes.sort()).toEqual(['events:read', 'sessions:read']);
  });
});
