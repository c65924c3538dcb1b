import { setTimeout as pause } from 'node:timers/promises';
import { deviceGrant, orders, ProtocolWorld } from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start({ CURFEW_THROTTLE_USER_CODE: '5/10m' });
}, 60_000);
afterAll(() => world?.stop());

const begin = async (extra: Record<string, string> = {}) =>
  (await world.post('/device/authorization', { client_id: world.clients.tv.id, scope: 'openid', ...extra }))
    .body;
const poll = (device_code: string, client = world.clients.tv) =>
  world.post('/token', { grant_type: deviceGrant, device_code, client_id: client.id });

describe('the device flow (RFC 8628)', () => {
  it('begins with a code for the device and one for the person', async () => {
    const started = await begin();
    expect(started).toMatchObject({
      device_code: expect.any(String),
      user_code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
      verification_uri: `${world.issuer}/device`,
      verification_uri_complete: expect.stringContaining(started.user_code),
      expires_in: 600,
      interval: 5,
    });
  });

  it.each([{ scope: '' }, { scope: 'nonsense' }, { scope: '', resource: orders }])(
    'begins nothing that could not be granted: %j (RFC 6749 §3.3)',
    async (wanted) => {
      const form = { client_id: world.clients.tv.id, ...wanted };
      const { status, body } = await world.post('/device/authorization', form);
      expect([status, body.error, body.user_code]).toEqual([400, 'invalid_scope', undefined]);
    },
  );

  it('takes the one API of its client for the one that is meant', async () => {
    const { verification_uri_complete, device_code } = await begin({ scope: 'orders:read' });
    await world.person().follow(verification_uri_complete);
    expect((await poll(device_code)).body.scope).toBe('orders:read');
  });

  it('signs the person in on the device', async () => {
    const started = await begin();
    const page = await world.person().follow(started.verification_uri_complete);
    expect([page.status, page.body]).toEqual([200, expect.stringContaining('connected')]);
    const { status, body } = await poll(started.device_code);
    expect(status).toBe(200);
    expect((await world.refresh(world.clients.tv, body.refresh_token)).status).toBe(200);
  });

  it('tells a device that polls too fast to slow down, and nothing else about it changes', async () => {
    const { device_code, verification_uri_complete } = await begin();
    expect((await poll(device_code)).body.error).toBe('authorization_pending');
    expect(await poll(device_code)).toMatchObject({ status: 400, body: { error: 'slow_down' } });
    await world.person().follow(verification_uri_complete);
    expect((await poll(device_code)).status).toBe(200);
  });

  it('lets a device that waits its interval poll on', async () => {
    const { device_code } = await begin();
    expect((await poll(device_code)).body.error).toBe('authorization_pending');
    await pause(5_100);
    expect((await poll(device_code)).body.error).toBe('authorization_pending');
  });

  it('gives one set of tokens to 50 polls at once', async () => {
    const { device_code, verification_uri_complete } = await begin();
    await world.person().follow(verification_uri_complete);
    const answers = await Promise.all(Array.from({ length: 50 }, () => poll(device_code)));
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    for (const { status } of answers) expect([200, 400]).toContain(status);
  });

  it('refuses a device code of another client and an unknown one', async () => {
    const { device_code } = await begin();
    expect((await poll(device_code, world.clients.spa)).status).toBe(400);
    expect((await poll('unknown')).body.error).toBe('invalid_grant');
    expect((await poll(device_code)).body.error).toBe('authorization_pending');
  });

  it('stops somebody who guesses user codes', async () => {
    const started = await begin();
    const guesser = world.person();
    // A person who is told that the code is not right tries again with what stands in the form, until told otherwise.
    const guessed = await guesser.follow(`${world.issuer}/device?user_code=BBBB-BBBB`);
    expect(guessed.status).toBe(429);
    expect((await guesser.follow(started.verification_uri_complete)).status).toBe(429);
    expect((await poll(started.device_code)).body.error).toBe('authorization_pending');
  });

  it('keeps neither of its codes readable in the database', async () => {
    const { device_code, user_code } = await begin();
    const dump = JSON.stringify(await world.database.query('SELECT a::text FROM protocol_artifact a'));
    for (const secret of [device_code, user_code, user_code.replace('-', '')])
      expect(dump).not.toContain(secret);
  });
});
