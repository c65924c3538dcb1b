import { assertInvariants } from '../support/database.js';
import { AdminWorld } from './admin-world.js';

let world: AdminWorld;

beforeAll(async () => {
  world = await AdminWorld.start();
}, 60_000);
afterEach(() => assertInvariants(world.database));
afterAll(() => world?.stop());

describe('the admin API', () => {
  it('shows a session by the sid that introspection answers with', async () => {
    const { sid } = await world.signIn();
    const { status, body } = await world.get(`/v1/sessions/${sid}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: sid, state: 'live', client_id: world.data.clients.device.client_id });
    expect(body.idle_expires_in).toBeGreaterThan(0);
    expect(body.absolute_expires_in).toBeGreaterThan(body.idle_expires_in);
    expect(body.timeline[0]).toMatchObject({ type: 'session.started' });
  });

  it('ends a session durably before it answers, and says how the end got out', async () => {
    const { sid, access_token, refresh_token } = await world.signIn();
    const { status, body } = await world.call('DELETE', `/v1/sessions/${sid}?note=left%20the%20company`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: sid, ended: true, end_reason: 'ended_by_administrator' });
    expect(body.propagation).toMatchObject({ durable: true, announced: true });
    expect(await world.introspect(access_token)).toEqual({ active: false });
    expect(await world.refresh(refresh_token)).toMatchObject({ error: 'invalid_grant' });
    const { body: after } = await world.get(`/v1/sessions/${sid}`);
    expect(after.end).toMatchObject({ note: 'left the company', by: { kind: 'administrator' } });
    expect(after.timeline.map(({ type }: { type: string }) => type)).toContain('session.ended');
  });
});
