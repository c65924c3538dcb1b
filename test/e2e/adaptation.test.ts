import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { AdminWorld, type SignedIn } from './admin-world.js';

let world: AdminWorld;
let device: string;
beforeAll(async () => {
  world = await AdminWorld.start({ CURFEW_VIRTUAL_CLOCK: 'true', CURFEW_SWEEP_INTERVAL: '1s' });
  device = world.data.clients.device.client_id;
}, 60_000);
afterAll(() => world?.stop());

const minute = 60;
const pass = async (seconds: number): Promise<void> => {
  expect((await world.post('/v1/clock/advance', { seconds })).status).toBe(200);
  // The token of the operator is too old by now, and each process hears of the moved clock by itself.
  for (let attempt = 0; attempt < 50; attempt++) {
    await world.token(undefined, true);
    if ((await world.get('/v1/clock')).status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the admin API does not follow the clock');
};
const run = async (...words: string[]): Promise<string> => {
  const flags = ['--issuer', world.server.issuer, '--admin-url', world.adminUrl];
  const { client_id: id, client_secret: secret } = world.data.clients.admin;
  const env = { ...process.env, CURFEW_CLI_CLIENT_ID: id, CURFEW_CLI_CLIENT_SECRET: secret };
  return (
    await promisify(execFile)(process.execPath, ['apps/cli/bin/curfew.mjs', ...flags, ...words], { env })
  ).stdout;
};
/** A policy of the device client, which has no other. */
async function attach(name: string, settings: object): Promise<void> {
  expect((await world.post('/v1/policies', { name, settings })).status).toBe(201);
  const target = { kind: 'client', client_id: device };
  expect((await world.call('PUT', '/v1/policy-attachments', { body: { target, policy: name } })).status).toBe(
    204,
  );
}

describe('a shadow', () => {
  const settings = { basedOn: 'standard', activity: 'refresh', inactivityTimeout: '30m' };
  const put = (body: object, name = 'staff') => world.call('PUT', `/v1/policies/${name}/shadow`, { body });
  let early: SignedIn;
  let later: SignedIn;
  let token: string;

  beforeAll(async () => {
    await attach('staff', settings);
    early = await world.signIn();
    expect(await put({ inactivity_timeout: '10m' })).toMatchObject({
      status: 200,
      body: { policy: 'staff', inactivity_timeout: 600, absolute_lifetime: null, of_canary: false },
    });
    later = await world.signIn();
    await pass(15 * minute);
    ({ refresh_token: token } = (await world.refresh(early.refresh_token)) as { refresh_token: string });
  });

  it('lists the sessions that it would have ended, with what they did afterwards, page by page', async () => {
    const { body } = await world.get('/v1/policies/staff/shadow/sessions');
    expect(body).toEqual({
      items: [
        expect.objectContaining({ id: early.sid, client_id: device, ended_at: null, end_reason: null }),
      ],
      next_cursor: null,
    });
    const [{ used_again_after_seconds: after }] = body.items;
    expect(after).toBeGreaterThan(4 * minute);
    expect(after).toBeLessThan(6 * minute);
    // The other one is not used again: its own timeout ends it, and it is marked with that.
    await pass(29 * minute);
    await world.refresh(token);
    const deadline = Date.now() + 10_000;
    for (;;) {
      const { items } = (await world.get('/v1/policies/staff/shadow/sessions?limit=1')).body;
      const all = (await world.get('/v1/policies/staff/shadow/sessions')).body.items;
      if (all.length === 2 || Date.now() > deadline) {
        expect(items).toHaveLength(1);
        expect(all[1]).toMatchObject({
          id: later.sid,
          used_again_after_seconds: null,
          end_reason: 'inactivity_timeout',
        });
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const { next_cursor: cursor } = (await world.get('/v1/policies/staff/shadow/sessions?limit=1')).body;
    const next = await world.get(
      `/v1/policies/staff/shadow/sessions?limit=1&cursor=${encodeURIComponent(cursor)}`,
    );
    expect(next.body.items.map(({ id }: { id: string }) => id)).toEqual([later.sid]);
  });

  it('counts them, for people and for scripts', async () => {
    const { body } = await world.get('/v1/policies/staff/shadow');
    expect(body.would_have_ended).toEqual({
      ...{ marked: 2, used_again: 1, live: 1, ended: { inactivity_timeout: 1 }, complete: true },
    });
    const text = await run('policies', 'shadow', 'show', 'staff');
    expect(text).toMatch(/Would have ended +2/);
    expect(await run('policies', 'shadow', 'sessions', 'staff')).toContain(early.sid);
  });

  it('keeps its marks while it stays the same, and forgets them when it changes or goes', async () => {
    await put({ inactivity_timeout: '600' });
    expect((await world.get('/v1/policies/staff/shadow')).body.would_have_ended.marked).toBe(2);
    await put({ inactivity_timeout: '5m' });
    expect((await world.get('/v1/policies/staff/shadow')).body.would_have_ended.marked).toBe(0);
    expect(await run('policies', 'shadow', 'remove', 'staff')).toContain('Nothing is tried');
    expect((await world.get('/v1/policies/staff/shadow')).body).toEqual({
      shadow: null,
      would_have_ended: null,
    });
    expect((await world.get('/v1/policies/staff/shadow/sessions')).body.items).toEqual([]);
  });

  it.each([
    [{}, 'body/inactivity_timeout', 'invalid_request'],
    [{ inactivity_timeout: '15 minutes' }, 'body/inactivity_timeout', 'invalid_request'],
    [{ inactivity_timeout: '30m' }, 'body', 'invalid_policy'],
    [{ absolute_lifetime: '9999d' }, 'body/absolute_lifetime', 'invalid_request'],
    [{ inactivity_timeout: '5m', share: '10%' }, 'body/share', 'invalid_request'],
  ])('that makes no sense is refused, with where and why: %j', async (body, at, code) => {
    const answer = await put(body);
    expect([answer.status, answer.body.code, answer.body.faults[0].at]).toEqual([400, code, at]);
    expect(answer.body.faults[0].detail.length).toBeGreaterThan(15);
  });

  it('of a ready profile can be set too; of none that exists it cannot', async () => {
    expect((await put({ inactivity_timeout: '15m' }, 'standard')).status).toBe(200);
    expect((await world.call('DELETE', '/v1/policies/standard/shadow')).status).toBe(204);
    expect((await put({ inactivity_timeout: '15m' }, 'nothing')).body.code).toBe('unknown_policy');
  });
});
