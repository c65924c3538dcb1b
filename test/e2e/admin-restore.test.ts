import { spawn } from 'node:child_process';
import { assertInvariants } from '../support/database.js';
import { AdminWorld } from './admin-world.js';

let world: AdminWorld;

beforeAll(async () => {
  world = await AdminWorld.start();
}, 60_000);
afterEach(() => assertInvariants(world.database));
afterAll(() => world?.stop());

function afterRestore(...args: string[]): Promise<{ code: number | null; out: string }> {
  const { CURFEW_DEV_FILE: _, ...settings } = world.server.environment;
  const child = spawn(process.execPath, ['apps/admin-api/dist/after-restore.js', ...args], { env: settings });
  let out = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out })));
}

describe('the step that follows a restore from backup', () => {
  it('only explains itself until it is told to', async () => {
    const { access_token } = await world.signIn();
    expect(await afterRestore()).toMatchObject({ code: 0, out: expect.stringContaining('--yes') });
    expect((await afterRestore('--now')).code).toBe(2);
    expect(await world.introspect(access_token)).toMatchObject({ active: true });
  });

  it('ends everything that was authorized before, and raises the epoch', async () => {
    const { sid, access_token, refresh_token } = await world.signIn();
    const operator = await world.token();
    const { body: before } = await world.get('/v1/events?limit=1');
    const { code, out } = await afterRestore('--yes');
    expect([code, JSON.parse(out)]).toEqual([0, { epoch: 2, not_before: expect.any(String) }]);
    expect(await world.introspect(access_token)).toEqual({ active: false });
    expect(await world.refresh(refresh_token)).toMatchObject({ error: 'invalid_grant' });
    expect((await world.get('/v1/sessions', { token: operator })).status).toBe(401);
    await world.token(undefined, true);
    expect((await world.get(`/v1/sessions/${sid}`)).body).toMatchObject({
      state: 'ended',
      end_reason: 'restored_from_backup',
    });
    const { body } = await world.get('/v1/events?type=service.restored');
    expect(body.items[0].data).toMatchObject({ epoch: 2 });
    const { access_token: young } = await world.signIn();
    expect(await world.introspect(young)).toMatchObject({ active: true });
    const lost = await world.get(`/v1/events?after=${before.items[0].position}`);
    expect([lost.status, lost.body.code]).toEqual([410, 'position_lost']);
    const stream = await world.get(`/v1/events/stream?after=${before.items[0].position}`);
    expect([stream.status, stream.body.code]).toEqual([410, 'position_lost']);
  });
});
