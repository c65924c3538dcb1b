import { randomUUID } from 'node:crypto';
import { ConsoleWorld } from './console-world.js';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open();
}, 90_000);
afterEach(async () => expect(await world?.tidy()).toEqual([]));
afterAll(() => world?.close());

const somebodyElse = 'Somebody else has saved meanwhile.';

describe('an act on something that somebody else has changed meanwhile', () => {
  it('shows their change of scopes and groups, and puts nothing over it unseen', async () => {
    const { admin } = world;
    const { body } = await admin.post('/v1/accounts', { username: `o${randomUUID()}@example.test` });
    const path = `/v1/accounts/${body.id}`;
    const scopesAre = (scopes: readonly string[]) =>
      admin.call('PUT', `${path}/operator`, { body: { scopes } });
    await scopesAre(['sessions:read', 'sessions:end']);
    const page = await world.enter(`/console/people/${body.id}`);
    const operator = page.getByRole('region', { name: 'Operator' });
    await operator.getByLabel('events:read').check();
    await scopesAre(['sessions:read']);
    await operator.getByRole('button', { name: 'Save' }).click();
    await operator.getByRole('alert').getByText(somebodyElse).waitFor();
    await operator.getByText('They changed: sessions:end.').waitFor();
    // The scope that was taken meanwhile does not come back with what was chosen here.
    expect(await operator.getByLabel('sessions:end').isChecked()).toBe(false);
    expect(await operator.getByLabel('events:read').isChecked()).toBe(true);
    expect((await admin.get(path)).body.operator_scopes).toEqual(['sessions:read']);
    await operator.getByRole('button', { name: 'Save' }).click();
    await operator.getByRole('button', { name: 'Save' }).waitFor({ state: 'detached' });
    expect((await admin.get(path)).body.operator_scopes.toSorted()).toEqual(['events:read', 'sessions:read']);

    await page.getByRole('button', { name: 'Change groups …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Groups').fill('desk');
    await admin.call('PATCH', path, { body: { groups: ['staff'] } });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('They changed: Groups, which are now: staff.').waitFor();
    expect(await dialog.getByLabel('Groups').inputValue()).toBe('desk');
    expect((await admin.get(path)).body.groups).toEqual(['staff']);
    await dialog.getByLabel('Groups').fill('staff\ndesk');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect((await admin.get(path)).body.groups).toEqual(['staff', 'desk']);
  }, 90_000);

  it('is saved over groups with a blank at an end, which stay as they are', async () => {
    const { admin } = world;
    const { body } = await admin.post('/v1/accounts', { username: `o${randomUUID()}@example.test` });
    const path = `/v1/accounts/${body.id}`;
    await admin.call('PATCH', path, { body: { groups: ['admin ', ' night shift'] } });
    const page = await world.enter(`/console/people/${body.id}`);
    await page.getByRole('button', { name: 'Change groups …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Groups').fill('admin \n night shift\n desk ');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect((await admin.get(path)).body.groups).toEqual(['admin ', ' night shift', 'desk']);
  }, 90_000);

  it('shows their limits of an adaptation, keeps what was typed, and keeps it over a lost connection too', async () => {
    const { admin } = world;
    const name = `p${randomUUID().slice(0, 8)}`;
    await admin.post('/v1/policies', { name, settings: { basedOn: 'standard' } });
    const path = `/v1/policies/${name}/adaptation`;
    const limits = {
      mode: 'propose',
      floor: '10m',
      ceiling: '1h',
      budget: { kind: 'sign_ins_per_person_day', max: 2 },
    };
    await admin.call('PUT', path, { body: limits });
    const page = await world.enter(`/console/policies/${name}?view=adaptation`);
    const form = page.getByRole('form', { name: 'Limits' });
    const floor = form.getByLabel('Never shorter than');
    await floor.fill('12m');
    await admin.call('PUT', path, { body: { ...limits, ceiling: '45m' } });
    await form.getByRole('button', { name: 'Save what it may do' }).click();
    await form.getByText('They changed: Never longer than.').waitFor();
    expect([await floor.inputValue(), await form.getByLabel('Never longer than').inputValue()]).toEqual([
      '12m',
      '45m',
    ]);
    await world.cut(page, async () => {
      await page.getByText('The connection to the admin API is lost.').waitFor();
    });
    await admin.call('PUT', path, { body: { ...limits, ceiling: '50m' } });
    await page.getByText('The connection to the admin API is lost.').waitFor({ state: 'detached' });
    await world.whole(page);
    expect([await floor.inputValue(), await form.getByLabel('Never longer than').inputValue()]).toEqual([
      '12m',
      '50m',
    ]);
    await form.getByRole('button', { name: 'Save what it may do' }).click();
    await form.getByRole('alert').waitFor({ state: 'detached' });
    await world.whole(page);
    expect((await admin.get(path)).body.adaptation.settings).toMatchObject({ floor: 720, ceiling: 3000 });
  }, 90_000);

  it('is asked about again where another policy was attached, or a route was changed', async () => {
    const { admin } = world;
    const made = await admin.post('/v1/clients', {
      client_name: 'Overtaken',
      redirect_uris: ['https://overtaken.example.test/callback'],
    });
    const target = { kind: 'client', client_id: made.body.client_id };
    const policyIs = (policy: string) =>
      admin.call('PUT', '/v1/policy-attachments', { body: { target, policy } });
    const attached = async () => (await admin.get(`/v1/clients/${target.client_id}`)).body.policy;
    const page = await world.enter(`/console/applications/${target.client_id}`);
    await page.getByRole('button', { name: 'Attach a policy …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Policy').selectOption('standard');
    await dialog.getByText('would end at once').waitFor();
    await policyIs('kiosk');
    await dialog.getByRole('button', { name: 'Attach' }).click();
    await dialog.getByText('Somebody else has changed this meanwhile.').waitFor();
    await dialog.getByText('Attached now: kiosk.').waitFor();
    expect([await attached(), await dialog.getByLabel('Policy').inputValue()]).toEqual(['kiosk', 'standard']);
    await dialog.getByRole('button', { name: 'Attach' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await attached()).toBe('standard');
  }, 90_000);

  it('disables and deletes nobody and nothing that is not as it was seen, and says what was changed', async () => {
    const { admin } = world;
    const { body } = await admin.post('/v1/accounts', { username: `o${randomUUID()}@example.test` });
    const path = `/v1/accounts/${body.id}`;
    await admin.database.query(
      `INSERT INTO linked_identity (issuer, subject, account_id, created_at) VALUES ('https://corp.example.test', $1::uuid::text, $1, now())`,
      [body.id],
    );
    const page = await world.enter(`/console/people/${body.id}`);
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Disable …' }).click();
    await dialog.getByLabel(/^Note/).fill('left the company');
    await admin.call('PATCH', path, { body: { groups: ['board'] } });
    // A sign-in elsewhere is no change of somebody else.
    await admin.database.query('UPDATE linked_identity SET last_used_at = now() WHERE account_id = $1', [
      body.id,
    ]);
    await dialog.getByRole('button', { name: 'Disable' }).click();
    await dialog.getByText('They changed: Groups.').waitFor();
    expect((await admin.get(path)).body.disabled_at).toBeNull();
    expect(await dialog.getByLabel(/^Note/).inputValue()).toBe('left the company');
    await page.getByRole('region', { name: 'Groups' }).getByText('board').waitFor();
    await dialog.getByRole('button', { name: 'Disable' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect((await admin.get(path)).body.disabled_at).not.toBeNull();

    await page.getByRole('button', { name: 'Set a password …' }).click();
    await admin.post(`${path}/enable`, {});
    await dialog.getByRole('button', { name: 'Set the password' }).click();
    await dialog.getByText('They changed: Whether it is disabled.').waitFor();
    await dialog.getByRole('button', { name: 'Set the password' }).click();
    await dialog.getByText('The new password').waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();

    const made = await admin.post('/v1/clients', {
      client_name: 'Overtaken too',
      redirect_uris: ['https://overtaken.example.test/callback'],
    });
    const client = `/v1/clients/${made.body.client_id}`;
    await page.goto(`${world.url}/console/applications/${made.body.client_id}`);
    await page.getByRole('button', { name: 'Delete …' }).click();
    await admin.call('PATCH', client, {
      body: { client_name: 'Needed after all' },
      headers: { 'if-match': '"1"' },
    });
    await dialog.getByRole('button', { name: 'Delete for ever' }).click();
    await dialog.getByText('They changed: Name.').waitFor();
    expect((await admin.get(client)).status).toBe(200);
    await page.getByRole('heading', { name: 'Needed after all', exact: true }).waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'New secret …' }).click();
    await admin.post(`${client}/secrets`, {});
    await dialog.getByRole('button', { name: 'Make it' }).click();
    await dialog.getByText('Somebody else has changed the secrets meanwhile.').waitFor();
    expect((await admin.get(client)).body.secrets).toHaveLength(2);
    await dialog.getByRole('button', { name: 'Make it' }).click();
    await dialog.locator('.secret code').waitFor();
  }, 90_000);

  it('is not said to be changed where a proxy weakens the versions, but that one does so', async () => {
    const { admin } = world;
    const { body } = await admin.post('/v1/accounts', { username: `o${randomUUID()}@example.test` });
    const api = `https://${randomUUID()}.example.test`;
    await admin.post('/v1/resources', { audience: api, name: 'Behind a proxy', scopes: [] });
    const page = await world.enter('/console/now');
    // The tags that a proxy weakened come back with the acts.
    await page.route(/\/v1\/(accounts|resources)\/[^?]/, (route) => {
      const headers = route.request().headers();
      const named = headers['if-match'];
      return route.continue({ headers: { ...headers, ...(named && { 'if-match': `W/${named}` }) } });
    });
    await page.goto(`${world.url}/console/people/${body.id}`);
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Disable …' }).click();
    await dialog.getByRole('button', { name: 'Disable' }).click();
    await dialog.getByText('nothing has changed since you read it').waitFor();
    expect(await dialog.getByText('Somebody else').count()).toBe(0);
    expect((await admin.get(`/v1/accounts/${body.id}`)).body.disabled_at).toBeNull();
    await page.goto(`${world.url}/console/apis`);
    await page.getByText('Behind a proxy').click();
    await dialog.getByLabel('Name', { exact: true }).fill('Behind another one');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('nothing has changed since you read it').waitFor();
    expect(await dialog.getByText('Somebody else').count()).toBe(0);
    expect(await world.faults(page)).toEqual([]);
  }, 90_000);

  it('is told by the policy, too: what is attached there, and that it is another one by now', async () => {
    const { admin } = world;
    const name = `p${randomUUID().slice(0, 8)}`;
    await admin.post('/v1/policies', { name, settings: { basedOn: 'standard' } });
    const target = { kind: 'client', client_id: admin.data.clients.web.client_id };
    const attached = async () => (await admin.get(`/v1/clients/${target.client_id}`)).body.policy;
    const policyIs = (policy: string) =>
      admin.call('PUT', '/v1/policy-attachments', { body: { target, policy } });
    await policyIs('kiosk');
    const page = await world.enter(`/console/policies/${name}`);
    await page.getByRole('button', { name: 'Attach …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('To', { exact: true }).selectOption('client');
    await dialog.getByLabel('Application').fill('Example web application');
    await dialog.getByLabel('Application').press('Enter');
    await dialog.getByText(`Attached there now: kiosk, whose place ${name} takes.`).waitFor();
    await policyIs('sensitive');
    await dialog.getByRole('button', { name: 'Attach' }).click();
    await dialog.getByText('Somebody else has changed this meanwhile.').waitFor();
    await dialog.getByText(`Attached there now: sensitive, whose place ${name} takes.`).waitFor();
    expect([await attached(), await world.faults(page)]).toEqual(['sensitive', []]);
    await dialog.getByRole('button', { name: 'Attach' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await attached()).toBe(name);
  }, 90_000);
});
