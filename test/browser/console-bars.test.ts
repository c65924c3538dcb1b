import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { deviceGrant, orders } from '../e2e/admin-world.js';
import { Person } from '../support/person.js';
import { ConsoleWorld } from './console-world.js';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open();
}, 90_000);
afterEach(async () => expect(await world?.tidy()).toEqual([]));
afterAll(() => world?.close());

/** A session of a person that an operator can look at. */
async function aSession(name = 'Shop'): Promise<{ username: string; sid: string }> {
  const { admin } = world;
  const username = `p${randomUUID()}@example.test`;
  const password = randomUUID();
  await admin.post('/v1/accounts', { username, password });
  const made = await admin.post('/v1/clients', {
    client_name: name,
    grant_types: [deviceGrant, 'refresh_token'],
    token_endpoint_auth_method: 'none',
    resources: [orders],
  });
  const tokens = await admin.signInRaw(new Person(username, password), {
    client_id: made.body.client_id,
    resource: orders,
    scope: 'openid offline_access',
  });
  const { sid } = await admin.introspect(tokens['access_token'] ?? '');
  return { username, sid };
}

describe('the page of sessions', () => {
  it('has the number typed where a bulk end reaches more than a thousand', async () => {
    const { sid } = await aSession('Warehouse');
    const { client_id: client } = (await world.admin.get(`/v1/sessions/${sid}`)).body;
    await world.admin.database.query(
      `INSERT INTO session SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid()))).*
       FROM session s, generate_series(1, 1200) WHERE s.id = $1`,
      [sid],
    );
    const page = await world.enter(`/console/sessions?state=live&client=${client}`);
    await page.getByText('50 shown').waitFor();
    await page.getByRole('button', { name: 'End these' }).click();
    const dialog = page.getByRole('dialog');
    const end = dialog.getByRole('button', { name: 'End 1,201 sessions' });
    await end.waitFor();
    const typed = dialog.getByLabel('Type 1201 to confirm');
    for (const [text, isOff] of [
      ['', true],
      ['1200', true],
      ['1201', false],
    ] as const) {
      await typed.fill(text);
      expect([text, await end.isDisabled()]).toEqual([text, isOff]);
    }
    await end.click();
    await dialog.getByText('1,201 sessions have ended').waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByText('No session meets these conditions.').waitFor();
  }, 90_000);

  it('names the person before the gateway that redeemed their code, and what else the browser signed in', async () => {
    const page = await world.enter('/console/sessions?state=live');
    await page.locator('.row', { hasText: 'you' }).locator('.badge', { hasText: 'you' }).click();
    const detail = page.getByRole('region', { name: 'Session' });
    await detail.getByText('this is your own session').waitFor();
    await detail.getByText('its code was redeemed by a gateway or server').waitFor();
    await detail.getByRole('region', { name: 'Same browser' }).getByText('Nothing else.').waitFor();
  }, 90_000);
});

describe('a lost connection', () => {
  it('is said, keeps what was typed, and the feed goes on where it was, with nothing missing or twice', async () => {
    const { sid } = await aSession();
    const now = await world.enter('/console/now');
    await now.getByText('live', { exact: true }).waitFor();
    /** The lines of the feed that tell of an account's creation. */
    const linesOf = (username: string) =>
      now.locator('.feed li', { hasText: 'account changed' }).filter({ hasText: username });
    const created = async (kind: string) => {
      const username = `${kind}-${randomUUID()}@example.test`;
      await world.admin.post('/v1/accounts', { username, password: randomUUID() });
      return username;
    };
    const before = await created('before');
    await linesOf(before).waitFor();
    const page = await now.context().newPage();
    await page.goto(`${world.url}/console/sessions/${sid}?state=live`);
    await page.getByRole('button', { name: 'End this session' }).click();
    const note = page.getByLabel('Note for those who read the history later');
    await note.fill('a lost badge');
    const meanwhile: string[] = [];
    await world.outage(async () => {
      await page.getByRole('button', { name: 'End it' }).click();
      await page
        .getByRole('dialog')
        .getByText('The admin API does not answer. Nothing was changed.')
        .waitFor();
      expect(await note.inputValue()).toBe('a lost badge');
      await now.getByText('connection lost, trying again').waitFor();
      for (let n = 0; n < 5; n += 1) meanwhile.push(await created('meanwhile'));
    });
    expect((await world.admin.get(`/v1/sessions/${sid}`)).body.state).toBe('live');
    await page.getByRole('button', { name: 'End it' }).click();
    await page.getByText('The session is over').waitFor();
    await now.getByText('live', { exact: true }).waitFor();
    // The feed goes on behind the last event that it had: nothing that happened meanwhile is missing, and nothing is told twice.
    const after = await created('after');
    for (const username of [...meanwhile, after]) await linesOf(username).waitFor();
    const all = [before, ...meanwhile, after];
    expect(await Promise.all(all.map((username) => linesOf(username).count()))).toEqual(all.map(() => 1));
  }, 90_000);
});

describe('the session of the operator', () => {
  it('warns before it ends by silence, and is kept by one key', async () => {
    const page = await world.window();
    await page.clock.install();
    await page.goto(`${world.url}/console/policies`);
    await world.signIn(page);
    await world.allow(page);
    await page.getByRole('heading', { name: 'Policies' }).waitFor();
    // A request that is still on its way would be activity after the silence, and keep the session for another 15 minutes.
    await world.whole(page);
    const warning = page.getByRole('region', { name: 'Your session' });
    expect(await warning.count()).toBe(0);
    await world.admin.post('/v1/clock/advance', { seconds: 800 });
    // The gateway goes by the clock of the last beat that it heard.
    const told = () => page.evaluate(async () => (await fetch('/.curfew/session')).json());
    for (let known = await told(); known.signed_in && known.idle_expires_in > 120; known = await told())
      await pause(200);
    await page.clock.fastForward(800_000);
    await warning
      .getByRole('alert')
      .getByText(/^You will be signed out in (1 min 30 s|2 min) unless/)
      .waitFor();
    expect(await world.faults(page)).toEqual([]);
    await warning.getByRole('button', { name: 'Stay signed in' }).focus();
    await page.keyboard.press('Enter');
    await warning.waitFor({ state: 'detached' });
    await page.locator('.own .clock', { hasText: /^1[45]:\d\d$/ }).waitFor();
  }, 90_000);
});

describe('the page of scenarios', () => {
  it('plays a theft step by step, keeps the operator signed in while hours pass, and shows the session die at the gateway', async () => {
    const page = await world.enter('/console/scenarios?scenario=stolen-token');
    await page.getByText('moves the clock of this installation by 12 min').waitFor();
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    const play = page.getByRole('region', { name: 'Play' });
    await play.locator('li[aria-current=step]').waitFor();
    await play.getByText('Everything happened as the scenario says.').waitFor({ timeout: 60_000 });
    expect(await play.locator('.steps .passed').count()).toBe(12);
    expect(await play.locator('.denial').textContent()).toMatch(
      /^\d+ ms after the act .* denied at the gateway\.$/,
    );
    // The end stands in the feed beside the play, with the time until it was felt.
    const end = page.getByRole('region', { name: 'Events' }).locator('li', { hasText: 'session ended' });
    expect(await end.filter({ hasText: 'refresh token reuse' }).locator('.remark').allTextContents()).toEqual(
      [expect.stringMatching(/^ denied at the gateway after \d+ ms$/)],
    );
    expect(await world.faults(page)).toEqual([]);
    await play.getByText('ended: refresh token reuse').first().waitFor();
    expect(await page.locator('.own .clock').textContent()).toMatch(/^1[45]:\d\d$/);
    await page.getByRole('region', { name: 'Played before' }).getByText('passed').first().waitFor();
  }, 90_000);

  it('stops a play without a new sign-in, although the clock has made every sign-in old', async () => {
    const page = await world.enter('/console/scenarios?scenario=absolute-end');
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    const play = page.getByRole('region', { name: 'Play' });
    await play.locator('.passed', { hasText: '9m pass' }).waitFor({ timeout: 30_000 });
    await play.getByRole('button', { name: 'Stop' }).click();
    await play.getByText('It was stopped, and what it made was removed.').waitFor({ timeout: 30_000 });
  }, 90_000);
});
